// SPDX-License-Identifier: MIT
#include "core/api/records.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::api {
namespace {

using model::Kind;
using model::Type;
using model::Value;
using Source = Field::Source;

// "YYYY-MM-DD HH:MM:SS.ffffff": the only form that core/store writes.
constexpr std::size_t k_stored_length = 26;

bool is_stored_form(std::string_view text) {
  return text.size() == k_stored_length && text[10] == ' ' && text[19] == '.';
}

void append_iso(std::string& out, std::string_view stored) {
  if (is_stored_form(stored)) {
    out.append(stored, 0, 10);
    out += 'T';
    out.append(stored, 11);
    out += "+00:00";
  } else if (const auto moment = base::parse_timestamp(stored)) {
    out += base::to_iso_text(*moment);
  } else {
    out += stored;
  }
}

Value known(const Record& record, const Field& field) {
  Value value = record.row[field.column];
  if (field.stand_in && value.text().empty()) value = record.row[*field.stand_in];
  if (!field.placeholder.empty() && value.text().empty()) return Value{field.placeholder};
  return value;
}

// The later of last_seen and HA's last confirmation of everything; the latter for living confirmed
// rows only. Texts of one form compare as their moments do.
Value last_known(const model::World& world, Kind kind, const Record& record, std::string& room) {
  const auto tail = model::tail_of(kind);
  const Value seen = record.row[tail.last_seen];
  const auto& confirmed_at = world.stored().confirmed_at;
  const bool confirmed = record.removed == nullptr && record.row[tail.confirmed].text() == "1";
  if (!confirmed || !confirmed_at) return seen;
  room = base::to_sqlite_text(*confirmed_at);
  return seen.has_text() && seen.text() >= room ? seen : Value{room};
}

Value created(Kind kind, const Record& record) {
  const Value value = record.row[model::entity::created_at];
  return value.has_text() ? value : record.row[model::tail_of(kind).first_seen];
}

Value effective_area(const model::World& world, Kind kind, const Record& record) {
  return kind == Kind::device ? world.effective_device_area(record.row)
                              : world.effective_area(record.row);
}

struct Cell {
  Value value;
  Type type = Type::text;
};

// The value behind a field. Texts that are made here are kept in `room`.
Cell cell_of(const model::World& world, Kind kind, const Record& record, const Field& field,
             std::string& room) {
  const auto maybe = [](const std::string& text) { return text.empty() ? Value{} : Value{text}; };
  switch (field.source) {
    case Source::column:
      return {known(record, field), model::columns_of(kind)[field.column].type};
    case Source::effective_area:
      return {effective_area(world, kind, record)};
    case Source::entity_count:
      room =
          std::to_string(world.entities_of_device(record.row[model::k_key_column].text()).size());
      return {Value{room}, Type::integer};
    case Source::last_known:
      return {last_known(world, kind, record, room), Type::time};
    case Source::created:
      return {created(kind, record), Type::time};
    case Source::version_one:
      return {Value{"1"}, Type::integer};
    case Source::removed_at:
      return {record.removed ? maybe(record.removed->removed_at) : Value{}, Type::time};
    case Source::removed_why:
      return {record.removed ? maybe(record.removed->why) : Value{}};
    case Source::successor:
      return {record.removed ? maybe(record.removed->successor) : Value{}};
  }
  return {};
}

// What NULL looks like: lists are lists and flags are flags for clients that don't ask.
std::string_view empty_form(Type type, std::string_view name) {
  if (type == Type::json) return name == "extra" ? "{}" : "[]";
  return type == Type::boolean ? "false" : "null";
}

}  // namespace

std::string iso_of(std::string_view stored) {
  std::string out;
  append_iso(out, stored);
  return out;
}

Shown shown(const model::World& world, Kind kind, const Record& record, const Field& field) {
  std::string room;
  const Cell cell = cell_of(world, kind, record, field, room);
  if (!cell.value.has_text()) {
    return cell.type == Type::boolean ? Shown{"false", false, false} : Shown{};
  }
  if (cell.type == Type::boolean)
    return {cell.value.text() == "1" ? "true" : "false", false, false};
  return {std::string{cell.value.text()}, false, cell.type == Type::integer};
}

void append_field(std::string& out, const model::World& world, Kind kind, const Record& record,
                  const Field& field) {
  std::string room;
  const Cell cell = cell_of(world, kind, record, field, room);
  if (!cell.value.has_text()) {
    out += empty_form(cell.type, field.name);
  } else if (cell.type == Type::time) {
    std::string iso;
    append_iso(iso, cell.value.text());
    base::append_json_string(out, iso);
  } else {
    model::append_json(out, cell.type, cell.value);
  }
}

void append_record(std::string& out, const model::World& world, Kind kind, const Record& record,
                   std::span<const Field* const> fields) {
  char separator = '{';
  for (const Field* field : fields) {
    out += separator;
    out += '"';
    out += field->name;
    out += "\":";
    append_field(out, world, kind, record, *field);
    separator = ',';
  }
  out += '}';
}

}  // namespace haingest::api
