// SPDX-License-Identifier: MIT
#include "core/migrate/source.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

#include "core/base/timestamp.hpp"
#include "core/influx/target.hpp"
#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

using influx::quoted_name;
using Json = nlohmann::json;

// What the servers keep for themselves.
bool is_own(std::string_view database) {
  return database == "_internal" || database == "_monitoring" || database == "_tasks";
}

// In the words of SHOW FIELD KEYS, which are those of casts, too.
constexpr std::array<std::pair<std::string_view, FieldType>, 5> k_types{{
    {"float", FieldType::floating},
    {"integer", FieldType::integer},
    {"unsigned", FieldType::unsigned_integer},
    {"string", FieldType::text},
    {"boolean", FieldType::boolean},
}};

std::optional<FieldType> type_of(std::string_view word) {
  const auto found =
      std::ranges::find(k_types, word, &std::pair<std::string_view, FieldType>::first);
  return found == k_types.end() ? std::nullopt : std::optional(found->second);
}

bool is_number(FieldType type) { return type != FieldType::text && type != FieldType::boolean; }

// Go's way to write a duration, "168h0m0s". 0 for another one: InfluxDB 3.7 has "30days".
std::chrono::seconds duration_of(std::string_view text) {
  std::chrono::seconds sum{0};
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    const std::size_t unit = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view word = text.substr(0, unit);
    if (read.ec != std::errc{} || (word != "h" && word != "m" && word != "s")) return {};
    sum += std::chrono::seconds(number * (word == "h" ? 3'600 : word == "m" ? 60 : 1));
    text.remove_prefix(unit);
  }
  return sum;
}

constexpr std::int64_t k_second = 1'000'000'000;

// The last shard ends with the latest time, which comes without its fraction of a second.
std::optional<std::int64_t> nanoseconds_of(std::string_view text) {
  const auto moment = base::parse_timestamp(text);
  if (!moment) return std::nullopt;
  const std::int64_t border = nanoseconds_since_1970(*moment);
  return border >= k_end / k_second * k_second ? k_end : border;
}

using Shards = std::map<std::pair<std::string, std::string>, std::vector<Span>>;

// None where the server has no such statement (2.x, 3), or has it for administrators only.
base::Result<std::optional<Shards>> shards_of(influx::QueryClient& client) {
  const auto rows = rows_of(client, {}, "SHOW SHARD GROUPS");
  if (!rows) {
    if (rows.error().kind == base::ErrorKind::unreachable) return rows.error();
    return std::optional<Shards>{};
  }
  Shards shards;
  for (const Row& row : *rows) {
    const auto begin = nanoseconds_of(row.text("start_time"));
    const auto end = nanoseconds_of(row.text("end_time"));
    if (!begin || !end) return std::optional<Shards>{};
    shards[{row.text("database"), row.text("retention_policy")}].push_back({*begin, *end});
  }
  for (auto& [where, spans] : shards) std::ranges::sort(spans, {}, &Span::begin);
  return std::optional(std::move(shards));
}

// InfluxDB 3 refuses a policy in this statement.
base::Result<std::vector<Row>> tag_keys_of(influx::QueryClient& client,
                                           const influx::Scope& scope) {
  if (client.flavour() == influx::Flavour::influxdb3) {
    return rows_of(client, {scope.database, {}}, "SHOW TAG KEYS");
  }
  return rows_of(client, {},
                 "SHOW TAG KEYS ON " + quoted_name(scope.database) + " FROM " +
                     from_all(scope.retention_policy));
}

base::Result<std::vector<Measurement>> measurements_of(influx::QueryClient& client,
                                                       const std::string& database,
                                                       const std::string& policy) {
  std::map<std::string, Measurement> found;
  // 2.x wants to be told the policy where the database has no default one, although it stands
  // there.
  const influx::Scope scope{database, policy};
  const auto fields = rows_of(client, scope, "SHOW FIELD KEYS");
  if (!fields) return fields.error();
  for (const Row& row : *fields) {
    const auto type = type_of(row.text("fieldType"));
    if (!type) {
      return base::Error{base::ErrorKind::failure,
                         "a field of " + row.series + " has the type " + row.text("fieldType") +
                             ", which this haingest does not know",
                         {}};
    }
    std::vector<Field>& known = found[row.series].fields;
    const std::string key = row.text("fieldKey");
    // They come by key.
    if (known.empty() || known.back().name != key) known.push_back({key, {}});
    known.back().types.push_back(*type);
  }
  const auto tags = tag_keys_of(client, scope);
  // Of this statement alone 2.x wants a default policy, whichever is named: the bucket "house"
  // where there is "house/days" only.
  const bool none_told =
      tags.has_error() && tags.error().message.starts_with("default retention policy not set");
  if (!tags && !none_told) return tags.error();
  for (const Row& row : none_told ? std::vector<Row>{} : *tags) {
    const auto measurement = found.find(row.series);
    // One without fields has no points here.
    if (measurement != found.end()) measurement->second.tags.push_back(row.text("tagKey"));
  }
  std::vector<Measurement> measurements;
  for (auto& [name, measurement] : found) {
    measurement.name = name;
    for (Field& field : measurement.fields) std::ranges::sort(field.types);
    measurements.push_back(std::move(measurement));
  }
  return measurements;
}

// Of an InfluxDB 3: what stands behind the name of the database, where the row has that name again.
void take_policy_of(const std::string& database, Policy& policy) {
  const std::size_t slash = database.find('/');
  policy.is_default = slash == std::string::npos;
  policy.name = policy.is_default ? "autogen" : database.substr(slash + 1);
}

base::Result<std::vector<Policy>> policies_of(influx::QueryClient& client,
                                              const std::string& database,
                                              const std::optional<Shards>& shards) {
  const auto rows = rows_of(client, {}, "SHOW RETENTION POLICIES ON " + quoted_name(database));
  if (!rows) return rows.error();
  std::vector<Policy> policies;
  for (const Row& row : *rows) {
    Policy policy;
    policy.name = row.text("name");
    policy.is_default = row.flag("default");
    if (client.flavour() == influx::Flavour::influxdb3) take_policy_of(database, policy);
    policy.duration = duration_of(row.text("duration"));
    policy.shard_duration = duration_of(row.text("shardGroupDuration"));
    if (shards) {
      const auto found = shards->find({database, policy.name});
      policy.shards = found == shards->end() ? std::vector<Span>{} : found->second;
    }
    auto measurements = measurements_of(client, database, policy.name);
    if (!measurements) return measurements.error();
    policy.measurements = std::move(*measurements);
    policies.push_back(std::move(policy));
  }
  return policies;
}

// --- buckets of 2.x, whose durations InfluxQL does not tell (it says 0s and 168h of all) ---

struct Bucket {
  std::string name;
  std::chrono::seconds duration{0}, shard_duration{0};
};

struct Buckets {
  std::map<std::string, Bucket> by_id;
  // Which one a policy of a database is.
  std::map<std::pair<std::string, std::string>, std::string> ids;
};

base::Result<void> get_object(influx::QueryClient& client, const std::string& path, Json& object) {
  const auto body = client.get(path);
  if (!body) return body.error();
  object = Json::parse(*body, nullptr, false);
  if (object.is_object()) return {};
  return base::Error{
      base::ErrorKind::failure, "its answer to " + path + " is not what InfluxDB sends", {}};
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_string() ? "" : found->get<std::string>();
}

std::chrono::seconds seconds_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return std::chrono::seconds(
      found == object.end() || !found->is_number_integer() ? 0 : found->get<std::int64_t>());
}

