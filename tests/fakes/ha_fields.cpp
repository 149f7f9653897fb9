// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_fields.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace haingest::fakes {
namespace {

// Only fields that came or went since 2022; a field that is not named here is in every release. The
// releases up to 2025.6 are from Home Assistant's own source (some fields may be a release or two
// older than said here), 2024.3.3 and 2026.11.0 were asked themselves: the contract tests do it.
struct Span {
  std::string_view name;
  HaVersion since{};
  HaVersion until{9999, 0};  // the first release without it
};

constexpr std::array k_device_spans{
    Span{"serial_number", {2023, 11}},
    Span{"labels", {2024, 4}},
    Span{"primary_config_entry", {2024, 7}, {2027, 8}},
    Span{"model_id", {2024, 8}},
    Span{"created_at", {2024, 8}},
    Span{"modified_at", {2024, 8}},
    Span{"config_entries_subentries", {2025, 3}, {2027, 8}},
    Span{"config_entries", {}, {2027, 8}},
    Span{"next_name_part", {2026, 11}},
    Span{"config_entry_id", {2026, 8}},
    Span{"config_subentry_id", {2026, 8}},
    Span{"parent_device_id", {2026, 9}},
};

// All that a child device's row has (2026.9 on).
constexpr std::array<std::string_view, 13> k_child_fields{"area_id",
                                                          "config_entry_id",
                                                          "config_subentry_id",
                                                          "created_at",
                                                          "disabled_by",
                                                          "id",
                                                          "identifiers",
                                                          "labels",
                                                          "modified_at",
                                                          "name_by_user",
                                                          "name",
                                                          "next_name_part",
                                                          "parent_device_id"};

constexpr std::array k_entity_spans{
    Span{"hidden_by", {2022, 4}},
    Span{"original_name", {2022, 8}},
    Span{"has_entity_name", {2022, 8}, {2026, 11}},
    Span{"id", {2022, 11}},
    Span{"unique_id", {2022, 11}},
    Span{"translation_key", {2023, 1}},
    Span{"options", {2023, 3}},
    Span{"labels", {2024, 3}},
    Span{"categories", {2024, 4}},
    Span{"created_at", {2024, 8}},
    Span{"modified_at", {2024, 8}},
    Span{"config_subentry_id", {2025, 3}},
    Span{"next_name_part", {2026, 11}},
};

constexpr std::array k_area_spans{
    Span{"aliases", {2023, 1}},
    Span{"icon", {2024, 3}},
    Span{"floor_id", {2024, 4}},
    Span{"labels", {2024, 4}},
    Span{"created_at", {2024, 8}},
    Span{"modified_at", {2024, 8}},
    Span{"temperature_entity_id", {2025, 2}},
    Span{"humidity_entity_id", {2025, 2}},
};

constexpr std::array k_floor_spans{
    Span{"aliases", {2024, 4}},
    Span{"created_at", {2024, 8}},
    Span{"modified_at", {2024, 8}},
};

constexpr std::array k_label_spans{
    Span{"created_at", {2024, 8}},
    Span{"modified_at", {2024, 8}},
};

constexpr std::array k_entry_spans{
    Span{"created_at", {2024, 8}},
    Span{"modified_at", {2024, 8}},
    Span{"supports_reconfigure", {2024, 4}},
    Span{"error_reason_translation_key", {2024, 5}},
    Span{"error_reason_translation_placeholders", {2024, 5}},
    Span{"error_reason_translation_domain", {2026, 11}},
    Span{"supported_subentry_types", {2025, 3}},
    Span{"num_subentries", {2025, 3}},
};

constexpr std::array k_state_spans{Span{"last_reported", {2024, 4}}};

std::span<const Span> spans_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::device:
      return k_device_spans;
    case RecordKind::entity:
      return k_entity_spans;
    case RecordKind::area:
      return k_area_spans;
    case RecordKind::floor:
      return k_floor_spans;
    case RecordKind::label:
      return k_label_spans;
    case RecordKind::config_entry:
      return k_entry_spans;
    case RecordKind::state:
      return k_state_spans;
  }
  return {};
}

bool has_field(std::span<const Span> spans, std::string_view name, HaVersion version) {
  const auto span = std::ranges::find(spans, name, &Span::name);
  return span == spans.end() || (version >= span->since && version < span->until);
}

// Whether this release has every field that has come and gone.
bool has_all(std::span<const Span> spans, HaVersion version) {
  return std::ranges::all_of(
      spans, [version](const Span& span) { return version >= span.since && version < span.until; });
}

bool is_child(const Json& record, HaVersion version) {
  return version >= k_ha_child_devices && record.contains("parent_device_id") &&
         record["parent_device_id"].is_string();
}

}  // namespace

std::string text_of(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = text.find(k_lone_surrogate_mark); at != std::string::npos;
       at = text.find(k_lone_surrogate_mark, at)) {
    text.replace(at, k_lone_surrogate_mark.size(), "\\ud83d");
  }
  return text;
}

bool text_is(const Json& record, std::string_view key, std::string_view text) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() &&
         found->get_ref<const std::string&>() == text;
}

std::string text_in(const Json& record, std::string_view key) {
  const auto found = record.find(key);
  return found == record.end() || !found->is_string() ? "" : found->get<std::string>();
}

void render_record(std::string& out, RecordKind kind, const Json& record, HaVersion version) {
  if (!record.is_object()) {
    out += text_of(record);
    return;
  }
  const std::span<const Span> spans = spans_of(kind);
  const bool child = kind == RecordKind::device && is_child(record, version);
  if (!child && has_all(spans, version)) {
    out += text_of(record);
    return;
  }
  char separator = '{';
  for (const auto& [key, value] : record.items()) {
    const bool in_child = std::ranges::find(k_child_fields, key) != k_child_fields.end();
    if ((child && !in_child) || !has_field(spans, key, version)) continue;
    out += separator;
    out += text_of(Json(key)) + ':' + text_of(value);
    separator = ',';
  }
  out += separator == '{' ? "{}" : "}";
}

}  // namespace haingest::fakes
