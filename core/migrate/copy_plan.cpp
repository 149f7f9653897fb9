// SPDX-License-Identifier: MIT
#include "core/migrate/copy_plan.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "core/base/text.hpp"

namespace haingest::migrate {
namespace {

// Seconds of reading; below a quarter of it windows grow again.
constexpr std::uint64_t k_many_points = 500'000;
constexpr std::int64_t k_shortest = 1'000'000'000;
// Estimates: so many shards are looked into, at so small a part of each (0.1 s for 3 million
// points; counting all of them takes 2.6 s of the server's time).
constexpr std::size_t k_samples = 4;
constexpr std::uint64_t k_part = 10;

// Of line protocol a second, into a file and into an InfluxDB 2. On two idle cores that both
// servers share it was 56 and 19 MB (BENCHMARKS.md), under other load 23 and 6.
constexpr std::uint64_t k_read_bytes = 20'000'000;
constexpr std::uint64_t k_copied_bytes = 8'000'000;

bool is_wanted(const Measurement& measurement, const std::vector<std::string>& globs) {
  return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
           return base::matches_glob(measurement.name, glob);
         });
}

std::string types_of(const Field& field) {
  std::string text;
  for (const FieldType type : field.types) {
    text += text.empty() ? "" : " and ";
    text += word_of(type);
  }
  return text;
}

// Retention is of hours at least.
std::string text_of(std::chrono::seconds span) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(span).count();
  return hours % 24 == 0 ? std::to_string(hours / 24) + " days" : std::to_string(hours) + " hours";
}

void warn_of_fields(const Part& part, std::vector<std::string>& warnings) {
  for (const Field& field : part.measurement->fields) {
    if (field.types.size() > 1) {
      warnings.push_back(name_of(part) + ": " + field.name + " is " + types_of(field) +
                         " at different times, and is copied so; points that a target refuses for "
                         "it are kept as rejects");
    }
    if (field.name == "time") {
      warnings.push_back(name_of(part) + ": no server takes a field that is called time");
    }
    if (field.may_be(FieldType::unsigned_integer)) {
      warnings.push_back(name_of(part) + ": " + field.name +
                         " is unsigned, which InfluxDB 1 does not take");
    }
  }
  for (const std::string& tag : part.measurement->tags) {
    if (tag == "_field" || tag == "_measurement" || tag == "time") {
      warnings.push_back(name_of(part) + ": InfluxDB 2 takes no tag that is called " + tag);
    }
  }
}