const Json& list_in(const Json& object, const char* key) {
  static const Json k_none = Json::array();
  const auto found = object.find(key);
  return found == object.end() || !found->is_array() ? k_none : *found;
}

Bucket bucket_of(const Json& one) {
  Bucket bucket{text_of(one, "name")};
  for (const Json& rule : list_in(one, "retentionRules")) {
    if (!rule.is_object()) continue;
    bucket.duration = seconds_of(rule, "everySeconds");
    bucket.shard_duration = seconds_of(rule, "shardGroupDurationSeconds");
  }
  return bucket;
}

// An error where they may not be listed.
base::Result<Buckets> buckets_of(influx::QueryClient& client) {
  Buckets buckets;
  std::set<std::string> organisations;
  constexpr std::size_t k_page = 100;  // it gives no more at once
  for (std::size_t offset = 0;; offset += k_page) {
    Json page;
    const auto got = get_object(
        client,
        "/api/v2/buckets?limit=" + std::to_string(k_page) + "&offset=" + std::to_string(offset),
        page);
    if (!got) return got.error();
    const Json& list = list_in(page, "buckets");
    for (const Json& one : list) {
      if (!one.is_object()) continue;
      buckets.by_id[text_of(one, "id")] = bucket_of(one);
      organisations.insert(text_of(one, "orgID"));
    }
    if (list.size() < k_page) break;
  }
  for (const std::string& organisation : organisations) {
    Json mappings;
    const auto got = get_object(client, "/api/v2/dbrps?orgID=" + organisation, mappings);
    if (!got) return got.error();
    for (const Json& one : list_in(mappings, "content")) {
      if (!one.is_object()) continue;
      buckets.ids[{text_of(one, "database"), text_of(one, "retention_policy")}] =
          text_of(one, "bucketID");
    }
  }
  return buckets;
}

