// SPDX-License-Identifier: MIT
#include "core/model/ha_json.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "core/base/text.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/json_scan.hpp"
#include "core/model/portable_json.hpp"

namespace haingest::model {
namespace {

using ondemand::json_type;

constexpr std::size_t k_no_column = static_cast<std::size_t>(-1);

// Which column a field of HA's records fills. HA sends the fields of all records in one order, so
// the field at the same place of the record before is tried first.
class Fields {
 public:
  explicit Fields(Kind kind) {
    const auto columns = columns_of(kind);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].origin != Origin::ha) continue;
      by_name_.emplace(columns[i].ha_field.empty() ? columns[i].name : columns[i].ha_field, i);
    }
  }

  [[nodiscard]] std::size_t column(std::string_view field, std::size_t place) {
    if (place < memo_.size() && memo_[place].first == field) return memo_[place].second;
    const auto found = by_name_.find(field);
    const std::size_t column = found == by_name_.end() ? k_no_column : found->second;
    if (memo_.size() <= place) memo_.resize(place + 1);
    memo_[place] = {std::string{field}, column};
    return column;
  }

  void also(std::string_view field, std::size_t column) { by_name_.emplace(field, column); }

 private:
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::vector<std::pair<std::string, std::size_t>> memo_;
};

bool is_integer(std::string_view token) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  return error == std::errc{} && end == token.data() + token.size();
}

class Parser {
 public:
  Parser(Kind kind, Missing missing) : kind_(kind), fields_(kind), out_(kind) {
    fill_ = missing == Missing::absent ? Value::absent() : Value{};
    if (missing == Missing::absent && kind == Kind::device) {
      fields_.also("device_id", device::device_id);
    }
  }

  base::Result<ParsedRecords> parse(const JsonText& json) {
    ondemand::parser parser;
    ondemand::document document;
    ondemand::array array;
    auto error = parser.iterate(padded(json)).get(document);
    if (!error) error = document.get_array().get(array);
    if (error) return refusal(error);
    out_.table.reserve(json.view().size() / 500);
    for (auto element : array) {
      ondemand::value value;
      if (const auto e = std::move(element).get(value)) return refusal(e);
      if (const auto e = record(value)) return refusal(e);
    }
    if (!at_end(document)) return refusal(simdjson::TRAILING_CONTENT);
    return std::move(out_);
  }

 private:
  static base::Error refusal(simdjson::error_code error) {
    return {base::ErrorKind::failure,
            std::string{"this is no JSON array of records: "} + simdjson::error_message(error)};
  }

