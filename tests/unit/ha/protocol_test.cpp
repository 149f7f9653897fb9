// SPDX-License-Identifier: MIT
#include "core/ha/protocol.hpp"

#include "tests/support/catch.hpp"

using namespace haingest;
using ha::Message;
using Type = ha::Message::Type;

namespace {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::auth_required:
      return "auth_required";
    case Type::auth_ok:
      return "auth_ok";
    case Type::auth_invalid:
      return "auth_invalid";
    case Type::result:
      return "result";
    case Type::event:
      return "event";
    case Type::pong:
      return "pong";
    case Type::other:
      return "other";
    case Type::malformed:
      return "malformed";
  }
  return "?";
}

// "type id +|- json code text version;" of each message, empty ones left out.
std::string told(const std::vector<Message>& messages) {
  std::string out;
  for (const Message& message : messages) {
    out += name_of(message.type);
    if (message.id != 0) out += " " + std::to_string(message.id);
    if (message.success) out += " ok";
    if (!message.json.empty()) out += " " + std::string(message.json);
    for (const std::string& text : {message.error_code, message.text, message.ha_version}) {
      if (!text.empty()) out += " '" + text + "'";
    }
    out += ";";
  }
  return out;
}

// With and without readable bytes behind the frame, which must make no difference.
std::string split(const std::string& frame) {
  ha::FrameSplitter splitter;
  const std::string copied = told(splitter.split(frame));
  const std::string padded = frame + std::string(64, '\0');
  const std::string direct =
      told(splitter.split(std::string_view(padded).substr(0, frame.size()), 64));
  CHECK(copied == direct);
  return copied;
}

}  // namespace

TEST_CASE("protocol: the login's messages", "[protocol]") {
  CHECK(split(R"({"type":"auth_required","ha_version":"2026.8.3"})") ==
        "auth_required '2026.8.3';");
  CHECK(split(R"({"type": "auth_ok", "ha_version": "2026.9.0b3"})") == "auth_ok '2026.9.0b3';");
  CHECK(split(R"({"type":"auth_invalid","message":"Invalid access token or password"})") ==
        "auth_invalid 'Invalid access token or password';");
}

TEST_CASE("protocol: results, events and pongs as bare objects", "[protocol]") {
  CHECK(split(R"({"id":7,"type":"result","success":true,"result":[{"a":"]}"}, 2 ]})") ==
        R"(result 7 ok [{"a":"]}"}, 2 ];)");
  CHECK(split(R"({"id":8,"type":"result","success":true,"result":null})") == "result 8 ok null;");
  CHECK(split(R"({"id":8,"type":"result","success":true})") == "result 8 ok;");
  CHECK(split(R"({"id":9,"type":"result","success":false,)"
              R"("error":{"code":"unknown_command","message":"Unknown command."}})") ==
        "result 9 'unknown_command' 'Unknown command.';");
  CHECK(split(R"({"id":3,"type":"event","event":{"event_type":"state_changed","data":{}}})") ==
        R"(event 3 {"event_type":"state_changed","data":{}};)");
  CHECK(split(R"({"id":4,"type":"pong"})") == "pong 4;");
  // Keys in any order; the json of a scalar without the space behind it.
  CHECK(split("{ \"result\" : 12 ,\n\"success\" : true , \"type\":\"result\" , \"id\" : 5 }\n") ==
        "result 5 ok 12;");
}

TEST_CASE("protocol: coalesced arrays, in order", "[protocol]") {
  CHECK(split(R"([{"id":1,"type":"result","success":true,"result":null},)"
              R"( {"id":2,"type":"event","event":[1]}, {"id":3,"type":"pong"}])") ==
        "result 1 ok null;event 2 [1];pong 3;");
  CHECK(split(R"([{"id":1,"type":"pong"}])") == "pong 1;");
  CHECK(split("[]").empty());
}