void take_durations(Database& database, const Buckets& buckets) {
  for (Policy& policy : database.policies) {
    const auto id = buckets.ids.find({database.name, policy.name});
    if (id == buckets.ids.end()) continue;
    const auto bucket = buckets.by_id.find(id->second);
    if (bucket == buckets.by_id.end()) continue;
    policy.bucket = bucket->second.name;
    policy.duration = bucket->second.duration;
    if (bucket->second.shard_duration.count() > 0) {
      policy.shard_duration = bucket->second.shard_duration;
    }
  }
}

base::Error not_there(const std::string& wanted, const std::vector<std::string>& names) {
  std::string known;
  for (const std::string& name : names) {
    if (!is_own(name)) known += (known.empty() ? "" : ", ") + name;
  }
  return {base::ErrorKind::failure,
          "there is no database " + wanted +
              (known.empty() ? ", nor any other that these credentials may see"
                             : "; these credentials may see: " + known),
          {}};
}

// Shards begin at multiples of their duration since the first of January of the year 1, a Monday.
constexpr std::int64_t k_year_1 = -62'135'596'800;

// Rounded towards the past.
std::int64_t quotient(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

std::int64_t to_nanoseconds(std::int64_t seconds) {
  if (seconds > k_end / k_second) return k_end;
  if (seconds < k_earliest / k_second) return k_earliest;
  return seconds * k_second;
}

}  // namespace

std::string_view word_of(FieldType type) {
  return std::ranges::find(k_types, type, &std::pair<std::string_view, FieldType>::second)->first;
}

bool Field::may_be(FieldType type) const { return std::ranges::find(types, type) != types.end(); }

std::vector<FieldType> casts_of(const Field& field) {
  std::vector<FieldType> casts;
  bool number = false;
  for (const FieldType type : field.types) {
    if (is_number(type) && std::exchange(number, true)) continue;
    casts.push_back(type);
  }
  return casts;
}

bool Measurement::has_clash() const {
  return std::ranges::any_of(fields, [](const Field& field) { return field.types.size() > 1; });
}

