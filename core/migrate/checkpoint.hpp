// SPDX-License-Identifier: MIT
// What of a copy is done, in a file: whoever is killed goes on behind the last window that was. One
// line a window is appended, and the first one makes the file, so that a card need not bear the
// whole file again for each; opening it, the lines that later ones have replaced are left out, and
// one that was cut off.
//
// A line is fields between tabs; a tab, a line feed, a `%` and what is no printable ASCII are %XX.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "core/base/error.hpp"

namespace haingest::migrate {

// Of a part of the copy.
struct Done {
  std::int64_t until = 0;  // nanoseconds; what is before is in the target
  std::uint64_t points = 0;
  std::uint64_t values = 0;
  std::uint64_t rejected = 0;  // of the points, see Rejects
  bool operator==(const Done&) const = default;
};

// How far what is written goes; behind it stands what no window's end has confirmed.
struct Positions {
  std::uint64_t output = 0;
  std::uint64_t rejects = 0;
  bool operator==(const Positions&) const = default;
};

class Checkpoint {
 public:
  // Database, policy, measurement; as in the source.
  using Key = std::tuple<std::string, std::string, std::string>;

  // `path` "": nothing is kept. `copy` says which copy this is, its source, target and filters: a
  // file of another one is `guard`, unless `restart`, which writes over what is there. Throws
  // Failure.
  Checkpoint(std::string path, const std::string& copy, bool restart);
  ~Checkpoint();
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  [[nodiscard]] bool is_new() const { return done_.empty(); }
  [[nodiscard]] std::uint64_t points() const;  // of all parts
  [[nodiscard]] std::optional<Done> find(const Key& key) const;
  [[nodiscard]] const Positions& positions() const { return positions_; }

  // Written when this returns, and there after a kill; after a power cut the last may be missing.
  // Throws Failure.
  void add(const Key& key, const Done& done, const Positions& positions);
  // Starts anew; the file is gone until the next add().
  void forget();
  void remove();  // the copy is complete

 private:
  void read(const std::string& content, const std::string& copy);
  void rewrite();

  const std::string path_;
  const std::string head_;
  std::map<Key, Done> done_;
  Positions positions_;
  int file_ = -1;
};

}  // namespace haingest::migrate
