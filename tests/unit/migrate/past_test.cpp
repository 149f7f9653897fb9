// SPDX-License-Identifier: MIT
#include "core/migrate/past.hpp"

#include <algorithm>

#include "core/migrate/layout.hpp"
#include "core/migrate/records.hpp"
#include "core/model/kind.hpp"
#include "tests/support/catch.hpp"

namespace haingest::migrate {
namespace {

using std::string_literals::operator""s;

namespace device = model::device;

using Cells = std::vector<std::string>;

Records some_records() {
  Records records(Layout::ha_ingestor, model::Kind::device, {device::name, device::area_id});
  records.enter("house", "autogen");
  return records;
}

// "id name area first_seen last_seen" of each device, what is absent as "-".
std::string words_of(const Records& records) {
  model::Table table(model::Kind::device);
  records.append_to(table);
  std::string words;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const model::Row row = std::as_const(table).row(i);
    for (const std::size_t column : {device::device_id, device::name, device::area_id}) {
      words += std::string(row[column].is_absent() ? "-" : row[column].text()) + " ";
    }
    words += std::string(row[device::first_seen].text().substr(17)) + " " +
             std::string(row[device::last_seen].text().substr(17)) + "\n";
  }
  return words;
}

Measurement of_states(std::string name, const std::vector<std::string>& more = {}) {
  Measurement measurement{
      std::move(name), {"domain", "entity_id"}, {{"value", {FieldType::floating}}}};
  for (const std::string& field : more) measurement.fields.push_back({field, {FieldType::text}});
  return measurement;
}

}  // namespace

