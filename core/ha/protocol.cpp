// SPDX-License-Identifier: MIT
#include "core/ha/protocol.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/base/spare.hpp"
#include "core/base/text.hpp"

namespace haingest::ha {
namespace {

namespace ondemand = simdjson::ondemand;
using Error = simdjson::error_code;
using Type = Message::Type;

constexpr std::array<std::pair<std::string_view, Type>, 6> k_types{
    {{"auth_required", Type::auth_required},
     {"auth_ok", Type::auth_ok},
     {"auth_invalid", Type::auth_invalid},
     {"result", Type::result},
     {"event", Type::event},
     {"pong", Type::pong}}};

Type type_from(std::string_view name) {
  for (const auto& [known, type] : k_types) {
    if (known == name) return type;
  }
  return Type::other;
}

// A text, or "" where something else stands; only broken JSON is an error.
Error take_text(ondemand::value value, std::string& out) {
  std::string_view text;
  const Error error = value.get_string().get(text);
  if (error == simdjson::SUCCESS) out = text;
  // A lone surrogate refuses the text, not the frame.
  return error == simdjson::INCORRECT_TYPE || error == simdjson::STRING_ERROR ? simdjson::SUCCESS
                                                                              : error;
}

Error take_error(ondemand::value value, Message& message) {
  ondemand::object object;
  Error error = value.get_object().get(object);
  if (error != simdjson::SUCCESS) {
    return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
  }
  for (simdjson::simdjson_result<ondemand::field> each : object) {
    ondemand::field field;
    std::string_view key;
    if ((error = std::move(each).get(field)) != simdjson::SUCCESS) return error;
    if ((error = field.unescaped_key().get(key)) != simdjson::SUCCESS) return error;
    if (key == "code") error = take_text(field.value(), message.error_code);
    if (key == "message") error = take_text(field.value(), message.text);
    if (error != simdjson::SUCCESS) return error;
  }
  return simdjson::SUCCESS;
}

Error take_raw(ondemand::value value, std::string_view& out) {
  const Error error = simdjson::to_json_string(value).get(out);
  // A scalar's token runs up to the next one, spaces included.
  while (!out.empty() &&
         (out.back() == ' ' || out.back() == '\n' || out.back() == '\r' || out.back() == '\t')) {
    out.remove_suffix(1);
  }
  return error;
}

Error take_id(ondemand::value value, std::int64_t& id) {
  std::int64_t number = 0;
  const Error error = value.get_int64().get(number);
  if (error == simdjson::SUCCESS) id = number;
  const bool other = error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR ||
                     error == simdjson::NUMBER_OUT_OF_RANGE;
  return other ? simdjson::SUCCESS : error;
}

Error take_bool(ondemand::value value, bool& out) {
  bool flag = false;
  const Error error = value.get_bool().get(flag);
  if (error == simdjson::SUCCESS) out = flag;
  return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
}

Error take_type(ondemand::value value, Message& message, bool& typed) {
  std::string name;
  const Error error = take_text(value, name);
  if (error == simdjson::SUCCESS) message.type = type_from(name);
  typed = !name.empty();
  return error;
}

Error take_field(ondemand::field& field, Message& message, bool& typed) {
  std::string_view key;
  const Error error = field.unescaped_key().get(key);
  if (error != simdjson::SUCCESS) return error;
  if (key == "id") return take_id(field.value(), message.id);
  if (key == "type") return take_type(field.value(), message, typed);
  if (key == "success") return take_bool(field.value(), message.success);
  if (key == "result" || key == "event") return take_raw(field.value(), message.json);
  if (key == "error") return take_error(field.value(), message);
  if (key == "message") return take_text(field.value(), message.text);
  if (key == "ha_version") return take_text(field.value(), message.ha_version);
  return simdjson::SUCCESS;
}

// False: the message is malformed and so is what follows it.
bool take_message(simdjson::simdjson_result<ondemand::object> from, Message& message) {
  ondemand::object object;
  if (std::move(from).get(object) != simdjson::SUCCESS) return false;
  bool typed = false;
  for (simdjson::simdjson_result<ondemand::field> each : object) {
    ondemand::field field;
    if (std::move(each).get(field) != simdjson::SUCCESS) return false;
    if (take_field(field, message, typed) != simdjson::SUCCESS) return false;
  }
  return typed;
}

// HA writes {"id":7,… first: enough to know whose answer a frame was that cannot be parsed.
std::int64_t id_at_the_front(std::string_view frame) {
  constexpr std::string_view k_start = "{\"id\":";
  if (!frame.starts_with(k_start)) return 0;
  frame.remove_prefix(k_start.size());
  std::int64_t id = 0;
  std::from_chars(frame.data(), frame.data() + frame.size(), id);
  return id;
}

}  // namespace

struct FrameSplitter::Impl {
  ondemand::parser parser;
  std::string copy;
  std::vector<Message> messages;