// Gone within a tenth of the time that it is kept for.
bool is_about_to_go(const PartPlan& plan, base::Timestamp now) {
  const std::chrono::seconds kept = plan.part.policy->duration;
  if (kept.count() == 0 || !plan.extent) return false;
  const base::Timestamp first{std::chrono::microseconds(plan.extent->first / 1'000)};
  return first + kept - now <= kept / 10;
}

// One a policy, of whose measurements all have points of the same age as a rule.
void warn_of_retention(const std::vector<PartPlan>& parts, base::Timestamp now,
                       std::vector<std::string>& warnings) {
  std::map<const Policy*, std::vector<const Part*>> going;
  for (const PartPlan& plan : parts) {
    if (is_about_to_go(plan, now)) going[plan.part.policy].push_back(&plan.part);
  }
  for (const PartPlan& plan : parts) {
    const auto found = going.find(plan.part.policy);
    if (found == going.end()) continue;
    const auto& [policy, of_policy] = *found;
    const bool is_one = of_policy.size() == 1;
    warnings.push_back(
        (is_one ? name_of(*of_policy.front()) : plan.part.database->own_name + "." + policy->name) +
        ": the source keeps points for " + text_of(policy->duration) +
        ", and is about to delete the oldest" +
        (is_one ? "" : " of " + std::to_string(of_policy.size()) + " measurements"));
    going.erase(found);
  }
}

base::Result<void> rename(std::vector<Part>& parts, const influx::Target& into) {
  const std::string& database = into.database.empty() ? into.bucket : into.database;
  const auto differ = [&](auto member) {
    return std::ranges::any_of(
        parts, [&](const Part& part) { return part.place.*member != parts.front().place.*member; });
  };
  if (!database.empty() && differ(&Place::database)) {
    return base::Error{base::ErrorKind::usage,
                       "more than one database is to be copied, and the target names one; leave "
                       "its name out or choose one to copy",
                       {}};
  }
  if (!into.retention_policy.empty() && differ(&Place::policy)) {
    return base::Error{base::ErrorKind::usage,
                       "more than one retention policy is to be copied, and the target names one; "
                       "leave its name out",
                       {}};
  }
  for (Part& part : parts) {
    if (!database.empty()) part.place.database = database;
    if (!into.retention_policy.empty()) part.place.policy = into.retention_policy;
  }
  return {};
}

// The newest points are most like those that there are most of.
base::Result<double> line_length_at(influx::QueryClient& client, const Part& part,
                                    std::int64_t moment) {
  const auto span = span_at(*part.policy, *part.measurement, moment);
  if (!span) return 0;
  return line_length_in(client, {part.database->name, part.policy->name, part.measurement, *span});
}

base::Result<PartPlan> exact_plan_of(influx::QueryClient& client, const Part& part,
                                     const Span& within, CountSeries series) {
  PartPlan plan{part};
  auto extent =
      extent_of(client, part.database->name, part.policy->name, *part.measurement, within, series);
  if (!extent) return extent.error();
  plan.extent = *extent;
  if (!plan.extent) return plan;
  const auto length = line_length_at(client, part, plan.extent->last);
  if (!length) return length.error();
  plan.bytes = static_cast<std::uint64_t>(*length * static_cast<double>(plan.extent->points));
  return plan;
}

// The shards that hold the first point, and what is later of the span.
std::span<const Span> shards_within(const Policy& policy, std::int64_t first, std::int64_t end) {
  return {std::ranges::upper_bound(*policy.shards, first, {}, &Span::end),
          std::ranges::lower_bound(*policy.shards, end, {}, &Span::begin)};
}

// In its middle.
Span part_of(const Span& span) {
  const std::uint64_t length =
      static_cast<std::uint64_t>(span.end) - static_cast<std::uint64_t>(span.begin);
  const auto before = static_cast<std::int64_t>((length - length / k_part) / 2);
  return {span.begin + before, span.begin + before + static_cast<std::int64_t>(length / k_part)};
}

// Of some shards, as if the others held as much. Where they are not known, most may be empty, and
// all of it is counted; of an InfluxDB 3, which takes hundreds of questions for that, nothing is.
base::Result<PartPlan> estimate_of(influx::QueryClient& client, const Part& part,
                                   const Span& within) {
  const std::string& database = part.database->name;
  const Policy& policy = *part.policy;
  const Measurement& measurement = *part.measurement;
  const bool is_3 = client.flavour() == influx::Flavour::influxdb3;
  if (!policy.shards && !is_3) return exact_plan_of(client, part, within, CountSeries::no);
  const auto first = next_point(client, database, policy.name, measurement, within.begin);
  if (!first) return first.error();
  PartPlan plan{part};
  if (!*first || **first >= within.end) return plan;
  plan.extent = Extent{.first = **first, .last = **first};
  if (!policy.shards) return plan;
  const auto shards = shards_within(policy, **first, within.end);
  const std::size_t samples = std::min(shards.size(), k_samples);
  for (std::size_t i = 0; i < samples; ++i) {
    // In the middle of each of as many parts of the time.
    const Span& shard = shards[(2 * i + 1) * shards.size() / (2 * samples)];
    const Span span{std::max(shard.begin, within.begin), std::min(shard.end, within.end)};
    const auto counts = count_window(client, {database, policy.name, &measurement, part_of(span)});
    if (!counts) return counts.error();
    std::uint64_t most = 0;
    for (const FieldCount& count : *counts) {
      plan.extent->values += count.values;
      most = std::max(most, count.values);
    }
    plan.extent->points += most;
  }
  if (samples == 0) return plan;
  plan.extent->values = plan.extent->values * k_part * shards.size() / samples;
  plan.extent->points = plan.extent->points * k_part * shards.size() / samples;
  return plan;
}

}  // namespace

std::string name_of(const Part& part) {
  return part.database->own_name + "." + part.policy->name + "." + part.measurement->name;
}

base::Result<std::vector<Part>> parts_of(const Source& source, const CopyFilter& filter,
                                         const influx::Target& into) {
  std::vector<Part> parts;
  for (const Database& database : source.databases) {
    for (const Policy& policy : database.policies) {
      if (!filter.policy.empty() && policy.name != filter.policy) continue;
      const Place place{database.own_name, policy.name, policy.is_default, policy.shard_duration};
      for (const Measurement& measurement : policy.measurements) {
        if (!is_wanted(measurement, filter.measurements)) continue;
        parts.push_back({&database, &policy, &measurement, place});
      }
    }
  }
  const auto renamed = rename(parts, into);
  if (!renamed) return renamed.error();
  return parts;
}

Windows::Windows(const Part& part, const CopyFilter& filter, std::optional<std::int64_t> done)
    : part_(part),
      until_(filter.until.value_or(k_end)),
      from_(std::max(filter.since.value_or(k_earliest), done.value_or(k_earliest))),
      longest_(k_end) {}

base::Result<std::optional<Window>> Windows::next(influx::QueryClient& client) {
  using None = std::optional<Window>;
  if (from_ >= until_) return None{};
  if (std::exchange(ask_, false)) {
    const auto point =
        next_point(client, part_.database->name, part_.policy->name, *part_.measurement, from_);
    if (!point) return point.error();
    if (!*point) return None{};
    from_ = std::max(from_, **point);
  }
  const auto shard = span_at(*part_.policy, *part_.measurement, from_);
  if (!shard) return None{};
  Span span{std::max(shard->begin, from_), std::min(shard->end, until_)};
  if (span.begin >= span.end) return None{};
  // Those from before 1970, of which there are few, stay as they are: no number holds their length.
  if (span.end > 0 && span.begin < span.end - longest_) span.end = span.begin + longest_;
  from_ = span.end;
  return std::optional(Window{part_.database->name, part_.policy->name, part_.measurement, span});
}

void Windows::had(const Span& span, std::uint64_t points) {
  ask_ = ask_ || points == 0;
  if (points > k_many_points) {
    const double part = static_cast<double>(k_many_points) / static_cast<double>(points);
    const double length = static_cast<double>(span.end) - static_cast<double>(span.begin);
    longest_ = std::max(static_cast<std::int64_t>(length * part), k_shortest);
  } else if (points < k_many_points / 4) {
    longest_ = longest_ > k_end / 2 ? k_end : longest_ * 2;
  }
}

std::chrono::seconds estimated_time(const CopyPlan& plan, bool to_server) {
  return std::chrono::seconds(1 + plan.bytes / (to_server ? k_copied_bytes : k_read_bytes));
}

std::vector<std::string> warnings_of(const std::vector<PartPlan>& parts, base::Timestamp now) {
  std::vector<std::string> warnings;
  for (const PartPlan& plan : parts) warn_of_fields(plan.part, warnings);
  warn_of_retention(parts, now, warnings);
  return warnings;
}

base::Result<CopyPlan> plan_of(influx::QueryClient& client, const std::vector<Part>& parts,
                               const CopyFilter& filter, base::Timestamp now, Counting counting) {
  CopyPlan plan;
  for (const Part& part : parts) {
    auto one = counting == Counting::exact
                   ? exact_plan_of(client, part, filter.span(), CountSeries::yes)
                   : estimate_of(client, part, filter.span());
    if (!one) return one.error();
    if (one->extent) {
      plan.points += one->extent->points;
      plan.values += one->extent->values;
      plan.bytes += one->bytes;
    }
    plan.parts.push_back(std::move(*one));
  }
  plan.warnings = warnings_of(plan.parts, now);
  return plan;
}

}  // namespace haingest::migrate
