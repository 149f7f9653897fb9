// SPDX-License-Identifier: MIT
#include "core/model/table.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/text.hpp"

namespace haingest::model {

std::string_view Arena::keep(std::string_view text) {
  if (text.empty()) return "";
  if (text.size() > left_) {
    const std::size_t size = std::max(k_block, text.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    bytes_ += size;
    // A text as big as a block gets one of its own; what is left of the current one stays in use.
    if (text.size() > k_block / 4 && left_ > 0) {
      std::memcpy(blocks_.back().get(), text.data(), text.size());
      return {blocks_.back().get(), text.size()};
    }
    next_ = blocks_.back().get();
    left_ = size;
  }
  std::memcpy(next_, text.data(), text.size());
  const std::string_view kept{next_, text.size()};
  next_ += text.size();
  left_ -= text.size();
  return kept;
}

MutableRow Table::append(Value fill) {
  cells_.resize(cells_.size() + width_, fill);
  return row(size() - 1);
}

MutableRow Table::adopt(Row row) {
  cells_.insert(cells_.end(), row.begin(), row.end());
  return this->row(size() - 1);
}

void append_json(std::string& out, Type type, Value value) {
  if (!value.has_text()) {
    out += "null";
    return;
  }
  switch (type) {
    case Type::boolean:
      out += value.text() == "1" ? "true" : "false";
      return;
    case Type::integer:
    case Type::json:
      out += value.text();
      return;
    case Type::text:
    case Type::time:
      base::append_json_string(out, value.text());
      return;
  }
}

std::string to_json(Kind kind, Row row) {
  const auto columns = columns_of(kind);
  std::string out;
  out.reserve(512);
  out += '{';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!row[i].has_text()) continue;
    if (out.size() > 1) out += ',';
    out += '"';
    out += columns[i].name;
    out += "\":";
    append_json(out, columns[i].type, row[i]);
  }
  out += '}';
  return out;
}

std::string_view identity_of(Kind kind, Row row) {
  const Value id = row[identity_column(kind)];
  return id.has_text() ? id.text() : row[k_key_column].text();
}

}  // namespace haingest::model
