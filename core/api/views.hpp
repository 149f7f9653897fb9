// SPDX-License-Identifier: MIT
// World and query to JSON text: everything that the data API's reads show. Each view reads its
// parameters first (which also makes the key its answer is kept under), then renders. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/api/library.hpp"
#include "core/api/query.hpp"
#include "core/api/records.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/kind.hpp"

namespace haingest::api {

// GET /api/devices and its like: filtered, searched, sorted, cut, and shown by field.
struct ListQuery {
  std::int64_t limit = 0;
  std::int64_t offset = 0;
  std::string search;
  const Field* sort = nullptr;  // nullptr: by key
  bool descending = false;
  std::vector<const Field*> fields;
  bool include_removed = false;
  std::vector<std::pair<std::string, std::string>> filters;  // name and wanted value
};
[[nodiscard]] ListQuery read_list_query(model::Kind kind, Parameters& parameters);
[[nodiscard]] std::string list_view(model::Kind kind, const ListQuery& query, Library& library);

// The names of a kind's filters, for the documentation of the routes.
[[nodiscard]] std::vector<std::string_view> filters_of(model::Kind kind);
// Whether a record passes; `filter` is one of filters_of(kind).
[[nodiscard]] bool passes(const model::World& world, model::Kind kind, const Record& record,
                          std::string_view filter, std::string_view wanted);

// GET /api/devices/{id}: none when there is no such record. A retired device id gives its
// successor.
struct ItemQuery {
  std::vector<const Field*> fields;
  bool include_removed = false;
};
[[nodiscard]] ItemQuery read_item_query(model::Kind kind, Parameters& parameters);
[[nodiscard]] std::optional<std::string> item_view(model::Kind kind, const std::string& id,
                                                   const ItemQuery& query, Library& library);

// GET /api/integrations/{platform}/analytics; zeros for a platform that has nothing.
[[nodiscard]] std::string analytics_view(const std::string& platform, Library& library);

// GET /api/changes
struct ChangesQuery {
  std::int64_t since = 0;
  std::int64_t limit = 0;
};
[[nodiscard]] ChangesQuery read_changes_query(Parameters& parameters);
struct ChangesAnswer {
  bool pruned = false;  // 410: `since` is older than what is kept
  bool beyond = false;  // 410 as well: it is no number of this database
  std::int64_t next = 0;
  std::string json;
};
[[nodiscard]] ChangesAnswer changes_view(const ChangesQuery& query, Library& library);

// GET /health, / and /api/info
struct ServiceState {
  base::Timestamp started_at{};
  base::Timestamp now{};
  bool authentication = false;  // an API token is configured
};
struct HealthAnswer {
  int status = 200;
  std::string json;
};
[[nodiscard]] HealthAnswer health_view(const ServiceState& state, Library& library);
[[nodiscard]] std::string info_view(std::string_view message, const ServiceState& state);

}  // namespace haingest::api
