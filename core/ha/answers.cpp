// SPDX-License-Identifier: MIT
#include "core/ha/answers.hpp"

#include <simdjson.h>

#include <utility>

#include "core/base/log.hpp"
#include "core/ha/failure.hpp"
#include "core/model/well_formed.hpp"

namespace haingest::ha {
namespace {

namespace ondemand = simdjson::ondemand;
using model::Part;

// A member's text; "" where there is none. What is no text stays as it stands in the JSON: a state
// that is not understood must not pass for RUNNING.
std::string text_in(ondemand::object& config, std::string_view key) {
  ondemand::value value;
  std::string_view text;
  if (config.find_field_unordered(key).get(value) != simdjson::SUCCESS) return "";
  const std::string_view token = value.raw_json_token();
  return value.get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string(token);
}

bool read_config(const std::string& json, model::HaInfo& ha) {
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object config;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(config) != simdjson::SUCCESS) {
    return false;
  }
  ha.version = text_in(config, "version");
  ha.location = text_in(config, "location_name");
  ha.state = text_in(config, "state");
  ha.time_zone = text_in(config, "time_zone");
  return true;
}

void take_result(Part part, const model::JsonText& json, const Address& address,
                 model::Answer& answer) {
  const char expected = part == Part::composite_splits ? '{' : '[';
  if (!json.view().starts_with(expected) || !model::is_well_formed(json)) {
    answer.code = "invalid_json";
    // The command says that the part failed; this is for who looks for why.
    base::log::info(address.shown + ": the answer for " + std::string(model::name_of(part)) +
                    " is not the JSON that it should be");
    return;
  }
  if (part == Part::states) {
    base::Result<std::string> reduced = model::reduce_states(json);
    answer.code = reduced ? "" : "invalid_json";
    if (reduced) answer.json = std::move(*reduced);
    return;
  }
  answer.code.clear();
  answer.json = json;
}

}  // namespace

std::optional<base::Error> take_config(const Reply& reply, const Address& address,
                                       model::HaInfo& ha) {
  if (reply.outcome == Reply::Outcome::timeout) {
    return unreachable(address, reply.text +
                                    " to get_config; Home Assistant may be overloaded: try again "
                                    "later, or give more time with --timeout");
  }
  if (reply.outcome != Reply::Outcome::answered) {
    const std::string words = reply.text.empty() ? "" : " (" + reply.text + ")";
    return unreachable(address, "get_config failed with " + reply.code + words +
                                    "; without it nothing is known of this Home Assistant, try "
                                    "again later");
  }
  if (!model::is_well_formed(reply.json) || !read_config(reply.json, ha)) {
    return unreachable(address,
                       "get_config was answered with something else than an object; check that "
                       "the URL is Home Assistant's");
  }
  ha.url = address.shown;
  return std::nullopt;
}

void take_answer(const SnapshotCommand& command, Reply reply, const Address& address,
                 model::Document& document, model::JsonText* whole) {
  model::Answer& answer = document.answer(command.part);
  if (reply.outcome == Reply::Outcome::answered) {
    const model::JsonText json(std::move(reply.json));
    take_result(command.part, json, address, answer);
    if (whole != nullptr && answer.ok()) *whole = json;
    return;
  }
  answer.json = {};
  answer.code = reply.code;
  if (!reply.text.empty()) {
    base::log::info(address.shown + ": " + std::string(command.type) + ": " + reply.code + ": " +
                    reply.text);
  }
}

}  // namespace haingest::ha
