// SPDX-License-Identifier: MIT
#include "core/migrate/closed_shards.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

struct Shard {
  std::string id;
  Span span;
};
// By database and policy.
using Shards = std::map<std::pair<std::string, std::string>, std::vector<Shard>>;

// The newest first, without those of which no time can be read.
base::Result<Shards> all_shards(influx::QueryClient& client) {
  const auto rows = rows_of(client, {}, "SHOW SHARDS");
  if (!rows) return rows.error();
  Shards shards;
  for (const Row& row : *rows) {
    const auto begin = base::parse_timestamp(row.text("start_time"));
    const auto end = base::parse_timestamp(row.text("end_time"));
    if (!begin || !end) continue;
    shards[{row.text("database"), row.text("retention_policy")}].push_back(
        {std::to_string(row.number("id")),
         {nanoseconds_since_1970(*begin), nanoseconds_since_1970(*end)}});
  }
  for (auto& [where, of_policy] : shards) {
    std::ranges::sort(of_policy, std::ranges::greater{},
                      [](const Shard& shard) { return shard.span.begin; });
  }
  return shards;
}

// Statistics are kept of open ones alone.
base::Result<std::set<std::string>> open_ids(influx::QueryClient& client) {
  std::set<std::string> ids;
  influx::AnswerHandlers handlers;
  handlers.series = [&](const influx::Series& series) {
    for (const auto& [key, value] : series.tags) {
      if (series.name == "shard" && key == "id") ids.insert(value);
    }
  };
  const auto asked = client.ask({}, "SHOW STATS FOR 'shard'", handlers);
  if (!asked) return asked.error();
  return ids;
}

std::string day_of(std::int64_t nanoseconds) {
  return base::to_iso_text(base::Timestamp(std::chrono::microseconds(nanoseconds / 1'000)))
      .substr(0, 10);
}

}  // namespace

base::Result<std::vector<ClosedShard>> closed_shards(influx::QueryClient& client,
                                                     const Source& source, const Span& within,
                                                     base::Timestamp now) {
  std::vector<ClosedShard> closed;
  if (client.flavour() != influx::Flavour::influxdb1) return closed;
  const auto shards = all_shards(client);
  const auto open = shards ? open_ids(client) : shards.error();
  if (!open) {
    if (open.error().kind == base::ErrorKind::unreachable) return open.error();
    return closed;
  }
  for (const auto& each : *shards) {
    const auto& [database, policy] = each.first;
    if (std::ranges::find(source.databases, each.first.first, &Database::name) ==
        source.databases.end()) {
      continue;
    }
    bool is_missed = false;
    for (const Shard& shard : each.second) {
      if (open->contains(shard.id)) {
        is_missed = true;
      } else if (shard.span.begin <= nanoseconds_since_1970(now) && shard.span.begin < within.end &&
                 shard.span.end > within.begin) {
        closed.push_back({database, policy, shard.span, is_missed});
      }
    }
  }
  std::ranges::sort(closed, {}, [](const ClosedShard& shard) {
    return std::tuple(shard.database, shard.policy, shard.span.begin);
  });
  return closed;
}

std::string warning_of(const ClosedShard& shard) {
  const std::string begin = shard.database + "." + shard.policy +
                            ": InfluxDB has not opened the shard of " + day_of(shard.span.begin) +
                            " to " + day_of(shard.span.end);
  return begin + (shard.is_missed ? ", and shows nothing of it; its log says why, behind \"Failed "
                                    "to open shard\""
                                  : "; nobody has ever written into it, or it shows nothing of it: "
                                    "its log has \"Failed to open shard\" then");
}

}  // namespace haingest::migrate