  simdjson::error_code record(ondemand::value value) {
    ondemand::object object;
    if (value.get_object().get(object)) {
      if (fill_.is_null()) return simdjson::INCORRECT_TYPE;  // a registry has records only
      std::string_view raw;
      if (const auto error = raw_json_of(value, raw)) return error;
      skip("is no object: " + std::string{raw.substr(0, 60)});
      return simdjson::SUCCESS;
    }
    MutableRow row = out_.table.append(fill_);
    extra_ = "{";
    owner_ = {};
    std::size_t place = 0;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return error;
      if (const auto error = take(row, field, place++)) return error;
    }
    finish(row);
    return simdjson::SUCCESS;
  }

  // The closing quote of the JSON string that begins at `text`; simdjson has seen that there is
  // one.
  static const char* end_of_string(const char* text) {
    while (*text != '"') text += *text == '\\' ? 2 : 1;
    return text;
  }

  simdjson::error_code take(MutableRow row, ondemand::field& field, std::size_t place) {
    std::string_view key;
    std::string repaired;
    const char* const escaped = field.key().raw();
    if (field.unescaped_key().get(key)) {
      repaired = decode_leniently("\"" + std::string{escaped, end_of_string(escaped)} + "\"");
      key = repaired;
    }
    const std::size_t column = fields_.column(key, place);
    json_type type{};
    if (const auto error = field.value().type().get(type)) return error;
    if (column == k_no_column) return to_extra(key, field.value(), type);
    return to_cell(row[column], columns_of(kind_)[column].type, key, field.value(), type);
  }

  simdjson::error_code to_cell(Value& cell, Type wanted, std::string_view key,
                               ondemand::value value, json_type type) {
    cell = Value{};
    if (type == json_type::null) {
      bool null = false;
      return value.is_null().get(null);
    }
    if (wanted == Type::json) {
      std::string json;
      if (const auto error = read_json(key, value, json)) return error;
      cell = out_.table.keep(json);
      return simdjson::SUCCESS;
    }
    if (type == json_type::array || type == json_type::object) return to_extra(key, value, type);
    std::string repaired;
    std::string_view text;
    if (const auto error = scalar(value, type, text, repaired)) return error;
    const bool quoted = type == json_type::string;
    if (wanted == Type::text) {
      cell = out_.table.keep(text);
    } else if (const Value converted = convert(wanted, text, quoted); !converted.is_absent()) {
      cell = converted;
    } else {
      append_extra(key, quoted ? json_string(text) : portable_json(std::string{text}));
    }
    return simdjson::SUCCESS;
  }

  // What HA keeps as sets and lists in the order of their hashes, another one after each restart.
  static bool is_set(std::string_view key) {
    return key == "identifiers" || key == "connections" || key == "labels" ||
           key == "config_entries";
  }

  // The value's JSON as it is kept: minified, sets in one order.
  static simdjson::error_code read_json(std::string_view key, ondemand::value value,
                                        std::string& json) {
    std::string_view raw;
    if (const auto error = raw_json_of(value, raw)) return error;
    json = portable_json(minified(raw));
    if (is_set(key)) json = sorted_array(std::move(json));
    return simdjson::SUCCESS;
  }

  static std::string json_string(std::string_view text) {
    std::string out;
    base::append_json_string(out, text);
    return out;
  }

  // `text` is a view into the document, the parser's memory or `repaired`.
  static simdjson::error_code scalar(ondemand::value value, json_type type, std::string_view& text,
                                     std::string& repaired) {
    const std::string_view token = trimmed(value.raw_json_token());
    if (type != json_type::string) {
      text = token;
      return simdjson::SUCCESS;
    }
    const auto error = value.get_string().get(text);
    if (error == simdjson::STRING_ERROR || error == simdjson::UTF8_ERROR) {
      text = repaired = decode_leniently(token);
      return simdjson::SUCCESS;
    }
    return error;
  }

  // Absent when `text` has no meaning in that type: it goes to `extra` then.
  Value convert(Type wanted, std::string_view text, bool quoted) {
    if (wanted == Type::integer) {
      return !quoted && is_integer(text) ? out_.table.keep(text) : Value::absent();
    }
    if (wanted == Type::boolean) {
      if (quoted || (text != "true" && text != "false")) return Value::absent();
      return Value{text == "true" ? "1" : "0"};
    }
    std::optional<base::Timestamp> moment = base::parse_timestamp(text);
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size()) {
      if (seconds == 0) return Value{};  // HA's mark for "before it kept these"
      moment = base::from_epoch_seconds(seconds);
    }
    return moment ? out_.table.keep(base::to_sqlite_text(*moment)) : Value::absent();
  }

  simdjson::error_code to_extra(std::string_view key, ondemand::value value, json_type type) {
    std::string text;
    if (const auto error = read_json(key, value, text)) return error;
    append_extra(key, text);
    // Who owns a device, in versions before config_entry_id (2026.8).
    if (kind_ == Kind::device && type == json_type::string && key == "primary_config_entry") {
      owner_ = decode_leniently(text);
    } else if (kind_ == Kind::device && owner_.empty() && key == "config_entries" &&
               text.starts_with("[\"")) {
      owner_ = decode_leniently(std::string_view{text}.substr(1, text.find('"', 2)));
    }
    return simdjson::SUCCESS;
  }

  void append_extra(std::string_view key, std::string_view json) {
    if (extra_.size() > 1) extra_ += ',';
    base::append_json_string(extra_, key);
    extra_ += ':';
    extra_ += json;
  }

  void finish(MutableRow row) {
    if (row[k_key_column].text().empty()) {
      out_.table.drop_last();
      skip("has no " + std::string{columns_of(kind_)[k_key_column].name});
      return;
    }
    if (extra_.size() > 1) row[tail_of(kind_).extra] = out_.table.keep(extra_ + "}");
    if (kind_ == Kind::device && !owner_.empty() && !row[device::config_entry_id].has_text()) {
      row[device::config_entry_id] = out_.table.keep(owner_);
    }
  }

  void skip(const std::string& why) {
    ++out_.skipped;
    if (out_.notes.size() < 10) {
      out_.notes.push_back("a record of the " + std::string{name_of(kind_)} + " registry " + why);
    }
  }

  Kind kind_;
  Fields fields_;
  Value fill_;
  ParsedRecords out_;
  std::string extra_;
  std::string owner_;
};

}  // namespace

base::Result<ParsedRecords> parse_records(Kind kind, const JsonText& json_array, Missing missing) {
  return Parser{kind, missing}.parse(json_array);
}

void derive(Kind kind, MutableRow row) {
  if (kind == Kind::device) {
    for (const std::size_t fallback : {device::name_by_user, device::model, device::device_id}) {
      if (!row[device::name].text().empty()) break;
      row[device::name] = row[fallback];
    }
  } else if (kind == Kind::entity) {
    const std::string_view id = row[entity::entity_id].text();
    row[entity::domain] = Value{id.substr(0, std::min(id.find('.'), id.size()))};
    if (!row[entity::disabled_by].is_absent()) {
      row[entity::disabled] = Value{row[entity::disabled_by].is_null() ? "0" : "1"};
    }
  }
}

}  // namespace haingest::model
