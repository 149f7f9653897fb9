// SPDX-License-Identifier: MIT
// How a target is doing: the numbers of its status, and the log, which says each state once and not
// each try. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/timestamp.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/upload_status.hpp"
#include "core/influx/uploader.hpp"

namespace haingest::influx {

inline constexpr std::size_t k_upload_workers = 2;

class UploadState {
 public:
  // `waiting` says how many points wait in the spool.
  UploadState(const UploaderOptions& options, std::function<std::uint64_t()> waiting);

  void recognised(const Server& server);
  [[nodiscard]] Flavour flavour() const;

  // A worker cannot go on; `sentence` stands behind "InfluxDB at http://…: ".
  void retrying(std::size_t worker, const std::string& sentence);
  void held(std::size_t worker, const std::string& sentence);
  // It can again. True when no worker is in trouble any more and one was.
  bool well(std::size_t worker);

  // One worker's word on something else than the target ("the spool cannot be written"): said
  // once until well() of everybody.
  void warn(const std::string& sentence);

  void took();  // the target says that it has stored something
  void stored(std::uint64_t lines);
  void dead(std::uint64_t lines, const std::string& reason);
  void expired(std::uint64_t lines);
  void texts_dropped(std::uint64_t fields);
  void repeated(std::uint64_t lines);

  [[nodiscard]] UploadStatus status(bool busy) const;

 private:
  using State = UploadStatus::State;
  struct Trouble {
    State state = State::retrying;
    std::string sentence;
  };

  void trouble(std::size_t worker, Trouble trouble, std::string_view outcome);
  // With mutex_.
  [[nodiscard]] std::string who() const;
  [[nodiscard]] State state_in_trouble() const;  // idle: in none
  void say_once(const std::string& sentence, const std::string& outcome);

  const UploaderOptions& options_;
  const std::function<std::uint64_t()> waiting_;
  mutable std::mutex mutex_;
  // All of it is guarded by mutex_.
  UploadStatus status_;
  std::array<std::optional<Trouble>, k_upload_workers> troubles_;
  std::set<std::string> said_;  // since all was well
  bool said_dead_ = false, said_expired_ = false, said_texts_ = false, said_repeated_ = false;
};

}  // namespace haingest::influx
