// SPDX-License-Identifier: MIT
#include "core/model/history.hpp"

#include "core/model/json_scan.hpp"

namespace haingest::model {
namespace {

const base::Error k_no_history{base::ErrorKind::failure, "no history of entities", {}};

// False where the JSON ends to be any.
bool read_rows(std::string_view entity_id, ondemand::value value, StateReader& reader,
               const std::function<void(const StateChange&)>& see, std::uint64_t& unreadable) {
  ondemand::array rows;
  if (value.get_array().get(rows) != simdjson::SUCCESS) return false;
  for (auto entry : rows) {
    ondemand::value row;
    std::string_view raw;
    if (std::move(entry).get(row) != simdjson::SUCCESS ||
        raw_json_of(row, raw) != simdjson::SUCCESS) {
      return false;
    }
    const StateChange* const change = reader.read_history(entity_id, raw, JsonText::k_padding);
    if (change == nullptr) {
      ++unreadable;
    } else {
      see(*change);
    }
  }
  return true;
}

}  // namespace

base::Result<std::uint64_t> read_history(const JsonText& answer, StateReader& reader,
                                         const std::function<void(const StateChange&)>& see) {
  std::uint64_t unreadable = 0;
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object entities;
  if (parser.iterate(padded(answer)).get(document) != simdjson::SUCCESS ||
      document.get_object().get(entities) != simdjson::SUCCESS) {
    return k_no_history;
  }
  for (auto entry : entities) {
    ondemand::field field;
    std::string_view entity_id;
    if (std::move(entry).get(field) != simdjson::SUCCESS ||
        field.unescaped_key().get(entity_id) != simdjson::SUCCESS ||
        !read_rows(entity_id, field.value(), reader, see, unreadable)) {
      return k_no_history;
    }
  }
  if (!at_end(document)) return k_no_history;
  return unreadable;
}

}  // namespace haingest::model
