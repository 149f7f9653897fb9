// SPDX-License-Identifier: MIT
#include "core/ha/snapshot.hpp"

#include <simdjson.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "core/base/log.hpp"
#include "core/base/span.hpp"
#include "core/ha/failure.hpp"
#include "core/ha/session.hpp"
#include "core/model/well_formed.hpp"

namespace haingest::ha {
namespace {

namespace asio = boost::asio;
namespace ondemand = simdjson::ondemand;
using model::Part;

struct Command {
  Part part;
  std::string_view type;
};
// get_config goes first, without a part of its own.
constexpr std::string_view k_config = "get_config";
constexpr std::array<Command, model::k_part_count> k_commands{{
    {Part::devices, "config/device_registry/list"},
    {Part::entities, "config/entity_registry/list"},
    {Part::areas, "config/area_registry/list"},
    {Part::floors, "config/floor_registry/list"},
    {Part::labels, "config/label_registry/list"},
    {Part::config_entries, "config_entries/get"},
    {Part::composite_splits, "config/device_registry/list_composite_splits"},
    {Part::states, "get_states"},
}};

// A Home Assistant says goodbye within a frame; one that does not is left.
constexpr std::chrono::milliseconds k_goodbye{1'000};
// The steps have the deadline themselves; this is for what does not keep it.
constexpr std::chrono::milliseconds k_backstop{2'000};

// One endpoint's try, from the connection to the last answer.
class Fetch {
 public:
  Fetch(SessionOptions options, const base::Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  asio::awaitable<base::Result<model::Document>> run() {
    using namespace asio::experimental::awaitable_operators;
    auto opening = Session::open(options_);
    base::Result<std::unique_ptr<Session>> session = co_await std::move(opening);
    if (!session) co_return session.error();
    session_ = std::move(*session);
    auto both = session_->run() && ask_everything();
    co_await std::move(both);
    if (failure_) co_return *failure_;
    co_return std::move(document_);
  }

 private:
  asio::awaitable<void> ask_everything() {
    const auto config = session_->ask(k_config);
    std::vector<std::shared_ptr<Session::Request>> requests;
    requests.reserve(k_commands.size());
    for (const Command& command : k_commands) requests.push_back(session_->ask(command.type));
    take_config(co_await session_->answer(config));
    for (std::size_t i = 0; i < k_commands.size() && !failure_; ++i) {
      take(k_commands[i], co_await session_->answer(requests[i]));
    }
    co_await session_->close(k_goodbye);
  }

  void take_config(const Reply& reply);
  void name_endpoint();
  void take(const Command& command, Reply reply);
  void take_result(Part part, const model::JsonText& json);
  bool is_over(const Reply& reply);

  SessionOptions options_;
  const base::Clock& clock_;
  std::unique_ptr<Session> session_;
  model::Document document_;
  std::optional<base::Error> failure_;
};

base::Error out_of_time(const Address& address, std::chrono::milliseconds limit) {
  return unreachable(address, "not finished within " + base::to_text(limit) +
                                  " in all; give more time with --timeout");
}

// The connection or the time of the whole command ended before the answer: then nothing of the
// snapshot is worth having.
bool Fetch::is_over(const Reply& reply) {
  if (failure_) return true;
  if (reply.outcome == Reply::Outcome::closed) failure_ = session_->ended();
  if (reply.outcome == Reply::Outcome::timeout && options_.whole.passed()) {
    failure_ = out_of_time(options_.address, options_.whole.limit);
  }
  return failure_.has_value();
}

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
  return true;
}

void Fetch::take_config(const Reply& reply) {
  if (is_over(reply)) return;
  const Address& address = options_.address;
  if (reply.outcome == Reply::Outcome::timeout) {
    failure_ = unreachable(address, reply.text +
                                        " to get_config; Home Assistant may be overloaded: try "
                                        "again later, or give more time with --timeout");
  } else if (reply.outcome != Reply::Outcome::answered) {
    const std::string words = reply.text.empty() ? "" : " (" + reply.text + ")";
    failure_ = unreachable(address, "get_config failed with " + reply.code + words +
                                        "; without it nothing is known of this Home Assistant, "
                                        "try again later");
  } else if (!model::is_well_formed(reply.json) || !read_config(reply.json, document_.ha)) {
    failure_ = unreachable(address,
                           "get_config was answered with something else than an object; check "
                           "that the URL is Home Assistant's");
  } else {
    name_endpoint();
  }
}

void Fetch::name_endpoint() {
  document_.ha.url = options_.address.shown;
  document_.ha.when = clock_();
  if (document_.ha.version.empty()) document_.ha.version = session_->ha_version();
}

void Fetch::take(const Command& command, Reply reply) {
  if (is_over(reply)) return;
  if (reply.outcome == Reply::Outcome::answered) {
    take_result(command.part, std::move(reply.json));
    return;
  }
  document_.answer(command.part).code = reply.code;
  if (!reply.text.empty()) {
    base::log::info(options_.address.shown + ": " + std::string(command.type) + ": " + reply.code +
                    ": " + reply.text);
  }
}

void Fetch::take_result(Part part, const model::JsonText& json) {
  model::Answer& answer = document_.answer(part);
  const char expected = part == Part::composite_splits ? '{' : '[';
  if (!json.view().starts_with(expected) || !model::is_well_formed(json)) {
    answer.code = "invalid_json";
    base::log::warning(options_.address.shown + ": the answer for " +
                       std::string(model::name_of(part)) + " is not the JSON that it should be");
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

// All endpoints, one after the other; each once.
class Endpoints {
 public:
  Endpoints(const ConnectOptions& options, const base::Clock& clock)
      : options_(options), clock_(clock), whole_(net::Deadline::in(options.total_timeout)) {}

  base::Result<model::Document> run();

 private:
  asio::awaitable<base::Result<model::Document>> try_all();
  [[nodiscard]] std::optional<base::Error> locate_all();
  [[nodiscard]] SessionOptions session_options(std::size_t i) const;
  [[nodiscard]] base::Error all_failed() const;

  const ConnectOptions& options_;
  const base::Clock& clock_;
  net::Deadline whole_;
  std::vector<Address> addresses_;
  std::vector<base::Error> failures_;
};

std::optional<base::Error> Endpoints::locate_all() {
  if (options_.endpoints.empty()) {
    return base::Error{
        base::ErrorKind::usage,
        "no Home Assistant is configured: give --ha-url, or HA_URL in the environment",
        "haingest discover --ha-url http://homeassistant.local:8123 --ha-token-file FILE"};
  }
  for (const Endpoint& endpoint : options_.endpoints) {
    base::Result<Address> address = locate(endpoint.url);
    if (!address) return address.error();
    if (endpoint.token.empty()) {
      return base::Error{base::ErrorKind::usage,
                         "no token for Home Assistant at " + endpoint.url +
                             ": give --ha-token-file, or HA_TOKEN in the environment",
                         {}};
    }
    addresses_.push_back(std::move(*address));
  }
  return std::nullopt;
}

SessionOptions Endpoints::session_options(std::size_t i) const {
  SessionOptions session;
  session.address = addresses_[i];
  session.token = options_.endpoints[i].token;
  session.tls = {options_.ca_file, options_.verify_tls};
  session.max_frame_bytes = options_.max_frame_bytes;
  session.request_timeout = options_.request_timeout;
  session.whole = whole_;
  session.coalesce = false;  // nine answers, some of them big
  return session;
}

base::Error Endpoints::all_failed() const {
  if (failures_.size() == 1) {
    base::Error error = failures_.front();
    error.message = "no snapshot from Home Assistant at " + error.message;
    return error;
  }
  base::Error error{base::ErrorKind::unreachable, "", {}};
  error.message = "no snapshot from any of " + std::to_string(failures_.size()) + " URLs";
  for (const base::Error& failure : failures_) error.message += "; " + failure.message;
  return error;
}

asio::awaitable<base::Result<model::Document>> Endpoints::try_all() {
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    if (whole_.passed()) {
      failures_.push_back(out_of_time(addresses_[i], options_.total_timeout));
      continue;
    }
    Fetch fetch(session_options(i), clock_);
    base::Result<model::Document> document = co_await fetch.run();
    if (document) co_return document;
    failures_.push_back(document.error());
    // HA counts failed logins; a CA file that cannot be read is the same for every endpoint.
    if (document.error().kind != base::ErrorKind::unreachable) co_return document.error();
    if (i + 1 < addresses_.size()) {
      base::log::warning("no snapshot from Home Assistant at " + document.error().message +
                         "; trying " + addresses_[i + 1].shown);
    }
  }
  co_return all_failed();
}

base::Result<model::Document> Endpoints::run() {
  if (std::optional<base::Error> wrong = locate_all()) return *wrong;
  std::optional<base::Result<model::Document>> result;
  std::exception_ptr thrown;
  asio::io_context io(1);
  asio::co_spawn(io, try_all(),
                 [&](const std::exception_ptr& error, base::Result<model::Document> done) {
                   thrown = error;
                   if (!error) result = std::move(done);
                 });
  io.run_until(whole_.at + k_backstop);
  if (thrown) std::rethrow_exception(thrown);
  if (!result) {
    const Address& address = addresses_[std::min(failures_.size(), addresses_.size() - 1)];
    failures_.push_back(out_of_time(address, options_.total_timeout));
    return all_failed();
  }
  return std::move(*result);
}

}  // namespace

base::Result<model::Document> fetch_snapshot(const ConnectOptions& options,
                                             const base::Clock& clock) {
  return Endpoints(options, clock).run();
}

}  // namespace haingest::ha
