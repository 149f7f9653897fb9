// SPDX-License-Identifier: MIT
// One record as the data API shows it: which fields in which order, ha-ingestor's first, then every
// other column of the store. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/kind.hpp"
#include "core/model/table.hpp"
#include "core/model/world.hpp"
#include "core/store/reader.hpp"

namespace haingest::api {

// A row of the store, or one that HA no longer lists.
struct Record {
  model::Row row;
  const store::RemovedRecord* removed = nullptr;
};

struct Field {
  enum class Source {
    column,          // as it is stored
    effective_area,  // the area people see
    entity_count,    // how many entities a device has
    last_known,      // the later of last_seen and HA's last confirmation
    created,         // created_at, else first_seen
    version_one,     // ha-ingestor showed a config entry's version; HA tells nobody
    removed_at,
    removed_why,
    successor,
  };

  std::string_view name;
  Source source = Source::column;
  std::size_t column = 0;
  std::string_view placeholder = {};  // shown for NULL and empty text; none: null
  // The column that stands in for an empty one before the placeholder does.
  std::optional<std::size_t> stand_in = {};
};

// What a record of the kind shows, in order.
[[nodiscard]] std::span<const Field> fields_of(model::Kind kind);
// What one shows besides when removed records are asked for.
[[nodiscard]] std::span<const Field> removal_fields();
// Looks in both; nullptr when there is none of that name.
[[nodiscard]] const Field* find_field(model::Kind kind, std::string_view name);

// A field's value as text, for filters and sorting; what the JSON shows without quotes.
struct Shown {
  std::string text;
  bool null = true;
  bool number = false;
};
[[nodiscard]] Shown shown(const model::World& world, model::Kind kind, const Record& record,
                          const Field& field);

void append_field(std::string& out, const model::World& world, model::Kind kind,
                  const Record& record, const Field& field);
void append_record(std::string& out, const model::World& world, model::Kind kind,
                   const Record& record, std::span<const Field* const> fields);

// "2026-11-25 01:30:00.123456", as stored, to "2026-11-25T01:30:00.123456+00:00"; anything else
// comes back as it is.
[[nodiscard]] std::string iso_of(std::string_view stored);

// The rows that were kept of removed records, parsed back into cells.
[[nodiscard]] model::Table table_of(model::Kind kind,
                                    const std::vector<store::RemovedRecord>& removed);

}  // namespace haingest::api
