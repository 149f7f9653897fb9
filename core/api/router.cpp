// SPDX-License-Identifier: MIT
#include "core/api/router.hpp"

#include <array>
#include <utility>

#include "core/api/problem.hpp"

namespace haingest::api {
namespace {

using model::Kind;

constexpr std::string_view k_read_methods = "GET, HEAD, OPTIONS";

// The lists as the paths name them; HA's config entries were integrations to ha-ingestor.
constexpr std::array<std::pair<std::string_view, Kind>, 6> k_lists{{
    {"devices", Kind::device},
    {"entities", Kind::entity},
    {"integrations", Kind::config_entry},
    {"areas", Kind::area},
    {"floors", Kind::floor},
    {"labels", Kind::label},
}};

std::optional<Kind> listed_kind(std::string_view name) {
  for (const auto& [list, kind] : k_lists) {
    if (list == name) return kind;
  }
  return std::nullopt;
}

std::optional<Match> match_api(const std::vector<std::string>& path) {
  if (path.size() == 2 && path[1] == "info") return Match{Route::info, {}, {}};
  if (path.size() == 2 && path[1] == "changes") return Match{Route::changes, {}, {}};
  if (path.size() < 2) return std::nullopt;
  const auto kind = listed_kind(path[1]);
  if (!kind) return std::nullopt;
  if (path.size() == 2) return Match{Route::list, *kind, {}};
  if (*kind == Kind::config_entry) {
    if (path.size() == 4 && path[3] == "analytics") return Match{Route::analytics, *kind, path[2]};
    return std::nullopt;
  }
  if (path.size() == 3) return Match{Route::item, *kind, path[2]};
  return std::nullopt;
}

std::optional<Match> match_internal(const std::vector<std::string>& path) {
  if (path.size() == 2 && path[1] == "snapshot") return Match{Route::snapshot, {}, {}};
  if (path.size() != 3) return std::nullopt;
  if (path[1] == "devices" && path[2] == "bulk_upsert") return Match{Route::upsert_devices, {}, {}};
  if (path[1] == "entities" && path[2] == "bulk_upsert") {
    return Match{Route::upsert_entities, {}, {}};
  }
  if (path[1] == "devices" && path[2] == "clear") return Match{Route::clear, {}, {}};
  return std::nullopt;
}

std::string word_of(Kind kind) {
  std::string word{model::name_of(kind)};
  word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

Response json(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

Read read_list(Kind kind, Parameters& parameters) {
  ListQuery query = read_list_query(kind, parameters);
  Read read;
  read.render = [kind, query = std::move(query)](Library& library) {
    return json(list_view(kind, query, library));
  };
  return read;
}

Read read_item(const Match& match, Parameters& parameters, const base::Clock& clock) {
  ItemQuery query = read_item_query(match.kind, parameters);
  Read read;
  read.render = [match, query = std::move(query), clock](Library& library) {
    auto item = item_view(match.kind, match.id, query, library);
    if (item) return json(std::move(*item));
    return problem(404, word_of(match.kind) + " " + match.id + " not found", clock());
  };
  return read;
}

Read read_changes(Parameters& parameters, const base::Clock& clock) {
  const ChangesQuery query = read_changes_query(parameters);
  Read read;
  read.render = [query, clock](Library& library) {
    ChangesAnswer answer = changes_view(query, library);
    if (!answer.pruned) return json(std::move(answer.json));
    const std::string since = std::to_string(query.since);
    const std::string why =
        answer.beyond ? since + " is no number of this database, whose newest change is " +
                            std::to_string(answer.next) +
                            " (it was made anew, or the number is of another one)"
                      : "Changes after " + since + " are no longer kept";
    return gone_problem(why + ": read the lists anew, then go on from \"next\".", answer.next,
                        clock());
  };
  return read;
}

Read read_of(const Match& match, Parameters& parameters, const base::Clock& clock,
             const ServiceState& state) {
  Read read;
  read.kept = false;
  switch (match.route) {
    case Route::list:
      return read_list(match.kind, parameters);
    case Route::item:
      return read_item(match, parameters, clock);
    case Route::changes:
      return read_changes(parameters, clock);
    case Route::analytics:
      read.kept = true;
      read.render = [platform = match.id](Library& library) {
        return json(analytics_view(platform, library));
      };
      break;
    case Route::health:
      read.render = [state](Library& library) {
        HealthAnswer health = health_view(state, library);
        Response response = json(std::move(health.json));
        response.status = health.status;
        return response;
      };
      break;
    case Route::root:
      read.render = [state](Library&) { return json(info_view("haingest data API", state)); };
      break;
    default:
      read.render = [state](Library&) {
        return json(info_view("Data API information retrieved successfully", state));
      };
  }
  return read;
}

std::optional<Write> write_of(const Match& match, Parameters& parameters) {
  Write write;
  switch (match.route) {
    case Route::upsert_devices:
      write.action = Write::Action::upsert_devices;
      return write;
    case Route::upsert_entities:
      write.action = Write::Action::upsert_entities;
      return write;
    case Route::clear:
      write.action = Write::Action::clear;
      return write;
    case Route::snapshot:
      return read_snapshot_options(parameters);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Match> match(const Target& target) {
  const std::vector<std::string>& path = target.segments;
  if (path.empty()) return Match{Route::root, {}, {}};
  if (path.size() == 1 && path[0] == "health") return Match{Route::health, {}, {}};
  if (path[0] == "api") return match_api(path);
  if (path[0] == "internal") return match_internal(path);
  return std::nullopt;
}

std::string_view methods_of(Route route) {
  switch (route) {
    case Route::upsert_devices:
    case Route::upsert_entities:
    case Route::snapshot:
      return "POST, OPTIONS";
    case Route::clear:
      return "DELETE, OPTIONS";
    default:
      return k_read_methods;
  }
}

bool takes(Route route, Method method) {
  const std::string_view methods = methods_of(route);
  switch (method) {
    case Method::get:
    case Method::head:
      return methods == k_read_methods;
    case Method::post:
      return methods.starts_with("POST");
    case Method::remove:
      return methods.starts_with("DELETE");
    case Method::options:
      return true;
    case Method::other:
      return false;
  }
  return false;
}

Task task_of(const Match& match, const Target& target, const base::Clock& clock,
             const ServiceState& state) {
  Parameters parameters(target);
  if (auto write = write_of(match, parameters)) {
    if (!parameters.violations().empty()) {
      return validation_problem(parameters.violations(), clock());
    }
    return std::move(*write);
  }
  Read read = read_of(match, parameters, clock, state);
  if (!parameters.violations().empty()) return validation_problem(parameters.violations(), clock());
  read.key = std::to_string(static_cast<int>(match.route));
  read.key += '/';
  read.key += model::name_of(match.kind);
  read.key += '/';
  read.key += std::to_string(match.id.size());
  read.key += ':';
  read.key += match.id;
  read.key += parameters.key();
  return read;
}

}  // namespace haingest::api
