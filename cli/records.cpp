// SPDX-License-Identifier: MIT
#include "cli/records.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "core/model/portable_json.hpp"

namespace haingest::cli {
namespace {

using model::Kind;
using model::Row;
using nlohmann::json;

constexpr std::string_view k_aliases = "aliases";
constexpr std::string_view k_states = "states";

// A column of the overview: its heading and the field behind it.
struct Heading {
  std::string_view heading;
  std::string_view field;
};

std::vector<Heading> headings_of(std::string_view word) {
  if (word == "devices") {
    return {{"id", "id"},       {"name", "display_name"}, {"manufacturer", "manufacturer"},
            {"model", "model"}, {"area", "area_name"},    {"integration", "integration"}};
  }
  if (word == "entities") {
    return {{"entity_id", "entity_id"}, {"name", "display_name"}, {"device", "device_name"},
            {"area", "area_name"},      {"platform", "platform"}, {"disabled_by", "disabled_by"}};
  }
  if (word == "areas") {
    return {
        {"area_id", "area_id"}, {"name", "name"}, {"floor_id", "floor_id"}, {"labels", "labels"}};
  }
  if (word == "floors") return {{"floor_id", "floor_id"}, {"name", "name"}, {"level", "level"}};
  if (word == "labels") {
    return {{"label_id", "label_id"},
            {"name", "name"},
            {"color", "color"},
            {"description", "description"}};
  }
  if (word == "config_entries") {
    return {{"entry_id", "entry_id"}, {"domain", "domain"}, {"title", "title"}, {"state", "state"}};
  }
  if (word == k_aliases) {
    return {{"old_id", "old_id"}, {"new_ids", "new_ids"}, {"primary_id", "primary_id"}};
  }
  return {{"entity_id", "entity_id"},
          {"name", "name"},
          {"unit", "unit"},
          {"device_class", "device_class"}};
}

// Fields that stand in no record but follow from several.
std::vector<std::string_view> derived_fields(std::optional<Kind> kind) {
  if (kind == Kind::device) return {"display_name", "effective_area", "area_name"};
  if (kind == Kind::entity) return {"display_name", "device_name", "effective_area", "area_name"};
  return {};
}

std::string_view first_text(std::initializer_list<model::Value> values) {
  for (const model::Value value : values) {
    if (!value.text().empty()) return value.text();
  }
  return {};
}

std::string_view display_name(Kind kind, Row row) {
  if (kind == Kind::device) {
    namespace d = model::device;
    return first_text({row[d::name_by_user], row[d::name], row[d::model], row[d::device_id]});
  }
  namespace e = model::entity;
  return first_text({row[e::name], row[e::original_name], row[e::entity_id]});
}

std::string derived_text(const model::World& world, Kind kind, Row row, std::string_view field) {
  if (field == "display_name") return std::string(display_name(kind, row));
  if (field == "device_name") {
    const auto owner = world.find(Kind::device, row[model::entity::device_id].text());
    return owner ? std::string(display_name(Kind::device, *owner)) : "";
  }
  const model::Value area =
      kind == Kind::device ? world.effective_device_area(row) : world.effective_area(row);
  if (field == "effective_area") return std::string(area.text());
  const auto found = world.find(Kind::area, area.text());
  // HA's references may dangle: then the id is all there is.
  return std::string(found ? (*found)[model::area::name].text_or(area.text()) : area.text());
}

std::string alias_json(const model::Alias& alias) {
  json object{{"old_id", alias.old_id}, {"new_ids", alias.new_ids}};
  object["primary_id"] = alias.primary_id.empty() ? json() : json(alias.primary_id);
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

model::Stored stored_of(model::Snapshot& snapshot) {
  model::Stored stored;
  for (const Kind kind : model::k_kinds) stored.of(kind) = std::move(snapshot.of(kind).table);
  stored.aliases = std::move(snapshot.splits);
  return stored;
}

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string plain(const json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : dumped(value);
}

// None of a part that was not answered.
std::vector<std::string> answered(const model::Document& document, model::Part part) {
  const model::Answer& answer = document.answer(part);
  if (!answer.ok()) return {};
  return model::elements_of(answer.json).value();
}

}  // namespace

std::vector<std::string_view> record_words() {
  std::vector<std::string_view> words;
  words.reserve(model::k_kinds.size() + 2);
  for (const Kind kind : model::k_kinds) words.push_back(model::plural_of(kind));
  words.push_back(k_aliases);
  words.push_back(k_states);
  return words;
}

std::vector<model::Part> parts_behind(std::string_view word,
                                      const std::vector<std::string>& fields) {
  using model::Part;
  if (word == k_aliases) return {Part::composite_splits};
  if (word == k_states) return {Part::states};
  const Kind kind = model::kind_from_plural(word).value();
  std::vector<Part> parts{static_cast<Part>(kind)};
  const auto from = [&](std::initializer_list<std::string_view> names, Part part) {
    const bool asked = std::ranges::any_of(fields, [&](const std::string& field) {
      return std::ranges::find(names, field) != names.end();
    });
    if (asked) parts.push_back(part);
  };
  if (kind == Kind::device) from({"integration"}, Part::config_entries);
  if (kind == Kind::entity) from({"device_name", "effective_area", "area_name"}, Part::devices);
  if (kind == Kind::entity) from({"unit", "device_class"}, Part::states);
  if (kind == Kind::device || kind == Kind::entity) from({"area_name"}, Part::areas);
  return parts;
}

std::vector<std::string> overview_fields(std::string_view word) {
  std::vector<std::string> fields;
  for (const Heading& heading : headings_of(word)) fields.emplace_back(heading.field);
  return fields;
}

struct Records::Impl {
  std::string word;
  std::optional<Kind> kind;  // none: aliases, states
  model::Snapshot snapshot;  // owns what `world` shows of a document
  std::optional<model::World> world;
  std::vector<std::string> texts;
  std::vector<json> objects;  // the same, parsed; a record that is no object is an empty one
  std::set<std::string, std::less<>> known;  // the fields that may be asked for

