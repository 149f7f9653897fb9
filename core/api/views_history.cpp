// SPDX-License-Identifier: MIT
// GET /api/changes and GET /api/integrations/{platform}/analytics.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/api/views.hpp"
#include "core/base/json_object.hpp"
#include "core/base/text.hpp"

namespace haingest::api {
namespace {

using model::Kind;

std::string change_json(const store::StoredChange& stored) {
  return base::JsonObject{}
      .number("seq", stored.change.seq)
      .number("run", stored.run)
      .text("at", iso_of(stored.at))
      .text("kind", model::name_of(stored.change.kind))
      .text("id", stored.change.id)
      .text("action", model::name_of(stored.change.action))
      .json("before", stored.change.before)
      .json("after", stored.change.after)
      .done();
}

struct Breakdown {
  std::set<std::string_view> devices;
  std::map<std::string_view, std::int64_t> domains;
  std::int64_t entities = 0;
  std::string_view last_seen;
};

Breakdown breakdown_of(const model::World& world, const std::string& platform) {
  namespace e = model::entity;
  Breakdown sums;
  const model::Table& entities = world.of(Kind::entity);
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const model::Row row = entities.row(i);
    sums.last_seen = std::max(sums.last_seen, row[e::last_seen].text());
    if (!passes(world, Kind::entity, {row}, "platform", platform)) continue;
    ++sums.entities;
    ++sums.domains[row[e::domain].text()];
    if (row[e::device_id].has_text()) sums.devices.insert(row[e::device_id].text());
  }
  return sums;
}

}  // namespace

ChangesQuery read_changes_query(Parameters& parameters) {
  ChangesQuery query;
  query.since = parameters.integer("since", 0, 0, std::numeric_limits<std::int64_t>::max());
  query.limit = parameters.integer("limit", 100, 1, 1'000);
  return query;
}

ChangesAnswer changes_view(const ChangesQuery& query, Library& library) {
  const store::ChangesPage page = library.changes_since(query.since, query.limit);
  ChangesAnswer answer{page.pruned, page.beyond, page.next, {}};
  if (page.pruned) return answer;
  std::string& out = answer.json;
  out += "{\"changes\":[";
  for (const store::StoredChange& stored : page.changes) {
    if (out.back() == '}') out += ',';
    out += change_json(stored);
  }
  out += "],\"count\":" + std::to_string(page.changes.size());
  out += ",\"limit\":" + std::to_string(query.limit);
  out += ",\"next\":" + std::to_string(page.next) + '}';
  return answer;
}

std::string analytics_view(const std::string& platform, Library& library) {
  const auto world = library.world();
  const Breakdown sums = breakdown_of(*world, platform);
  std::vector<std::pair<std::string_view, std::int64_t>> domains(sums.domains.begin(),
                                                                 sums.domains.end());
  std::ranges::stable_sort(domains, std::ranges::greater{}, [](const auto& d) { return d.second; });

  std::string out = "{\"platform\":";
  base::append_json_string(out, platform);
  out += ",\"device_count\":" + std::to_string(sums.devices.size());
  out += ",\"entity_count\":" + std::to_string(sums.entities);
  out += ",\"entity_breakdown\":[";
  for (const auto& [domain, count] : domains) {
    if (out.back() == '}') out += ',';
    out += "{\"domain\":";
    base::append_json_string(out, domain);
    out += ",\"count\":" + std::to_string(count) + '}';
  }
  // The moment that these numbers are of, not that of the question: the answer can be kept.
  std::string as_of{sums.last_seen};
  if (const auto& confirmed = world->stored().confirmed_at) {
    as_of = std::max(as_of, base::to_sqlite_text(*confirmed));
  }
  out += "],\"timestamp\":";
  if (as_of.empty()) {
    out += "null";
  } else {
    base::append_json_string(out, iso_of(as_of));
  }
  out += '}';
  return out;
}

}  // namespace haingest::api
