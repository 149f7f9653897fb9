// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_protocol.hpp"

#include <algorithm>
#include <array>

#include "tests/fakes/ha_commands.hpp"
#include "tests/fakes/ha_history.hpp"
#include "tests/fakes/house_data.hpp"

namespace haingest::fakes {
namespace {

// Events that a user without admin rights may subscribe to.
constexpr std::array<std::string_view, 10> k_open_events{
    "area_registry_updated",  "device_registry_updated", "entity_registry_updated",
    "floor_registry_updated", "label_registry_updated",  "category_registry_updated",
    "state_changed",          "core_config_updated",     "component_loaded",
    "service_registered"};

std::string error_text(const Json& id, std::string_view code, std::string_view message) {
  return text_of(Json{{"id", id},
                      {"type", "result"},
                      {"success", false},
                      {"error", {{"code", code}, {"message", message}}}});
}

std::string success_text(std::int64_t id, std::string_view result) {
  std::string out = "{\"id\":" + std::to_string(id) + ",\"type\":\"result\",\"success\":true,";
  out.reserve(out.size() + result.size() + 16);
  return out.append("\"result\":").append(result) += '}';
}

// Adds a field with that much padding to the first record.
void pad(std::string& result, std::size_t bytes) {
  const std::size_t brace = result.find('{');
  if (brace == std::string::npos) return;
  std::string field = "\"padding\":\"";
  field.append(bytes, 'x') += '"';
  if (result.compare(brace, 2, "{}") != 0) field += ',';
  result.insert(brace + 1, field);
}

}  // namespace

std::string Protocol::greeting() const {
  return text_of(Json{{"type", "auth_required"}, {"ha_version", world_.house.ha_version()}});
}

Reply Protocol::receive(std::string_view frame) {
  Reply reply;
  const Json message = Json::parse(frame, nullptr, false);
  if (message.is_discarded()) {
    reply.close = true;  // "Received invalid JSON" stands in the server's log only
  } else if (!authenticated_) {
    authenticate(message, reply);
  } else if (message.is_array()) {
    for (const Json& one : message) handle(one, reply);
  } else {
    handle(message, reply);
  }
  return reply;
}

void Protocol::authenticate(const Json& message, Reply& reply) {
  ++world_.counters.auth_attempts;
  const bool well_formed = message.is_object() && message.size() == 2 &&
                           text_in(message, "type") == "auth" && message.contains("access_token") &&
                           message["access_token"].is_string();
  if (!well_formed) {
    refuse_auth("Auth message incorrectly formatted: extra keys not allowed or key missing", reply);
    return;
  }
  if (!faults_.auth_invalid.empty()) {
    refuse_auth(faults_.auth_invalid, reply);
    return;
  }
  const std::string token = text_in(message, "access_token");
  if (!base::equal_in_constant_time(token, world_.options.token.reveal())) {
    world_.banned = faults_.ban;
    refuse_auth(world_.options.supervisor ? "Invalid access" : "Invalid access token or password",
                reply);
    return;
  }
  authenticated_ = true;
  reply.close = faults_.close_after_auth;
  reply.messages.push_back(
      {text_of(Json{{"type", "auth_ok"}, {"ha_version", world_.house.ha_version()}})});
}

void Protocol::refuse_auth(std::string_view text, Reply& reply) {
  ++world_.counters.auth_failures;
  reply.close = true;
  reply.messages.push_back({text_of(Json{{"type", "auth_invalid"}, {"message", text}})});
}

void Protocol::handle(const Json& message, Reply& reply) {
  const bool object = message.is_object();
  const Json id =
      object && message.contains("id") ? message["id"] : Json(object ? nullptr : Json(0));
  const std::string type = object ? text_in(message, "type") : "";
  if (!id.is_number_integer() || id.get<std::int64_t>() <= 0 || type.empty()) {
    reply.messages.push_back(
        {error_text(id, "invalid_format", "Message incorrectly formatted."), true});
    return;
  }
  ++world_.counters.commands[type];
  if (type == k_history_command) world_.counters.history_requests.push_back(text_of(message));
  const auto number = id.get<std::int64_t>();
  if (number <= last_id_) {
    reply.messages.push_back(
        {error_text(id, "id_reuse", "Identifier values have to increase."), true});
    return;
  }
  run(number, type, message, reply);
}

// An unknown command does not use its id up; one that is refused or fails does.
void Protocol::run(std::int64_t id, const std::string& type, const Json& message, Reply& reply) {
  const bool starting = world_.is_starting(connection_);
  if (knows_command(world_, type, starting)) last_id_ = id;
  try {
    check_command(world_, type, message, starting);
    const auto failure = faults_.fail.find(type);
    if (failure != faults_.fail.end()) {
      throw CommandError(failure->second.code, failure->second.message);
    }
    std::string text = result_of(id, type, message, reply);
    if (!faults_.no_answer.contains(type)) {
      // The answer goes before what the subscription has to say at once.
      reply.messages.insert(reply.messages.end() - (type == "config_entries/subscribe" ? 1 : 0),
                            {std::move(text), true});
    }
  } catch (const CommandError& error) {
    if (faults_.no_answer.contains(type)) return;
    reply.messages.push_back({error_text(id, error.code, error.what()), true});
  }
}

std::string Protocol::result_of(std::int64_t id, const std::string& type, const Json& message,
                                Reply& reply) {
  if (type == "ping") return text_of(Json{{"id", id}, {"type", "pong"}});
  if (type == "supported_features") {
    const Json& features = message.at("features");
    coalesces_ = features.is_object() && features.contains("coalesce_messages");
    return success_text(id, "null");
  }
  if (type == "subscribe_events") {
    const std::string event_type = text_in(message, "event_type");
    check_event_access(event_type);
    subscriptions_[id] = event_type.empty() ? "*" : event_type;
    return success_text(id, "null");
  }
  if (type == "unsubscribe_events") {
    unsubscribe(message);
    return success_text(id, "null");
  }
  if (type == "config_entries/subscribe") {
    subscriptions_[id] = "config_entries";
    Json all = Json::array();
    for (const Json& entry : Json::parse(world_.house.config_entries_json())) {
      all.push_back(Json{{"type", nullptr}, {"entry", entry}});
    }
    reply.messages.push_back(
        {text_of(Json{{"id", id}, {"type", "event"}, {"event", std::move(all)}})});
    return success_text(id, "null");
  }
  std::string result = command_result(world_, type, message, world_.is_starting(connection_));
  if (faults_.malformed.contains(type)) result = "[{\"id\":\"half a record\",}";
  if (faults_.wrong_type.contains(type)) result = "\"this should be a list\"";
  if (faults_.huge && faults_.huge->command == type) pad(result, faults_.huge->bytes);
  return success_text(id, result);
}

void Protocol::check_event_access(const std::string& event_type) const {
  if (world_.options.user_is_admin) return;
  if (std::ranges::find(k_open_events, event_type) == k_open_events.end()) {
    throw CommandError("unauthorized", "Unauthorized");
  }
}

void Protocol::unsubscribe(const Json& message) {
  const Json& subscription = message.at("subscription");
  if (!subscription.is_number_integer() ||
      subscriptions_.erase(subscription.get<std::int64_t>()) == 0) {
    throw CommandError("not_found", "Subscription not found.");
  }
}

void Protocol::deliver(const HouseEvent& event, std::vector<Outgoing>& out) const {
  for (const auto& [id, type] : subscriptions_) {
    const bool entries = event.type == "config_entries";
    if (type != event.type && (type != "*" || entries)) continue;
    std::string text = "{\"id\":" + std::to_string(id) + ",\"type\":\"event\",\"event\":";
    if (entries) {
      text += event.data;
    } else {
      const std::uint64_t number = world_.counters.events_sent;
      text += "{\"event_type\":\"" + event.type + "\",\"data\":" + event.data +
              ",\"origin\":\"LOCAL\",\"time_fired\":\"" + iso_moment(55'000 + number) +
              "\",\"context\":{\"id\":\"01" + make_id(2, "event", number).substr(0, 24) +
              "\",\"parent_id\":null,\"user_id\":null}}";
    }
    ++world_.counters.events_sent;
    out.push_back({text += '}'});
  }
}

}  // namespace haingest::fakes
