// SPDX-License-Identifier: MIT
#include "tests/fakes/house_data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "core/base/timestamp.hpp"

namespace haingest::fakes {
namespace {

// splitmix64: small, and good enough to make ids that look like Home Assistant's.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

// 2024-02-01 06:00:00 UTC; before 2024.8, so that some rows are as old as real ones.
constexpr std::int64_t k_start_us = 1'706'767'200'000'000;

std::int64_t moment_us(std::uint64_t number) {
  const std::uint64_t step = 977'000'003 + mix(number) % 1'000'000;
  return k_start_us + static_cast<std::int64_t>((number % 60'000) * step);
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

void HouseData::fire(std::string_view type, const Json& data) {
  events.push_back({std::string(type), text_of(data)});
}

std::string make_id(std::uint64_t seed, std::string_view word, std::uint64_t number) {
  std::uint64_t hash = mix(seed) ^ mix(number + 1);
  for (const char c : word) hash = mix(hash ^ static_cast<unsigned char>(c));
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(mix(hash)),
                static_cast<unsigned long long>(mix(hash + 1)));
  return text;
}

double moment(std::uint64_t number) { return static_cast<double>(moment_us(number)) / 1e6; }

base::Timestamp moment_stamp(std::uint64_t number) {
  return base::Timestamp(std::chrono::microseconds(moment_us(number)));
}

std::string iso_moment(std::uint64_t number) { return base::to_iso_text(moment_stamp(number)); }

std::string slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) out += c;
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c == ' ' || c == '-') && !out.empty() && out.back() != '_') out += '_';
  }
  return out;
}

Json& record_with(std::vector<Json>& records, std::string_view key, std::string_view value) {
  const Json* found = find_record(records, key, value);
  if (found == nullptr) throw std::out_of_range("the house has no " + std::string(value));
  return const_cast<Json&>(*found);
}

const Json* find_record(const std::vector<Json>& records, std::string_view key,
                        std::string_view value) {
  const auto found = std::ranges::find_if(
      records, [&](const Json& record) { return text_is(record, key, value); });
  return found == records.end() ? nullptr : &*found;
}

Json make_device(const DeviceSeed& seed, std::string_view domain, std::uint64_t number) {
  // Rows made before 2024.8 have 0.0, as real ones do.
  const double created = number % 4 == 0 ? 0.0 : moment(number);
  Json identifier = Json::array({std::string(domain), seed.identifier});
  return Json{{"area_id", or_null(seed.area_id)},
              {"config_entries", Json::array({seed.entry_id})},
              {"config_entries_subentries", Json{{seed.entry_id, Json::array({nullptr})}}},
              {"config_entry_id", seed.entry_id},
              {"config_subentry_id", nullptr},
              {"configuration_url", nullptr},
              {"connections", Json::array()},
              {"created_at", created},
              {"disabled_by", nullptr},
              {"entry_type", nullptr},
              {"hw_version", nullptr},
              {"id", seed.id},
              {"identifiers", Json::array({std::move(identifier)})},
              {"labels", Json::array()},
              {"manufacturer", or_null(seed.manufacturer)},
              {"model", or_null(seed.model)},
              {"model_id", or_null(seed.model_id)},
              {"modified_at", created},
              {"name_by_user", nullptr},
              {"name", or_null(seed.name)},
              {"next_name_part", nullptr},
              {"parent_device_id", nullptr},
              {"primary_config_entry", seed.entry_id},
              {"serial_number", nullptr},
              {"sw_version", or_null(seed.sw_version)},
              {"via_device_id", nullptr}};
}

Json make_entity(const EntitySeed& seed, std::uint64_t number) {
  const double created = number % 4 == 0 ? 0.0 : moment(number);
  return Json{{"area_id", nullptr},
              {"categories", Json::object()},
              {"config_entry_id", or_null(seed.entry_id)},
              {"config_subentry_id", nullptr},
              {"created_at", created},
              {"device_id", or_null(seed.device_id)},
              {"disabled_by", nullptr},
              {"entity_category", or_null(seed.category)},
              {"entity_id", seed.entity_id},
              {"has_entity_name", true},
              {"hidden_by", nullptr},
              {"icon", nullptr},
              {"id", seed.id},
              {"labels", Json::array()},
              {"modified_at", created},
              {"name", nullptr},
              {"next_name_part", nullptr},
              {"options", Json::object()},
              {"original_name", or_null(seed.name)},
              {"platform", seed.platform},
              {"translation_key", nullptr},
              {"unique_id", seed.unique_id}};
}

Json make_state(std::string_view entity_id, std::string_view state, const Json& attributes,
                std::uint64_t number) {
  const std::string at = iso_moment(number);
  // A context id is a ULID: 26 characters.
  std::string context = make_id(number, "context", number).substr(0, 24);
  std::ranges::transform(context, context.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  return Json{{"entity_id", entity_id},
              {"state", state},
              {"attributes", attributes},
              {"last_changed", at},
              {"last_reported", at},
              {"last_updated", at},
              {"context", {{"id", "01" + context}, {"parent_id", nullptr}, {"user_id", nullptr}}}};
}

void stamp(Json& state, base::Timestamp at) {
  state["last_changed"] = state["last_reported"] = state["last_updated"] = base::to_iso_text(at);
}

}  // namespace haingest::fakes
