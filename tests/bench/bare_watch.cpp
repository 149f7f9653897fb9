// SPDX-License-Identifier: MIT
// The yardstick of `make bench` for `watch`: what it costs a program to receive Home Assistant's
// state changes, to parse them and to build the same lines, when it does nothing else.
//
//   bench_bare_watch discard PORT TOKEN              receives frames for ever, no more
//   bench_bare_watch lines PORT TOKEN COUNT [FILE]   parses COUNT events and builds their lines;
//                                                    into FILE
//
// Says in a line of JSON when it is ready and when all have come, and ends with its input.
#include <simdjson.h>
#include <time.h>  // localtime_r, tzset; NOLINT(*-deprecated-headers)
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ondemand = simdjson::ondemand;
using Json = nlohmann::json;

struct Stream : beast::buffered_read_stream<asio::ip::tcp::socket, beast::flat_buffer> {
  using buffered_read_stream::buffered_read_stream;
};
// Beast looks for it when the other side has ended the connection.
void teardown(beast::role_type /*role*/, Stream& stream, beast::error_code& /*error*/) {
  beast::get_lowest_layer(stream).close();
}

// As core/net has it: the fastest way that Beast has.
constexpr std::size_t k_read_ahead = std::size_t{256} << 10U;

class Client {
 public:
  Client(const std::string& port, const std::string& token) : ws_(io_) {
    auto& socket = beast::get_lowest_layer(ws_);
    socket.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(port))});
    socket.set_option(asio::ip::tcp::no_delay(true));
    ws_.next_layer().buffer().reserve(k_read_ahead);
    ws_.next_layer().capacity(k_read_ahead);
    ws_.read_message_max(std::size_t{256} << 20U);
    ws_.handshake("127.0.0.1:" + port, "/api/websocket");
    static_cast<void>(read());
    send({{"type", "auth"}, {"access_token", token}});
    static_cast<void>(read());
    static_cast<void>(
        ask({{"type", "supported_features"}, {"features", {{"coalesce_messages", 1}}}}));
  }

  // simdjson's padding may be read behind it.
  std::string_view read() {
    buffer_.clear();
    ws_.read(buffer_);
    std::memset(buffer_.prepare(simdjson::SIMDJSON_PADDING).data(), 0, simdjson::SIMDJSON_PADDING);
    return {static_cast<const char*>(buffer_.cdata().data()), buffer_.size()};
  }

  Json ask(Json command) {
    command["id"] = ++last_id_;
    send(command);
    const Json answer = Json::parse(read());
    return answer.is_array() ? answer.front().at("result") : answer.at("result");
  }

 private:
  void send(const Json& message) { ws_.write(asio::buffer(message.dump())); }

  asio::io_context io_;
  beast::websocket::stream<Stream> ws_;
  beast::flat_buffer buffer_;
  int last_id_ = 0;
};

void append_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (c == ',' || c == ' ' || c == '=') out += '\\';
    out += c;
  }
}

void append_tag(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(",").append(key).append("=");
  append_name(out, value);
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  for (std::size_t end = 0; (end = text.find_first_of("\"\\\n", at)) != std::string_view::npos;) {
    out.append(text, at, end - at);
    out += text[end] == '\n' ? "\\\\n" : text[end] == '"' ? "\\\"" : "\\\\";
    at = end + 1;
  }
  out.append(text, at);
  out += '"';
}