TEST_CASE("records: the newest row of an id counts whatever the order and the place") {
  const std::vector<std::pair<std::int64_t, Cells>> rows{
      {1'000, {"old", "a"}}, {3'000, {"new", ""}}, {2'000, {"between", "b"}}};
  std::vector<std::size_t> order{0, 1, 2};
  do {
    Records records = some_records();
    for (const std::size_t i : order) {
      records.see("d", rows[i].first, rows[i].second);
      records.enter("house", "place " + std::to_string(i));
    }
    CHECK(words_of(records) == "d new - 00.000001 00.000003\n");
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("records: other traces of an id change when it was seen, and nothing else") {
  Records records = some_records();
  records.see("d", 2'000, {"name", "a"});
  records.see_at("d", 9'000);
  records.see_at("d", 1'000);
  records.see_at("other", 1'000);
  records.see("d", 3'000, {"new", "b"});
  CHECK(words_of(records) == "d new b 00.000001 00.000009\n");
}

TEST_CASE("records: of one moment the row that tells the most, then the greatest") {
  std::vector<Cells> rows{{"b", ""}, {"a", "z"}, {"", "zz"}, {"a", "y"}};
  std::ranges::sort(rows);
  do {
    Records records = some_records();
    for (const Cells& cells : rows) records.see("d", 0, cells);
    CHECK(words_of(records) == "d a z 00.000000 00.000000\n");
  } while (std::ranges::next_permutation(rows).found);
  Records records = some_records();
  records.see("d", 1, {"tells", "more"});
  records.see("d", 2, {"newer by a nanosecond", ""});
  CHECK(words_of(records) == "d newer by a nanosecond - 00.000000 00.000000\n");
}

TEST_CASE("records: by id, each once, a device without a name by its id") {
  Records records = some_records();
  for (const char* id : {"b", "a", "B", "b"}) records.see(id, 0, {"", ""});
  records.see_at("a", -1);
  CHECK(words_of(records) ==
        "B B - 00.000000 00.000000\n"
        "a a - 59.999999 00.000000\n"
        "b b - 00.000000 00.000000\n");
}

TEST_CASE("records: what a store cannot hold does not come through") {
  Records records = some_records();
  for (const std::string& id : {""s, "\xff"s, "a\0b"s, "\xc3"s, "\xed\xa0\x80"s}) {
    records.see(id, 0, {"x", ""});
  }
  CHECK(records.empty());
  CHECK(records.found().empty());
  records.see("\xc3\xbc\n", 0, {"\xff\0\t\xc3\xbc"s, "\xf0\x9f\x98\x80"});
  CHECK(words_of(records) ==
        "\xc3\xbc\n \xEF\xBF\xBD\xEF\xBF\xBD\t\xc3\xbc \xf0\x9f\x98\x80 00.000000 00.000000\n");
}

TEST_CASE("records: where they were found, ids counted once a place") {
  Records records = some_records();
  records.see("a", 1'999, {"", ""});
  records.see("b", -1, {"", ""});
  records.see("a", 0, {"", ""});
  records.enter("empty", "autogen");
  records.enter("other", "long");
  records.see("a", -1'000, {"", ""});
  const std::vector<Found> found = records.found();
  REQUIRE(found.size() == 2);
  CHECK(found[0].database == "house");
  CHECK(found[0].policy == "autogen");
  CHECK(found[0].records == 2);
  CHECK(base::to_sqlite_text(found[0].newest) == "1970-01-01 00:00:00.000001");
  CHECK(found[1].database == "other");
  CHECK(found[1].policy == "long");
  CHECK(found[1].records == 1);
  CHECK(found[1].kind == model::Kind::device);
  CHECK(found[1].layout == Layout::ha_ingestor);
  CHECK(base::to_sqlite_text(found[1].newest) == "1969-12-31 23:59:59.999999");
}

TEST_CASE("layouts: which measurement is of which") {
  const auto word = [](const Measurement& measurement) {
    return std::string(has_devices(measurement) ? "d" : "") +
           (has_entities(measurement) ? "e" : "") + (has_states(measurement) ? "s" : "") +
           (has_events(measurement) ? "v" : "");
  };
  const Field text{"name", {FieldType::text}};
  CHECK(word({"devices", {"device_id"}, {text}}) == "d");
  CHECK(word({"devices", {"id"}, {text}}).empty());
  CHECK(word({"entities", {"domain", "entity_id"}, {{"disabled", {FieldType::boolean}}}}) == "e");
  CHECK(word({"gadgets", {"device_id"}, {text}}).empty());
  CHECK(word(of_states("°C")) == "s");
  // Chosen by somebody for Home Assistant's integration.
  CHECK(word(of_states("entities")) == "s");
  CHECK(word({"devices", {"device_id", "domain", "entity_id"}, {{"state", {FieldType::text}}}}) ==
        "s");
  // Events of ha-ingestor, and what others made of them.
  CHECK(word({"home_assistant_events",
              {"domain", "entity_id", "event_type"},
              {{"state", {FieldType::text}}}}) == "v");
  CHECK(word({"home_assistant_events",
              {"domain", "entity_id", "event_type"},
              {{"state_value", {FieldType::text}}}}) == "v");
  CHECK(word({"home_assistant_events", {"event_type"}, {{"state", {FieldType::text}}}}).empty());
  CHECK(word({"daily", {"domain", "entity_id"}, {{"energy", {FieldType::floating}}}}).empty());
}

TEST_CASE("layouts: what a measurement is named by") {
  const auto unit = [](const Measurement& measurement, bool has_text_state = false) {
    return named_by(measurement, "sensor", has_text_state).unit;
  };
  CHECK(unit(of_states("°C")) == "°C");
  CHECK(unit(of_states("sensor.b")).empty());
  CHECK(unit(of_states("sensor.a")).empty());
  CHECK(unit(of_states("sensor")).empty());
  CHECK(unit(of_states("state")).empty());
  CHECK(unit(of_states("units")).empty());
  CHECK(unit(of_states("events"), true).empty());
  CHECK(unit(of_states("all", {"unit_of_measurement_str"})).empty());
  CHECK(unit(of_states("sensor__power")).empty());
  CHECK(named_by(of_states("sensor__power"), "sensor", false).device_class == "power");
  CHECK(named_by(of_states("sensor__power"), "light", false).device_class.empty());
  CHECK(named_by(of_states("°C"), "sensor", false).device_class.empty());
}

TEST_CASE("layouts: names") {
  CHECK(name_of(Layout::ha_ingestor) == "ha-ingestor");
  CHECK(name_of(Layout::home_assistant) == "home-assistant");
}

}  // namespace haingest::migrate
