// SPDX-License-Identifier: MIT
// Devices and entities out of real InfluxDBs, cell by cell.
#include "core/migrate/past.hpp"

#include "tests/integration/influx_source.hpp"

using namespace haingest;
using namespace haingest::test;
using migrate::Layout;
using migrate::Past;

namespace {

using std::string_literals::operator""s;

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_week = 7 * 86'400 * k_second;
constexpr std::int64_t k_2019 = 1'546'300'800 * k_second;  // 2019-01-01
constexpr std::int64_t k_2026 = 1'767'571'200 * k_second;  // 2026-01-05

std::string at(std::int64_t nanoseconds) { return " " + std::to_string(nanoseconds) + "\n"; }

// A row a line, "column=text"; what is NULL would say so.
std::string words_of(const model::Table& table) {
  std::string words;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const model::Row row = std::as_const(table).row(i);
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (row[column].is_absent()) continue;
      words += column == 0 ? "" : " ";
      words += model::columns_of(table.kind())[column].name;
      words += row[column].is_null() ? "(NULL)" : "=" + std::string(row[column].text());
    }
    words += "\n";
  }
  return words;
}

std::string words_of(const std::vector<migrate::Found>& all) {
  std::string words;
  for (const migrate::Found& found : all) {
    words += std::string(migrate::name_of(found.layout)) + " " + found.database + "." +
             found.policy + ": " +
             model::counted(found.kind, static_cast<std::int64_t>(found.records)) + ", " +
             base::to_sqlite_text(found.newest) + "\n";
  }
  return words;
}

Past read(const InfluxSource& source, std::optional<Layout> wanted = std::nullopt) {
  influx::QueryClient client(source.options());
  const auto all = migrate::look_at(client);
  REQUIRE(all.has_value());
  auto past = migrate::read_past(client, *all, wanted);
  INFO((past ? std::string() : past.error().message));
  REQUIRE(past.has_value());
  return std::move(*past);
}

// --- ha-ingestor's ---

// The three buckets in which it has put them, one of them with a second policy.
void make_places(const InfluxSource& source) {
  source.make("devices");
  source.make("entities");
  if (!source.is_2()) source.make("home_assistant_events");
  source.make("home_assistant_events", "long");
}