bool is_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// "2026-11-25T01:30:00.123456+00:00", which is all that Home Assistant writes.
std::int64_t micros_of(std::string_view text) {
  const auto number = [text](std::size_t at, std::size_t size) {
    std::int64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const auto year = static_cast<int>(number(0, 4));
  const std::chrono::sys_days day{std::chrono::year{year} / static_cast<int>(number(5, 2)) /
                                  static_cast<int>(number(8, 2))};
  const std::int64_t seconds = std::int64_t{day.time_since_epoch().count()} * 86'400 +
                               number(11, 2) * 3'600 + number(14, 2) * 60 + number(17, 2);
  return seconds * 1'000'000 + number(20, 6);
}

// What the lines of an entity begin and end with.
struct Entity {
  std::string area_id, device_id, category, integration;
  std::string device_fields;
  std::string series, device_class;
  std::string_view time_of_day;
};

class Lines {
 public:
  explicit Lines(Client& client) {
    const Json config = client.ask({{"type", "get_config"}});
    ::setenv("TZ", config.at("time_zone").get<std::string>().c_str(), 1);
    ::tzset();
    std::map<std::string, Json> devices;
    for (Json& device : client.ask({{"type", "config/device_registry/list"}})) {
      devices[device.at("id")] = device;
    }
    for (const Json& entity : client.ask({{"type", "config/entity_registry/list"}})) {
      entities_[entity.at("entity_id")] = entity_of(entity, devices);
    }
  }

  // Of a message of the subscription.
  void add(ondemand::object message, std::string& out);

 private:
  static std::string text_in(const Json& record, const char* key) {
    const auto at = record.find(key);
    return at != record.end() && at->is_string() ? at->get<std::string>() : std::string{};
  }

  static Entity entity_of(const Json& record, const std::map<std::string, Json>& devices) {
    Entity entity;
    entity.area_id = text_in(record, "area_id");
    entity.device_id = text_in(record, "device_id");
    entity.category = text_in(record, "entity_category");
    entity.integration = text_in(record, "platform");
    auto device = devices.find(entity.device_id);
    if (device == devices.end()) return entity;
    for (const char* field : {"manufacturer", "model", "sw_version"}) {
      const std::string text = text_in(device->second, field);
      if (text.empty()) continue;
      entity.device_fields.append(",").append(field).append("=");
      append_text(entity.device_fields, text);
    }
    if (entity.area_id.empty()) entity.area_id = text_in(device->second, "area_id");
    device = devices.find(text_in(device->second, "parent_device_id"));
    if (entity.area_id.empty() && device != devices.end()) {
      entity.area_id = text_in(device->second, "area_id");
    }
    return entity;
  }

  std::string_view time_of_day(std::int64_t seconds) {
    if (seconds / 900 != quarter_) {
      quarter_ = seconds / 900;
      const time_t moment = seconds;
      tm local{};
      ::localtime_r(&moment, &local);
      const int hour = local.tm_hour;
      time_of_day_ = hour < 5 || hour >= 21 ? "night"
                     : hour < 12            ? "morning"
                     : hour < 17            ? "afternoon"
                                            : "evening";
    }
    return time_of_day_;
  }

  void read_old(ondemand::object old);
  void read_new(ondemand::object state);
  void read_attributes(ondemand::object attributes);
  void finish(Entity& entity, std::string_view entity_id, std::string& out);

  std::unordered_map<std::string, Entity> entities_;
  std::int64_t quarter_ = 0;
  std::string_view time_of_day_;
  // Of the event that is read.
  std::string_view state_, old_state_, device_class_, context_id_;
  std::int64_t updated_ = 0, old_changed_ = 0;
  std::string attributes_;
};

void Lines::read_old(ondemand::object old) {
  for (auto field : old) {
    const auto key = field.key().value();
    if (key == "state") old_state_ = field.value().get_string().value();
    if (key == "last_changed") old_changed_ = micros_of(field.value().get_string().value());
  }
}

void Lines::read_attributes(ondemand::object attributes) {
  for (auto field : attributes) {
    const std::string_view key = field.unescaped_key().value();
    ondemand::value value = field.value().value();
    const auto type = value.type().value();
    if (type == ondemand::json_type::string) {
      const std::string_view text = value.get_string().value();
      if (key == "device_class") {
        device_class_ = text;
        continue;
      }
      const bool own = key == "friendly_name" || key == "unit_of_measurement" || key == "icon";
      attributes_ += own ? "," : ",attr_";
      append_name(attributes_, key);
      attributes_ += '=';
      append_text(attributes_, text);
    } else if (type == ondemand::json_type::number || type == ondemand::json_type::boolean) {
      std::string_view token = value.raw_json_token();
      token.remove_suffix(token.size() - 1 - token.find_last_not_of(" \n\r\t"));
      attributes_ += ",attr_";
      append_name(attributes_, key);
      attributes_ += '=';
      attributes_ += token;
    }
  }
}

void Lines::read_new(ondemand::object state) {
  for (auto field : state) {
    const auto key = field.key().value();
    if (key == "state") {
      state_ = field.value().get_string().value();
    } else if (key == "attributes") {
      read_attributes(field.value().get_object());
    } else if (key == "last_updated") {
      updated_ = micros_of(field.value().get_string().value());
    } else if (key == "context") {
      context_id_ = field.value().get_object().value().find_field("id").get_string().value();
    }
  }
}

void Lines::finish(Entity& entity, std::string_view entity_id, std::string& out) {
  const std::string_view time = time_of_day(updated_ / 1'000'000);
  if (entity.time_of_day != time || entity.device_class != device_class_) {
    entity.time_of_day = time;
    entity.device_class = device_class_;
    entity.series = "home_assistant_events";
    append_tag(entity.series, "area_id", entity.area_id);
    append_tag(entity.series, "device_class", device_class_);
    append_tag(entity.series, "device_id", entity.device_id);
    append_tag(entity.series, "domain", entity_id.substr(0, entity_id.find('.')));
    append_tag(entity.series, "entity_category", entity.category);
    append_tag(entity.series, "entity_id", entity_id);
    append_tag(entity.series, "event_type", "state_changed");
    append_tag(entity.series, "integration", entity.integration);
    append_tag(entity.series, "time_of_day", time);
  }
  out += entity.series;
  out += " state=";
  append_text(out, state_);
  if (is_number(state_)) out.append(",value=").append(state_);
  out += ",old_state=";
  append_text(out, old_state_);
  out += attributes_;
  out += ",context_id=";
  append_text(out, context_id_);
  std::array<char, 64> digits{};
  const std::int64_t span = updated_ - old_changed_;
  int size = std::snprintf(digits.data(), digits.size(), "%lld.%06lld",
                           static_cast<long long>(span / 1'000'000),
                           static_cast<long long>(span % 1'000'000));
  while (digits[static_cast<std::size_t>(size) - 1] == '0') --size;
  if (digits[static_cast<std::size_t>(size) - 1] == '.') --size;
  out += ",duration_in_state_seconds=";
  out.append(digits.data(), static_cast<std::size_t>(size));
  out += entity.device_fields;
  out += ' ';
  char* const end = std::to_chars(digits.data(), digits.data() + 32, updated_ * 1000).ptr;
  out.append(digits.data(), end);
  out += '\n';
}

void Lines::add(ondemand::object message, std::string& out) {
  attributes_.clear();
  device_class_ = {};
  std::string_view entity_id;
  ondemand::object event;
  if (message["event"].get_object().get(event) != simdjson::SUCCESS) return;
  for (auto field : event["data"].get_object()) {
    const auto key = field.key().value();
    if (key == "entity_id") entity_id = field.value().get_string().value();
    if (key == "old_state") read_old(field.value().get_object());
    if (key == "new_state") read_new(field.value().get_object());
  }
  finish(entities_[std::string(entity_id)], entity_id, out);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc < (mode == "lines" ? 5 : 4)) return 2;
  Client client(argv[2], argv[3]);
  Lines builder(client);
  static_cast<void>(client.ask({{"type", "subscribe_events"}, {"event_type", "state_changed"}}));
  std::printf("{\"ready\":true}\n");
  std::fflush(stdout);
  while (mode == "discard") static_cast<void>(client.read());
  const std::size_t count = std::stoul(argv[4]);
  std::FILE* const file = argc > 5 ? std::fopen(argv[5], "w") : nullptr;
  std::size_t events = 0, bytes = 0;
  ondemand::parser parser;
  std::string out;
  while (events < count) {
    const std::string_view frame = client.read();
    ondemand::document document = parser.iterate(simdjson::padded_string_view(
        frame.data(), frame.size(), frame.size() + simdjson::SIMDJSON_PADDING));
    out.clear();
    if (document.type().value() == ondemand::json_type::array) {
      for (ondemand::object message : document.get_array()) {
        builder.add(message, out);
        ++events;
      }
    } else {
      builder.add(document.get_object(), out);
      ++events;
    }
    bytes += out.size();
    if (file != nullptr) std::fwrite(out.data(), 1, out.size(), file);
  }
  if (file != nullptr) std::fclose(file);
  std::printf("{\"events\":%zu,\"bytes\":%zu}\n", events, bytes);
  std::fflush(stdout);
  std::array<char, 16> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
  return 0;
}
