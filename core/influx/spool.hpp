// SPDX-License-Identifier: MIT
// The durable queue between Home Assistant's events and the targets: a SQLite file of its own
// (`<database>-spool`), opened by one process at a time. What commit() has returned for is taken:
// with Durability::power it survives a power cut, with Durability::process the end of the process
// (a power cut may cost the last seconds then). A block leaves when every target has acknowledged
// it and all before it. Any thread; each call is short, but commit() takes as long as the disk
// does.
//
// Acknowledgements are written with a later commit, or after 64 of them, 16 MiB or 5 s without a
// commit: a write of their own for each event would double what an SD card must bear. After a crash
// those that were not written yet are sent again, which the targets do not mind.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::influx {

enum class Durability { power, process };  // synchronous FULL, NORMAL

inline constexpr std::size_t k_most_targets = 32;

struct SpoolOptions {
  Durability durability = Durability::power;
  std::uint64_t max_bytes = std::uint64_t{1} << 30U;  // of lines that wait
  std::chrono::hours max_age{24 * 30};
  // The disk's last bytes belong to others: below this the oldest blocks are given up, so that the
  // file need not grow.
  std::uint64_t min_free_disk_bytes = std::uint64_t{64} << 20U;
  std::vector<std::string> targets;  // by name; 1 to k_most_targets
  std::string database = {};         // lends a new file its owner and mode; "": the folder does
  std::string vfs = {};              // SQLite's way to the disk; "": its own
};

// Lines that are committed together, at most k_max_block_lines and about k_max_block_bytes.
struct NewBlock {
  std::string lines;  // each with its '\n'
  std::uint32_t count = 0;
  // One of its lines has the series and time of a line in an earlier block: which of them comes
  // last must be the last, so no other block may be on its way beside this one.
  bool alone = false;
  std::string only_target = {};  // "": for all
};
inline constexpr std::uint32_t k_max_block_lines = 5'000;
inline constexpr std::size_t k_max_block_bytes = std::size_t{1} << 20U;

// Puts lines (of one change: few) behind the last block's, or into a new one where they do not fit;
// that block.
NewBlock& append_lines(std::vector<NewBlock>& blocks, std::string_view lines);

// The newest last_updated of an entity that was taken.
struct Mark {
  std::string entity_id;
  base::Timestamp last_updated{};
};

// A span in which an entity was not listened to: from (exclusive) to (inclusive).
struct GapEntity {
  std::string entity_id;
  base::Timestamp from{};
  // Its first change that was taken after the gap: whoever can tell what was before it has it,
  // too. None: not known.
  std::optional<base::Timestamp> next = {};
};
struct Gap {
  std::int64_t id = 0;
  base::Timestamp to{};
  base::Timestamp noticed{};
  std::vector<GapEntity> open;  // not filled yet
};

// One transaction.
struct SpoolCommit {
  std::vector<NewBlock> blocks;
  std::vector<Mark> marks;
  std::optional<Gap> new_gap;  // its id is given by the spool
  struct Filled {
    std::int64_t gap = 0;
    std::vector<std::string> entities;
    std::optional<base::Timestamp> up_to = {};  // none: the whole gap, they are struck out
  };
  std::vector<Filled> filled;

  [[nodiscard]] bool empty() const {
    return blocks.empty() && marks.empty() && !new_gap && filled.empty();
  }
};

struct Block {
  std::int64_t id = 0;
  std::string lines;
  std::uint32_t count = 0;
  base::Timestamp taken_at{};
  bool alone = false;
};

struct SpoolDepth {
  std::uint64_t blocks = 0, lines = 0, bytes = 0;
  std::optional<base::Timestamp> oldest;  // taken_at
};

// What was lost, since the file was made; said loudly, never silently.
struct SpoolLosses {
  std::uint64_t given_up_lines = 0;  // at a bound; once for each target that did not get them
  std::uint64_t damaged_blocks = 0;  // their checksum was wrong, or the page could not be read
  std::uint64_t damaged_lines = 0;
};

class Spool {
 public:
  // Opens or makes the file; `clock` stamps the blocks. A damaged file is set aside as
  // `<path>.damaged-<UTC time>`, what can be read of it is carried over, and `report` says what
  // not. Throws Failure: `guard` for a newer layout, `failure` for a file that another process has
  // open (names its pid), that is no spool, or that cannot be made.
  static Spool open(const std::string& path, SpoolOptions options, base::Clock clock);
  Spool(Spool&&) noexcept;
  Spool& operator=(Spool&&) noexcept;
  ~Spool();

  // All of it is taken, or nothing and the error says why (a full disk). At a bound the oldest
  // blocks of the slowest target are given up first. Returns the id of the last block.
  [[nodiscard]] base::Result<std::int64_t> commit(const SpoolCommit& commit);

  // Blocks for `target` behind `after` (an id, 0: behind what it has acknowledged), oldest first,
  // as many as the limits allow; at least one when there is one. Damaged blocks are left out and
  // counted. Throws Failure when the file cannot be read.
  [[nodiscard]] std::vector<Block> read(const std::string& target, std::int64_t after,
                                        std::uint32_t max_lines, std::size_t max_bytes);
  // Waits until there is a block behind `after` for the target, at most for `limit`, or until
  // wake(); one that came since this thread's last wait() counts, too. True when there is a block.
  [[nodiscard]] bool wait(const std::string& target, std::int64_t after,
                          std::chrono::milliseconds limit);
  void wake();

  // The target has stored these blocks; any order. It holds from now on, also when the answer is an
  // error (the file could not be written: a full disk), but a crash may have them sent again.
  [[nodiscard]] base::Result<void> acknowledge(const std::string& target,
                                               const std::vector<std::int64_t>& blocks);

  [[nodiscard]] std::map<std::string, base::Timestamp, std::less<>> marks();
  [[nodiscard]] std::vector<Gap> gaps();
  [[nodiscard]] SpoolDepth depth(const std::string& target);
  [[nodiscard]] std::int64_t last_block();  // its id; 0 when there was never one
  [[nodiscard]] SpoolLosses losses();
  // Sentences about what open() found; for the log.
  [[nodiscard]] std::vector<std::string> report() const;

 private:
  struct Impl;
  explicit Spool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::influx
