// SPDX-License-Identifier: MIT
// Records of one kind as a table of cells. A cell is a view into its table's arena, so that reading
// ten thousand records costs no allocation for each; a table is moved, never copied, and whoever
// keeps a Row or a Value keeps the table (tables may also `adopt` views of another that outlives
// them, as reconcile's result does). Filled by one thread, then read by any.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/kind.hpp"

namespace haingest::model {

// Text, NULL, or absent: "nothing was said", which leaves what is stored as it is.
class Value {
 public:
  constexpr Value() = default;  // NULL
  constexpr explicit Value(std::string_view text)
      : data_(text.data() == nullptr ? "" : text.data()), size_(text.size()) {}
  [[nodiscard]] static constexpr Value absent() { return Value{&k_absent, 0}; }

  [[nodiscard]] constexpr bool is_null() const { return data_ == nullptr; }
  [[nodiscard]] constexpr bool is_absent() const { return data_ == &k_absent; }
  [[nodiscard]] constexpr bool has_text() const { return !is_null() && !is_absent(); }
  // The text; empty for NULL and absent.
  [[nodiscard]] constexpr std::string_view text() const {
    return has_text() ? std::string_view{data_, size_} : std::string_view{};
  }
  [[nodiscard]] constexpr std::string_view text_or(std::string_view other) const {
    return has_text() ? text() : other;
  }
  friend constexpr bool operator==(const Value& a, const Value& b) {
    if (!a.has_text() || !b.has_text()) return a.data_ == b.data_;
    return a.text() == b.text();
  }

 private:
  constexpr Value(const char* data, std::size_t size) : data_(data), size_(size) {}
  static constexpr char k_absent = 0;

  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

using Row = std::span<const Value>;
using MutableRow = std::span<Value>;

// Text that lives as long as the arena; blocks never move.
class Arena {
 public:
  [[nodiscard]] std::string_view keep(std::string_view text);
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t k_block = std::size_t{64} * 1024;

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
};

class Table {
 public:
  explicit Table(Kind kind) : kind_(kind), width_(columns_of(kind).size()) {}

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t size() const { return cells_.size() / width_; }
  [[nodiscard]] bool empty() const { return cells_.empty(); }
  [[nodiscard]] Row row(std::size_t i) const { return Row{cells_}.subspan(i * width_, width_); }
  [[nodiscard]] MutableRow row(std::size_t i) {
    return MutableRow{cells_}.subspan(i * width_, width_);
  }

  void reserve(std::size_t rows) { cells_.reserve(rows * width_); }
  // Appends a row of `fill`; the span is good until the next append.
  MutableRow append(Value fill = {});
  // Appends a copy of the row's views; their text must outlive this table.
  MutableRow adopt(Row row);
  void drop_last() { cells_.resize(cells_.size() - width_); }
  // Copies `text` into this table's arena.
  [[nodiscard]] Value keep(std::string_view text) { return Value{arena_.keep(text)}; }

 private:
  Kind kind_;
  std::size_t width_;
  std::vector<Value> cells_;
  Arena arena_;
};

// The record as one JSON object, NULL and absent cells left out; booleans, integers and JSON cells
// as what they are. The form in `removed.record` and of whole records in `changes`.
[[nodiscard]] std::string to_json(Kind kind, Row row);
// Appends one cell in its JSON form; null for NULL and absent.
void append_json(std::string& out, Type type, Value value);

// The record's identity: an entity's registry id, else its entity_id; every other kind's key.
[[nodiscard]] std::string_view identity_of(Kind kind, Row row);

}  // namespace haingest::model