  // False: the last message is malformed.
  bool take_array(simdjson::simdjson_result<ondemand::array> from) {
    ondemand::array array;
    if (std::move(from).get(array) != simdjson::SUCCESS) return fail(messages.emplace_back());
    for (simdjson::simdjson_result<ondemand::value> each : array) {
      Message& message = messages.emplace_back();
      ondemand::value value;
      if (std::move(each).get(value) != simdjson::SUCCESS ||
          !take_message(value.get_object(), message)) {
        return fail(message);
      }
    }
    return true;
  }

  bool take_one(ondemand::document& document, ondemand::json_type type) {
    Message& message = messages.emplace_back();
    if (type != ondemand::json_type::object || !take_message(document.get_object(), message)) {
      return fail(message);
    }
    return true;
  }

  static bool fail(Message& message) {
    const std::int64_t id = message.id;
    message = Message{};
    message.type = Type::malformed;
    message.id = id;
    return false;
  }

  void take(std::string_view frame, std::size_t capacity) {
    ondemand::document document;
    ondemand::json_type type{};
    if (parser.iterate(simdjson::padded_string_view(frame.data(), frame.size(), capacity))
                .get(document) != simdjson::SUCCESS ||
        document.type().get(type) != simdjson::SUCCESS) {
      fail(messages.emplace_back());
    } else {
      take_messages(document, type);
    }
    if (messages.size() == 1 && messages[0].type == Type::malformed && messages[0].id == 0) {
      messages[0].id = id_at_the_front(frame);
    }
  }

  void take_messages(ondemand::document& document, ondemand::json_type type) {
    const bool whole = type == ondemand::json_type::array ? take_array(document.get_array())
                                                          : take_one(document, type);
    // Something behind the end of the JSON: what stood before it is good.
    if (whole && document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      fail(messages.emplace_back());
    }
  }
};

FrameSplitter::FrameSplitter() : impl_(std::make_unique<Impl>()) {}
FrameSplitter::~FrameSplitter() = default;
FrameSplitter::FrameSplitter(FrameSplitter&&) noexcept = default;
FrameSplitter& FrameSplitter::operator=(FrameSplitter&&) noexcept = default;

const std::vector<Message>& FrameSplitter::split(std::string_view frame,
                                                 std::size_t readable_behind) {
  impl_->messages.clear();
  // The parser's index is four times the frame's size.
  if (base::is_spare(impl_->parser.capacity(), frame.size())) impl_->parser = ondemand::parser{};
  if (base::is_spare(impl_->copy.capacity(), frame.size())) std::string().swap(impl_->copy);
  if (readable_behind < simdjson::SIMDJSON_PADDING) {
    impl_->copy.assign(frame);
    impl_->copy.append(simdjson::SIMDJSON_PADDING, '\0');
    frame = std::string_view(impl_->copy).substr(0, frame.size());
  }
  impl_->take(frame, frame.size() + simdjson::SIMDJSON_PADDING);
  return impl_->messages;
}

std::string auth_frame(const base::Secret& token) {
  std::string frame;
  // Without growing, so that no copy of the token stays behind in freed memory; a byte becomes six
  // at most.
  frame.reserve(64 + token.reveal().size() * 6);
  frame += R"({"type":"auth","access_token":)";
  base::append_json_string(frame, token.reveal());
  frame += '}';
  return frame;
}

std::string command_frame(std::int64_t id, std::string_view type, std::string_view members) {
  std::string frame = "{\"id\":" + std::to_string(id) + ",\"type\":";
  base::append_json_string(frame, type);
  if (!members.empty()) {
    frame += ',';
    frame += members;
  }
  frame += '}';
  return frame;
}

bool at_least(std::string_view ha_version, int year, int month) {
  std::array<int, 2> parts{0, 0};
  const char* at = ha_version.data();
  const char* const end = at + ha_version.size();
  for (int& part : parts) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc{}) return false;
    at = next != end && *next == '.' ? next + 1 : next;
  }
  return parts[0] != year ? parts[0] > year : parts[1] >= month;
}

}  // namespace haingest::ha