void write_devices(const InfluxSource& source) {
  const std::string once =
      "devices,area_id=kitchen,device_id=d1,manufacturer=Acme,model=M1 "
      "entity_count=0i,name=\"Lamp\",sw_version=\"1.0\"";
  std::string old = once + at(k_2019);
  std::string later;
  std::string longest;
  // Moved, and another model: another series.
  later +=
      "devices,area_id=hall,device_id=d1,manufacturer=Acme,model=M2 "
      "entity_count=0i,name=\"Lamp 2\",sw_version=\"2.0\"" +
      at(k_2026);
  longest += once + at(k_2026 - k_week);
  // Two of one moment: the one that tells more.
  for (const char* area : {"unassigned", "bath", "unassigned\\ too"}) {
    later += "devices,area_id=" + std::string(area) +
             ",device_id=d2,manufacturer=Unknown,model=Unknown name=\"Valve\",sw_version=" +
             (std::string(area) == "bath" ? "\"3\"" : "\"Unknown\"") + at(k_2026);
  }
  // More of them than are read at first; the one that tells more is in the middle.
  for (int i = 10; i < 30; ++i) {
    later += "devices,area_id=unassigned,device_id=d3,manufacturer=Unknown,model=m" +
             std::to_string(i) + " name=\"Many\",sw_version=\"" +
             std::string(i == 20 ? "20" : "Unknown") + "\"" + at(k_2026);
  }
  // Of two places, each the other way round: the greater.
  old += "devices,area_id=a,device_id=d4 name=\"Tie\"" + at(k_2026) +
         "devices,area_id=b,device_id=d5 name=\"Tie\"" + at(k_2026);
  later += "devices,area_id=b,device_id=d4 name=\"Tie\"" + at(k_2026) +
           "devices,area_id=a,device_id=d5 name=\"Tie\"" + at(k_2026);
  // Nothing is told of the one; the other is called so.
  later +=
      "devices,area_id=unassigned,device_id=d6,manufacturer=Unknown,model=Unknown "
      "entity_count=0i,sw_version=\"Unknown\"" +
      at(k_2019 + 1'999) +
      "devices,area_id=unassigned,device_id=d7,manufacturer=Unknown,model=Unknown "
      "name=\"Unknown Device\"" +
      at(k_2026);
  // What only another type tells: a query over both weeks sees the number alone.
  later += "devices,device_id=d8 name=7,sw_version=2i" + at(k_2019 + 10 * k_week) +
           "devices,device_id=d8 name=\"Text\",sw_version=\"b\"" + at(k_2026) +
           "devices,device_id=d9 name=\"Text\",sw_version=\"b\"" + at(k_2026 - k_week) +
           "devices,device_id=d9 name=7.5,sw_version=2i" + at(k_2019 + 10 * k_week);
  // Any bytes.
  later += "devices,device_id=e\\ \"1\",model=\xff\xc3\xbc name=\"a\0b\xffg\nd\t\\\"\\\\\""s +
           at(k_2026) + "devices,device_id=\xff name=\"no id\"" + at(k_2026) +
           "devices,device_id=e\0 name=\"no id\""s + at(k_2026) +
           "devices,model=none name=\"no id\"" + at(k_2026);
  source.write(old, "devices");
  source.write(later, "home_assistant_events");
  source.write(longest, "home_assistant_events", "long");
}

void write_entities(const InfluxSource& source) {
  source.write(
      "entities,area_id=unassigned,device_id=d1,domain=sensor,entity_id=sensor.a,"
      "platform=mqtt disabled=true,unique_id=\"u1\"" +
          at(k_2019),
      "entities");
  source.write(
      "entities,area_id=hall,device_id=d1,domain=sensor,entity_id=sensor.a,platform=zha "
      "disabled=false,unique_id=\"u2\"" +
          at(k_2026 + 1'000) +
          "entities,area_id=unassigned,device_id=unknown,domain=unknown,entity_id=light.b,"
          "platform=unknown disabled=true,unique_id=\"\"" +
          at(k_2026) + "entities,entity_id=odd unique_id=\"u\"" + at(k_2026) +
          "entities,entity_id=switch.c disabled=\"yes\"" + at(k_2019) +
          "entities,entity_id=switch.c disabled=true" + at(k_2026) +
          // Events are none; of an entity that is one they say when it was there, in both forms.
          "home_assistant_events,domain=sensor,entity_id=sensor.x,event_type=state_changed "
          "state=\"on\"" +
          at(k_2026) +
          "home_assistant_events,domain=light,entity_id=light.b,event_type=state_changed "
          "state=\"on\"" +
          at(k_2026 - k_week) +
          "home_assistant_events,domain=light,entity_id=light.b,event_type=state_changed "
          "state_value=\"{'state': 'on'}\"" +
          at(k_2026 + 1'000'000),
      "home_assistant_events");
}

const std::string k_in_2019 = "2019-01-01 00:00:00.000000";
const std::string k_in_march = "2019-03-12 00:00:00.000000";
const std::string k_in_2026 = "2026-01-05 00:00:00.000000";
const std::string k_week_before = "2025-12-29 00:00:00.000000";

std::string seen(const std::string& first, const std::string& last) {
  return " last_seen=" + last + " first_seen=" + first + " confirmed=0\n";
}

void read_ha_ingestor(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  {
    const Past nothing = read(source);
    CHECK_FALSE(nothing.layout.has_value());
    CHECK(nothing.found.empty());
    CHECK(nothing.devices.empty());
    CHECK(nothing.entities.empty());
  }
  make_places(source);
  write_devices(source);
  write_entities(source);
  const Past past = read(source);
  CHECK(past.layout == Layout::ha_ingestor);
  const std::string now = seen(k_in_2026, k_in_2026);
  CHECK(words_of(past.devices) ==
        "device_id=d1 name=Lamp 2 manufacturer=Acme model=M2 sw_version=2.0 area_id=hall" +
            seen(k_in_2019, k_in_2026) +                                           //
            "device_id=d2 name=Valve sw_version=3 area_id=bath" + now +            //
            "device_id=d3 name=Many model=m20 sw_version=20" + now +               //
            "device_id=d4 name=Tie area_id=b" + now +                              //
            "device_id=d5 name=Tie area_id=b" + now +                              //
            "device_id=d6 name=d6" +                                               //
            seen("2019-01-01 00:00:00.000001", "2019-01-01 00:00:00.000001") +     //
            "device_id=d7 name=Unknown Device" + now +                             //
            "device_id=d8 name=Text sw_version=b" + seen(k_in_march, k_in_2026) +  //
            "device_id=d9 name=Text sw_version=b" +                                //
            seen(k_in_march, k_week_before) +                                      //
            "device_id=e \"1\" name=a\xEF\xBF\xBD"
            "b\xEF\xBF\xBDg\nd\t\"\\ model=\xEF\xBF\xBD\xc3\xbc" +
            now);
  CHECK(words_of(past.entities) ==
        "entity_id=light.b domain=light platform=unknown disabled=1" +  //
            seen(k_week_before, "2026-01-05 00:00:00.001000") +         //
            "entity_id=odd domain=odd unique_id=u" + now +              //
            "entity_id=sensor.a device_id=d1 domain=sensor platform=zha unique_id=u2 area_id=hall "
            "disabled=0" +
            seen(k_in_2019, "2026-01-05 00:00:00.000001") +  //
            "entity_id=switch.c domain=switch disabled=1" + seen(k_in_2019, k_in_2026));
  CHECK(words_of(past.found) ==
        "ha-ingestor devices.autogen: 3 devices, " + k_in_2026 +
            "\nha-ingestor home_assistant_events.autogen: 10 devices, " + k_in_2026 +
            "\nha-ingestor home_assistant_events.long: 1 device, " + k_week_before +
            "\nha-ingestor entities.autogen: 1 entity, " + k_in_2019 +
            "\nha-ingestor home_assistant_events.autogen: 4 entities, 2026-01-05 "
            "00:00:00.000001\n");
  // What is there in another layout is told, and not taken.
  const Past other = read(source, Layout::home_assistant);
  CHECK_FALSE(other.layout.has_value());
  CHECK(other.found.size() == past.found.size());
  CHECK(other.devices.empty());
  CHECK(other.entities.empty());
}

// --- Home Assistant's own ---

void write_states(const InfluxSource& source) {
  source.write(
      // Its unit has changed, and so its measurement.
      "°F,domain=sensor,entity_id=kitchen "
      "device_class_str=\"temperature\",friendly_name_str=\"Old\",value=70" +
          at(k_2019) +
          "°C,domain=sensor,entity_id=kitchen "
          "device_class_str=\"temperature\",friendly_name_str=\"Kitchen "
          "2\",friendly_name=2,value=21" +
          at(k_2026) +
          // No unit: the entity's own name, or one that was chosen.
          "binary_sensor.door,domain=binary_sensor,entity_id=door "
          "device_class_str=\"None\",friendly_name=42,state=\"on\",value=1" +
          at(k_2026) + "binary_sensor.door,domain=binary_sensor,entity_id=door state=\"off\"" +
          at(k_2026 - 1) +
          "units,domain=sensor,entity_id=count friendly_name_str=\"Count\",value=1" + at(k_2026) +
          "events,domain=light,entity_id=lamp,friendly_name=Tag state=\"off\",value=0" +
          at(k_2026) +
          // Named by class, by domain, all in one.
          "sensor__power,domain=sensor,entity_id=boiler "
          "friendly_name_str=\"Boiler\",unit_of_measurement_str=\"W\",value=1" +
          at(k_2026) + "person,domain=person,entity_id=me state=\"home\"" + at(k_2026) +
          "entities,domain=sensor,entity_id=mixed unit_of_measurement_str=\"m3\",value=1" +
          at(k_2026) + "entities,domain=sensor,entity_id=plain value=1" + at(k_2026) +
          // The newest is of another type than what went before.
          "W,domain=sensor,entity_id=clash value=1" + at(k_2026 - 3 * k_week) +
          "W,domain=sensor,entity_id=clash value=\"text\"" + at(k_2026 - k_week) +
          // Several series of one moment.
          "W,domain=sensor,entity_id=tie,source=a value=1" + at(k_2026) +
          "W,domain=sensor,entity_id=tie,source=b friendly_name_str=\"B\",value=1" + at(k_2026) +
          "W,domain=sensor,entity_id=tie,source=c friendly_name_str=\"A\",value=1" + at(k_2026) +
          // Any bytes.
          "k\0W,domain=sensor,entity_id=odd friendly_name_str=\"\xc3(\n\",value=1"s + at(k_2026) +
          "W,domain=sensor,entity_id=\xff value=1" + at(k_2026) + "W,domain=sensor value=1" +
          at(k_2026) + "W,entity_id=odd value=1" + at(k_2026) +
          // Neither events of the other layout, nor what has no state.
          "home_assistant_events,domain=sensor,entity_id=sensor.x,event_type=state_changed "
          "state=\"on\"" +
          at(k_2026) + "daily,domain=sensor,entity_id=sensor.y energy=1" + at(k_2026),
      "house");
  source.write(
      "°C,domain=sensor,entity_id=kitchen friendly_name_str=\"Far\",value=1" + at(k_2019 - k_week) +
          "°C,domain=sensor,entity_id=far friendly_name_str=\"Far\",value=1" + at(k_2019 - k_week),
      "house", "long");
}

void read_home_assistant(const std::string& part) {
  if (!have_part(part)) return;
  const InfluxSource source(part);
  source.make("house");
  source.make("house", "long");
  write_states(source);
  const std::string now = seen(k_in_2026, k_in_2026);
  const std::string before = "2018-12-25 00:00:00.000000";
  const std::string entities =
      "entity_id=binary_sensor.door domain=binary_sensor name=42" +
      seen("2026-01-04 23:59:59.999999", k_in_2026) +  //
      "entity_id=light.lamp domain=light name=Tag" + now + "entity_id=person.me domain=person" +
      now + "entity_id=sensor.boiler domain=sensor name=Boiler device_class=power unit=W" + now +
      "entity_id=sensor.clash domain=sensor unit=W" +
      seen("2025-12-15 00:00:00.000000", k_week_before) +
      "entity_id=sensor.count domain=sensor name=Count" + now +
      "entity_id=sensor.far domain=sensor name=Far unit=°C" + seen(before, before) +
      "entity_id=sensor.kitchen domain=sensor name=Kitchen 2 device_class=temperature unit=°C" +
      seen(before, k_in_2026) +  //
      "entity_id=sensor.mixed domain=sensor unit=m3" + now +
      "entity_id=sensor.odd domain=sensor name=\xEF\xBF\xBD(\n unit=k\xEF\xBF\xBDW" + now +
      "entity_id=sensor.plain domain=sensor" + now +
      "entity_id=sensor.tie domain=sensor name=B unit=W" + now;
  const std::string found = "home-assistant house.autogen: 11 entities, " + k_in_2026 +
                            "\nhome-assistant house.long: 2 entities, " + before + "\n";
  {
    const Past past = read(source);
    CHECK(past.layout == Layout::home_assistant);
    CHECK(past.devices.empty());
    CHECK(words_of(past.entities) == entities);
    CHECK(words_of(past.found) == found);
  }
  CHECK_FALSE(read(source, Layout::ha_ingestor).layout.has_value());

  // Both layouts at once.
  source.make("devices");
  source.write("devices,device_id=d1 name=\"Lamp\"" + at(k_2026), "devices");
  const std::string both = "ha-ingestor devices.autogen: 1 device, " + k_in_2026 + "\n" + found;
  {
    const Past past = read(source);
    CHECK(past.layout == Layout::ha_ingestor);
    CHECK(words_of(past.devices) == "device_id=d1 name=Lamp" + now);
    CHECK(past.entities.empty());
    CHECK(words_of(past.found) == both);
  }
  const Past past = read(source, Layout::home_assistant);
  CHECK(past.layout == Layout::home_assistant);
  CHECK(past.devices.empty());
  CHECK(words_of(past.entities) == entities);
  CHECK(words_of(past.found) == both);
}

}  // namespace

TEST_CASE("past: ha-ingestor's tables in InfluxDB 1.6", "[parts]") {
  read_ha_ingestor("influxdb1");
}
TEST_CASE("past: ha-ingestor's tables in InfluxDB 1.8", "[parts]") {
  read_ha_ingestor("influxdb18");
}
TEST_CASE("past: ha-ingestor's tables in InfluxDB 2.7", "[parts]") {
  read_ha_ingestor("influxdb2");
}

TEST_CASE("past: Home Assistant's states in InfluxDB 1.6", "[parts]") {
  read_home_assistant("influxdb1");
}
TEST_CASE("past: Home Assistant's states in InfluxDB 1.8", "[parts]") {
  read_home_assistant("influxdb18");
}
TEST_CASE("past: Home Assistant's states in InfluxDB 2.7", "[parts]") {
  read_home_assistant("influxdb2");
}
