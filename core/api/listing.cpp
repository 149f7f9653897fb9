// SPDX-License-Identifier: MIT
// Lists of records: the parameters they take, and the page that comes of it.
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "core/api/views.hpp"
#include "core/base/text.hpp"

namespace haingest::api {
namespace {

using model::Kind;

constexpr std::int64_t k_default_limit = 100;

std::int64_t most_of(Kind kind) { return kind == Kind::entity ? 10'000 : 1'000; }

// The key of the list in its answer; ha-ingestor called config entries integrations.
std::string_view list_name(Kind kind) {
  return kind == Kind::config_entry ? "integrations" : model::plural_of(kind);
}

// The columns that `q` looks into.
std::vector<std::size_t> searched_columns(Kind kind) {
  constexpr std::array<std::string_view, 13> names{
      "device_id",    "entity_id",    "area_id", "floor_id",  "label_id",      "entry_id", "name",
      "name_by_user", "manufacturer", "model",   "unique_id", "original_name", "title"};
  std::vector<std::size_t> columns;
  for (const std::string_view name : names) {
    if (const auto column = model::column_index(kind, name)) columns.push_back(*column);
  }
  return columns;
}

void refuse_field(Kind kind, std::string_view parameter, std::string_view name,
                  Parameters& parameters) {
  std::vector<std::string> names;
  for (const Field& field : fields_of(kind)) names.emplace_back(field.name);
  const std::string meant = base::closest_to(name, names);
  std::string message = "Value error, there is no field '" + std::string{name} + "'";
  if (!meant.empty()) message += "; did you mean '" + meant + "'?";
  parameters.refuse(
      {"query", std::string{parameter}, "value_error", std::move(message), std::string{name}, {}});
}

std::vector<const Field*> read_fields(Kind kind, bool include_removed, Parameters& parameters) {
  std::vector<const Field*> fields;
  const std::string list = parameters.text("fields");
  std::string_view rest = list;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view name = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (name.empty()) continue;
    const Field* field = find_field(kind, name);
    if (field == nullptr) {
      refuse_field(kind, "fields", name, parameters);
    } else if (std::ranges::find(fields, field) == fields.end()) {
      fields.push_back(field);
    }
  }
  if (!fields.empty()) return fields;
  for (const Field& field : fields_of(kind)) fields.push_back(&field);
  if (include_removed) {
    for (const Field& field : removal_fields()) fields.push_back(&field);
  }
  return fields;
}

struct Sortable {
  Record record;
  Shown key;
  std::string_view id;
};

int compare_text(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto x = static_cast<unsigned char>(lower(a[i]));
    const auto y = static_cast<unsigned char>(lower(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return 0;
}

// Digits compare as numbers do when the longer one is the bigger.
int compare_number(std::string_view a, std::string_view b) {
  const bool a_below = a.starts_with('-');
  const bool b_below = b.starts_with('-');
  if (a_below != b_below) return a_below ? -1 : 1;
  const int order = a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
  return a_below ? -order : order;
}

// Nothing known comes last in either direction; equal ones are in the order of their keys.
bool before(const Sortable& a, const Sortable& b, bool descending) {
  if (a.key.null != b.key.null) return b.key.null;
  const int order =
      a.key.number ? compare_number(a.key.text, b.key.text) : compare_text(a.key.text, b.key.text);
  if (order != 0) return descending ? order > 0 : order < 0;
  return a.id < b.id;
}

bool found_by(const Record& record, const std::vector<std::size_t>& columns,
              std::string_view search) {
  return std::ranges::any_of(columns, [&](std::size_t column) {
    return record.row[column].has_text() &&
           base::contains_ignoring_case(record.row[column].text(), search);
  });
}

// What passes filters and search, in the order of the store.
class Selection {
 public:
  Selection(Kind kind, const ListQuery& query, const model::World& world)
      : kind_(kind), query_(query), world_(world), searched_(searched_columns(kind)) {}

  void consider(const Record& record) {
    if (!query_.search.empty() && !found_by(record, searched_, query_.search)) return;
    const bool wanted = std::ranges::all_of(query_.filters, [&](const auto& filter) {
      return passes(world_, kind_, record, filter.first, filter.second);
    });
    if (!wanted) return;
    Sortable& entry = entries_.emplace_back(Sortable{record, {}, {}});
    entry.id = record.row[model::k_key_column].text();
    if (query_.sort != nullptr) entry.key = shown(world_, kind_, record, *query_.sort);
  }

  std::vector<Sortable> sorted() && {
    const auto order = [this](const Sortable& a, const Sortable& b) {
      return before(a, b, query_.descending);
    };
    if (!std::ranges::is_sorted(entries_, order)) std::ranges::stable_sort(entries_, order);
    return std::move(entries_);
  }

 private:
  Kind kind_;
  const ListQuery& query_;
  const model::World& world_;
  std::vector<std::size_t> searched_;
  std::vector<Sortable> entries_;
};

void append_number(std::string& out, std::string_view name, std::int64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(value);
}

}  // namespace

ListQuery read_list_query(Kind kind, Parameters& parameters) {
  constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();
  ListQuery query;
  query.limit = parameters.integer("limit", k_default_limit, 1, most_of(kind));
  query.offset = parameters.integer("offset", 0, 0, endless);
  query.search = parameters.text("q");
  query.include_removed = parameters.flag("include_removed", false);
  query.fields = read_fields(kind, query.include_removed, parameters);
  const std::string sort = parameters.text("sort");
  if (!sort.empty()) {
    query.descending = sort.starts_with('-');
    const std::string name = sort.substr(query.descending ? 1 : 0);
    query.sort = find_field(kind, name);
    if (query.sort == nullptr) refuse_field(kind, "sort", name, parameters);
  }
  for (const std::string_view filter : filters_of(kind)) {
    std::string wanted;
    if (filter == "disabled") {
      if (parameters.raw(filter)) wanted = parameters.flag(filter, false) ? "true" : "false";
    } else {
      wanted = parameters.text(filter);
    }
    if (!wanted.empty()) query.filters.emplace_back(filter, std::move(wanted));
  }
  return query;
}

std::string list_view(Kind kind, const ListQuery& query, Library& library) {
  const auto world = library.world();
  const auto removed =
      query.include_removed ? library.removed(kind) : std::vector<store::RemovedRecord>{};
  const model::Table removed_rows = table_of(kind, removed);
  Selection selection(kind, query, *world);
  const model::Table& living = world->of(kind);
  for (std::size_t i = 0; i < living.size(); ++i) selection.consider({living.row(i)});
  for (std::size_t i = 0; i < removed.size(); ++i) {
    selection.consider({removed_rows.row(i), &removed[i]});
  }
  const std::vector<Sortable> all = std::move(selection).sorted();
  const auto total = static_cast<std::int64_t>(all.size());
  const std::int64_t first = std::min(query.offset, total);
  const std::int64_t count = std::min(query.limit, total - first);

  std::string out;
  out.reserve(static_cast<std::size_t>(count) * 640 + 128);
  out += "{\"";
  out += list_name(kind);
  out += "\":[";
  for (std::int64_t i = first; i < first + count; ++i) {
    if (i > first) out += ',';
    append_record(out, *world, kind, all[static_cast<std::size_t>(i)].record, query.fields);
  }
  out += ']';
  append_number(out, "count", count);
  append_number(out, "limit", query.limit);
  append_number(out, "total", total);
  append_number(out, "offset", query.offset);
  out += '}';
  return out;
}

ItemQuery read_item_query(Kind kind, Parameters& parameters) {
  ItemQuery query;
  query.include_removed = parameters.flag("include_removed", false);
  query.fields = read_fields(kind, query.include_removed, parameters);
  return query;
}

std::optional<std::string> item_view(Kind kind, const std::string& id, const ItemQuery& query,
                                     Library& library) {
  const auto world = library.world();
  const auto row =
      kind == Kind::device ? world->find_device_or_successor(id) : world->find(kind, id);
  std::string out;
  if (row) {
    append_record(out, *world, kind, {*row}, query.fields);
    return out;
  }
  if (!query.include_removed) return std::nullopt;
  const auto removed = library.removed(kind);
  const model::Table rows = table_of(kind, removed);
  for (std::size_t i = 0; i < removed.size(); ++i) {
    if (removed[i].id != id && rows.row(i)[model::k_key_column].text() != id) continue;
    append_record(out, *world, kind, {rows.row(i), &removed[i]}, query.fields);
    return out;
  }
  return std::nullopt;
}

}  // namespace haingest::api
