// SPDX-License-Identifier: MIT
// Lines that a target has refused for good: a file of its own (`<database>-dead`), which `watch`
// writes and `haingest dead-letters` reads and marks at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::influx {

struct DeadLetter {
  std::int64_t id = 0;
  base::Timestamp at{};
  std::string target;
  std::string entity_id;  // "" where the line has none
  std::string reason;     // the server's words, one line
  std::string line;       // without '\n'
  bool retry = false;     // marked: `watch` will queue it again
};

class DeadLetters {
 public:
  // `path` need not exist; it is made by the first add(), with the owner and mode of `database` (""
  // or none there: its folder's). Throws Failure for what is no such file (`guard` for a newer
  // layout). Every call opens the file anew; each may throw Failure. Any thread.
  explicit DeadLetters(const std::string& path, std::string database = {});
  DeadLetters(DeadLetters&&) noexcept;
  DeadLetters& operator=(DeadLetters&&) noexcept;
  ~DeadLetters();

  // One transaction, synced. Equal letters (target, line, reason) are kept once, with the latest
  // time and no longer marked.
  void add(const std::vector<DeadLetter>& letters);
  // Oldest first; `ids` empty: all.
  [[nodiscard]] std::vector<DeadLetter> list(const std::vector<std::int64_t>& ids = {},
                                             std::optional<std::int64_t> limit = {});
  [[nodiscard]] std::int64_t count();
  // Returns how many; unknown ids are left out. `ids` empty: all.
  std::int64_t mark_for_retry(const std::vector<std::int64_t>& ids);
  std::int64_t drop(const std::vector<std::int64_t>& ids);
  // Those marked; take() deletes them after they have been queued again.
  [[nodiscard]] std::vector<DeadLetter> marked();
  void take(const std::vector<std::int64_t>& ids);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::influx