  explicit Impl(std::string_view name) : word(name), kind(model::kind_from_plural(name)) {}

  void parse() {
    for (const std::string& text : texts) {
      json object = json::parse(model::portable_json(text), nullptr, false);
      objects.push_back(object.is_object() ? std::move(object) : json::object());
    }
    collect_fields();
  }

  // Once, from all records: a condition that leaves none of them takes no field away.
  void collect_fields() {
    if (kind) {
      for (const model::Column& column : model::columns_of(*kind)) known.emplace(column.name);
    }
    for (const std::string_view field : derived_fields(kind)) known.emplace(field);
    for (const Heading& heading : headings_of(word)) known.emplace(heading.field);
    for (const json& object : objects) {
      for (const auto& [field, value] : object.items()) known.insert(field);
    }
  }

  [[nodiscard]] std::optional<Row> row_of(const json& object) const {
    if (!kind) return std::nullopt;
    const model::Column& key = model::columns_of(*kind)[model::k_key_column];
    for (const std::string_view name : {key.ha_field, key.name}) {
      const auto id = name.empty() ? object.end() : object.find(name);
      if (id != object.end()) return world->find(*kind, plain(*id));
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::size_t> column_of(std::string_view field) const {
    const auto columns = model::columns_of(*kind);
    const auto at = std::ranges::find_if(columns, [&](const model::Column& column) {
      return column.name == field || (!column.ha_field.empty() && column.ha_field == field);
    });
    if (at == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(at - columns.begin());
  }

  // As HA calls it, else as the database does, else derived.
  [[nodiscard]] json value_of(const json& object, std::string_view field) const {
    if (const auto own = object.find(field); own != object.end()) return *own;
    const std::optional<Row> row = row_of(object);
    if (!row) return {};
    if (const auto column = column_of(field)) {
      std::string text;
      model::append_json(text, model::columns_of(*kind)[*column].type, (*row)[*column]);
      return json::parse(text, nullptr, false);
    }
    const auto derived = derived_fields(kind);
    if (std::ranges::find(derived, field) == derived.end()) return {};
    std::string text = derived_text(*world, *kind, *row, field);
    return text.empty() ? json() : json(std::move(text));
  }

  void require(const std::vector<std::string>& fields) const {
    for (const std::string& field : fields) {
      if (known.contains(field)) continue;
      const std::string meant = base::closest_to(field, {known.begin(), known.end()});
      throw base::Failure(base::ErrorKind::usage,
                          word + " have no field '" + field + "'" +
                              (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
  }

  [[nodiscard]] bool matches(const json& object, const std::string& field,
                             const std::string& glob) const {
    const json value = value_of(object, field);
    const bool nothing = value.is_string() ? plain(value).empty() : value.empty();
    if (nothing) return glob.empty();
    if (base::matches_glob(plain(value), glob)) return true;
    return value.is_array() && std::ranges::any_of(value, [&](const json& element) {
             return base::matches_glob(plain(element), glob);
           });
  }
};

Records::Records(std::string_view word, const model::Document& document)
    : impl_(std::make_unique<Impl>(word)) {
  impl_->snapshot = model::to_snapshot(document);
  impl_->world.emplace(stored_of(impl_->snapshot));
  if (impl_->kind) {
    impl_->texts = answered(document, static_cast<model::Part>(*impl_->kind));
  } else if (word == k_states) {
    impl_->texts = answered(document, model::Part::states);
  } else {
    for (const model::Alias& alias : impl_->world->stored().aliases) {
      impl_->texts.push_back(alias_json(alias));
    }
  }
  impl_->parse();
}

Records::Records(std::string_view word, model::Stored stored)
    : impl_(std::make_unique<Impl>(word)) {
  if (word == k_states) {
    throw base::Failure(base::ErrorKind::usage,
                        "the database keeps no states apart; the entities have their units and "
                        "device classes",
                        "haingest discover entities --stored");
  }
  impl_->world.emplace(std::move(stored));
  const model::Stored& all = impl_->world->stored();
  if (impl_->kind) {
    const model::Table& table = all.of(*impl_->kind);
    for (std::size_t i = 0; i < table.size(); ++i) {
      impl_->texts.push_back(model::to_json(*impl_->kind, table.row(i)));
    }
  } else {
    for (const model::Alias& alias : all.aliases) impl_->texts.push_back(alias_json(alias));
  }
  impl_->parse();
}

Records::~Records() = default;

void Records::keep(const std::vector<Condition>& conditions) {
  for (const auto& [field, glob] : conditions) {
    impl_->require({field});
    std::vector<std::string> texts;
    std::vector<json> objects;
    for (std::size_t i = 0; i < impl_->objects.size(); ++i) {
      if (!impl_->matches(impl_->objects[i], field, glob)) continue;
      texts.push_back(std::move(impl_->texts[i]));
      objects.push_back(std::move(impl_->objects[i]));
    }
    impl_->texts = std::move(texts);
    impl_->objects = std::move(objects);
  }
}

const std::vector<std::string>& Records::texts() const { return impl_->texts; }

Rows Records::fields(const std::vector<std::string>& names) const {
  impl_->require(names);
  Rows rows{names, {}};
  for (const json& object : impl_->objects) {
    std::vector<Cell>& row = rows.cells.emplace_back();
    for (const std::string& name : names) {
      const json value = impl_->value_of(object, name);
      row.push_back({plain(value), dumped(value)});
    }
  }
  return rows;
}

Rows Records::overview() const {
  Rows rows = fields(overview_fields(impl_->word));
  rows.columns.clear();
  for (const Heading& heading : headings_of(impl_->word)) {
    rows.columns.emplace_back(heading.heading);
  }
  return rows;
}

}  // namespace haingest::cli
