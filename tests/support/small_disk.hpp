// SPDX-License-Identifier: MIT
// A disk that can be full: a small tmpfs.
#pragma once

#include <string>

#include "tests/support/temp_dir.hpp"

namespace haingest::test {

class SmallDisk {
 public:
  SmallDisk() = default;
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // "24m". False where this process may not mount, which is said as something left out.
  bool mount(const std::string& size);
  void resize(const std::string& size) const;
  [[nodiscard]] std::size_t free_bytes() const;

  [[nodiscard]] std::string path() const { return dir_.path().string(); }
  [[nodiscard]] std::string file(const std::string& name) const { return dir_.file(name); }

 private:
  TempDir dir_;
  bool mounted_ = false;
};

}  // namespace haingest::test