TEST_CASE("protocol: odd types are no reason to fall", "[protocol]") {
  CHECK(split(R"({"id":"7","type":"pong"})") == "pong;");
  CHECK(split(R"({"id":7.5,"type":"pong"})") == "pong;");
  CHECK(split(R"({"id":99999999999999999999,"type":"pong"})") == "pong;");
  CHECK(split(R"({"id":null,"type":"pong"})") == "pong;");
  CHECK(split(R"({"id":1,"type":"result","success":"yes","result":1})") == "result 1 1;");
  CHECK(split(R"({"id":1,"type":"result","success":false,"error":"plain text"})") == "result 1;");
  CHECK(split(R"({"id":1,"type":"result","success":false,"error":{"code":5,"message":[1]}})") ==
        "result 1;");
  CHECK(split(R"({"id":1,"type":"zzz","new_key":{"x":[{}]}})") == "other 1;");
  CHECK(split(R"({"id":1,"type":"auth_invalid","message":"half \ud83d"})") == "auth_invalid 1;");
  CHECK(split(R"({"id":1,"type":"result","success":true,"result":"half \ud83d"})") ==
        R"(result 1 ok "half \ud83d";)");
}

TEST_CASE("protocol: broken frames are values; whose they were is known when the id came first",
          "[protocol]") {
  CHECK(split("") == "malformed;");
  CHECK(split("   ") == "malformed;");
  CHECK(split("12") == "malformed;");
  CHECK(split("\"text\"") == "malformed;");
  CHECK(split("{}") == "malformed;");
  CHECK(split("hello") == "malformed;");
  CHECK(split(R"({"type":5,"id":1})") == "malformed 1;");
  CHECK(split(R"({"id":6,"type":"result","success":true,"result":[{"a":1,}})") == "malformed 6;");
  CHECK(split(R"({"id":6,"type":"result","success":true,"result":["open])") == "malformed 6;");
  CHECK(split(R"({"id":6,"type":"result","success":true,"result":[1])") == "malformed 6;");
  CHECK(split("{\"id\":6,\"type\":\"result\",\"x\":\"\xff\"}") == "malformed 6;");
  // What stood before the break is good.
  CHECK(split(R"([{"id":1,"type":"pong"},{"id":2,"type":},{"id":3,"type":"pong"}])") ==
        "pong 1;malformed 2;");
  CHECK(split(R"([{"id":1,"type":"pong"},5])") == "pong 1;malformed;");
  CHECK(split(R"({"id":1,"type":"pong"} {"id":2,"type":"pong"})") == "pong 1;malformed;");
}

TEST_CASE("protocol: a big frame, and small ones after it", "[protocol]") {
  ha::FrameSplitter splitter;
  const std::string record =
      R"({"entity_id":"sensor.x","padding":")" + std::string(900, 'x') + "\"}";
  std::string result = "[" + record;
  while (result.size() < std::size_t{3} * 1024 * 1024) result += "," + record;
  result += "]";
  const std::string frame = R"({"id":1,"type":"result","success":true,"result":)" + result + "}";
  const auto& big = splitter.split(frame);
  REQUIRE(big.size() == 1);
  CHECK((big[0].json == result));
  CHECK(told(splitter.split(R"({"id":2,"type":"pong"})")) == "pong 2;");
}

TEST_CASE("protocol: what haingest says", "[protocol]") {
  CHECK(ha::auth_frame(base::Secret("a\"b\n")) == R"({"type":"auth","access_token":"a\"b\n"})");
  CHECK(ha::command_frame(1, "get_states") == R"({"id":1,"type":"get_states"})");
  CHECK(ha::command_frame(2, ha::k_supported_features, ha::k_coalesce) ==
        R"({"id":2,"type":"supported_features","features":{"coalesce_messages":1}})");
}

TEST_CASE("protocol: versions as Home Assistant writes them", "[protocol]") {
  CHECK(ha::at_least("2022.9.0", 2022, 9));
  CHECK(ha::at_least("2026.9.0b3", 2026, 9));
  CHECK(ha::at_least("2026.11.0.dev0", 2026, 11));
  CHECK(ha::at_least("2023.1", 2022, 9));
  CHECK_FALSE(ha::at_least("2022.8.7", 2022, 9));
  CHECK_FALSE(ha::at_least("0.118.5", 2022, 9));
  CHECK_FALSE(ha::at_least("2022", 2022, 9));
  CHECK_FALSE(ha::at_least("", 2022, 9));
  CHECK_FALSE(ha::at_least("latest", 2022, 9));
}