const Field* Measurement::find(std::string_view field) const {
  const auto found = std::ranges::find(fields, field, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

const Policy* Database::find(std::string_view policy) const {
  const auto found = std::ranges::find(policies, policy, &Policy::name);
  return found == policies.end() ? nullptr : &*found;
}

base::Result<Source> look_at(influx::QueryClient& client,
                             const std::vector<std::string>& databases) {
  const auto shown = rows_of(client, {}, "SHOW DATABASES");
  if (!shown) return shown.error();
  std::vector<std::string> names;
  for (const Row& row : *shown) names.push_back(row.text("name"));
  const bool is_3 = client.flavour() == influx::Flavour::influxdb3;
  const auto own_name_of = [&](const std::string& name) {
    return is_3 ? name.substr(0, name.find('/')) : name;
  };
  const auto is_called = [&](const std::string& name, const std::string& wanted) {
    return name == wanted || own_name_of(name) == wanted;
  };
  for (const std::string& wanted : databases) {
    const auto is_it = [&](const std::string& name) { return is_called(name, wanted); };
    if (std::ranges::none_of(names, is_it)) return not_there(wanted, names);
  }
  auto shards = shards_of(client);
  if (!shards) return shards.error();
  Source source;
  // 1.x shows a new one's administrator nothing, too; but she may ask for shards. 2.x has buckets
  // of its own that whoever may read everything sees.
  source.may_read = !names.empty() || shards->has_value();
  std::optional<Buckets> buckets;
  if (client.flavour() == influx::Flavour::influxdb2) {
    auto listed = buckets_of(client);
    if (listed) buckets = std::move(*listed);
    if (!listed && listed.error().kind == base::ErrorKind::unreachable) return listed.error();
  }
  std::ranges::sort(names);
  for (const std::string& name : names) {
    const auto is_it = [&](const std::string& wanted) { return is_called(name, wanted); };
    const bool wanted = databases.empty() ? !is_own(name) : std::ranges::any_of(databases, is_it);
    if (!wanted) continue;
    auto policies = policies_of(client, name, *shards);
    if (!policies) return policies.error();
    Database database{name, own_name_of(name), std::move(*policies)};
    if (buckets) take_durations(database, *buckets);
    source.databases.push_back(std::move(database));
  }
  return source;
}

std::vector<std::string> limits_of_source(influx::Flavour flavour) {
  if (flavour != influx::Flavour::influxdb3) return {};
  return {
      "an InfluxDB 3 Core that was started anew may show no more than its last month; start it "
      "with "
      "a longer --gen1-lookback-duration where older points are missing"};
}

std::optional<Span> span_at(const Policy& policy, const Measurement& measurement,
                            std::int64_t moment) {
  if (policy.shards) {
    const auto found = std::ranges::upper_bound(*policy.shards, moment, {}, &Span::end);
    return found == policy.shards->end() ? std::nullopt : std::optional(*found);
  }
  // Where the borders are guessed, days are safer: shards of another duration were made of them,
  // too, but for those of an hour, which are there for data that is kept for two days at most. A
  // day of an InfluxDB 3 are 144 files, a third of what it opens for a question.
  constexpr std::int64_t k_hour = 3'600;
  constexpr std::int64_t k_day = 24 * k_hour;
  const bool has_shards = policy.shard_duration.count() > 0;
  std::int64_t step =
      has_shards ? std::max<std::int64_t>(policy.shard_duration.count(), k_hour) : k_day;
  if (measurement.has_clash()) step = std::min(step, k_day);
  const std::int64_t since = quotient(moment, k_second) - k_year_1;
  const std::int64_t begin = since - since % step + k_year_1;
  return Span{to_nanoseconds(begin), to_nanoseconds(begin + step)};
}

std::vector<Span> spans_of(const Policy& policy, const Measurement& measurement, std::int64_t first,
                           std::int64_t last) {
  std::vector<Span> spans;
  for (std::int64_t moment = first; moment <= last;) {
    const auto span = span_at(policy, measurement, moment);
    if (!span || span->begin > last) break;
    spans.push_back(*span);
    if (span->end == k_end) break;
    moment = span->end;
  }
  return spans;
}

}  // namespace haingest::migrate
