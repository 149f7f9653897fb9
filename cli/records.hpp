// SPDX-License-Identifier: MIT
// What `discover KIND` prints: records of one kind, as Home Assistant sent them or as the database
// holds them, with the fields that people ask for by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.hpp"
#include "core/model/snapshot.hpp"
#include "core/model/world.hpp"

namespace haingest::cli {

// The words for KIND: the six kinds, then "aliases" and "states".
[[nodiscard]] std::vector<std::string_view> record_words();

// The parts of a snapshot that these fields of such records come from, the records' own among them.
[[nodiscard]] std::vector<model::Part> parts_behind(std::string_view word,
                                                    const std::vector<std::string>& fields);
// The fields that Records::overview() shows.
[[nodiscard]] std::vector<std::string> overview_fields(std::string_view word);

// --where FIELD=GLOB
struct Condition {
  std::string field;
  std::string glob;
};

class Records {
 public:
  // `word` is one of record_words(). A part that is missing in the document has no records.
  Records(std::string_view word, const model::Document& document);
  // Throws Failure `usage` for "states", which the database does not keep.
  Records(std::string_view word, model::Stored stored);
  ~Records();
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // Keeps those that match every condition. A list matches when one of its elements does; what is
  // null or empty matches the empty glob alone, not even "*". Throws Failure `usage` for a field
  // that no record can have.
  void keep(const std::vector<Condition>& conditions);

  // Each whole record as JSON.
  [[nodiscard]] const std::vector<std::string>& texts() const;
  // The fields named, under their names. Throws Failure `usage` as keep() does.
  [[nodiscard]] Rows fields(const std::vector<std::string>& names) const;
  // What a table shows when nobody names columns: an entity has its effective area, a device its
  // name as people know it.
  [[nodiscard]] Rows overview() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::cli
