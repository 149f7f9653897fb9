// SPDX-License-Identifier: MIT
// A SQLite VFS whose power can be cut: what was written since a file's last sync is lost then, in
// part, write by write or sector by sector. What a process would see before the cut is complete.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace haingest::test {

class PowerCutVfs {
 public:
  // Registered under `name` as long as it lives.
  PowerCutVfs(const std::string& name, std::uint32_t seed);
  ~PowerCutVfs();
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  // Now; every open file answers with errors from here on, and none can be opened.
  void cut();
  // At the n-th write, truncation or sync from now on, in place of it.
  void cut_after(std::uint64_t operations);
  [[nodiscard]] bool is_off() const;
  // Files that are opened now work.
  void restore();
  [[nodiscard]] std::uint64_t operations() const;  // since the start
  // Writes that the cuts have dropped, in whole or in part.
  [[nodiscard]] std::uint64_t dropped() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::test
