// SPDX-License-Identifier: MIT
#include "core/api/writes.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "core/api/body.hpp"
#include "core/api/problem.hpp"
#include "core/base/json_object.hpp"
#include "core/base/log.hpp"
#include "core/model/ha_json.hpp"
#include "core/model/well_formed.hpp"

namespace haingest::api {
namespace {

using model::Kind;

// A snapshot holds Home Assistant's records as they came; those that haingest reads may be 1000
// levels deep, and stand three levels deep themselves.
constexpr std::size_t k_snapshot_depth = 1003;

// Ends a write with an answer that is no success.
struct Refused {
  Response response;
};

[[noreturn]] void refuse_body(std::string_view type, std::string message,
                              const WriteContext& context) {
  throw Refused{validation_problem({{"body", {}, std::string{type}, std::move(message), {}, {}}},
                                   context.clock())};
}

store::Database open(const Write& write, const WriteContext& context) {
  return write.policy.dry_run
             ? store::Database::open_copy_in_memory(context.database_path, context.lock_timeout)
             : store::Database::open(context.database_path, context.lock_timeout);
}

mirror::Requester requester(const std::string& peer, const WriteContext& context) {
  return {"api", peer, context.clock()};
}

Response success(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

Response upsert(Kind kind, const Write& write, const std::string& body, const std::string& peer,
                const WriteContext& context) {
  if (!model::is_well_formed(body)) {
    refuse_body("json_invalid", "JSON decode error: the body is no JSON", context);
  }
  const std::string_view array = find_array(body, model::plural_of(kind));
  if (array.empty()) refuse_body("list_type", "Input should be a valid list", context);
  const auto parsed = model::parse_records(kind, array, model::Missing::absent);
  if (!parsed) refuse_body("json_invalid", "JSON decode error: " + parsed.error().message, context);
  std::int64_t changes = 0;
  if (!parsed->table.empty()) {
    store::Database database = open(write, context);
    const auto report =
        mirror::upsert(database, parsed->table, requester(peer, context), context.clock);
    changes = static_cast<std::int64_t>(report.changes.size());
  }
  return success(base::JsonObject{}
                     .flag("success", true)
                     .number("upserted", static_cast<std::int64_t>(parsed->table.size()))
                     .text("timestamp", base::to_iso_text(context.clock()))
                     .number("skipped", static_cast<std::int64_t>(parsed->skipped))
                     .number("changes", changes)
                     .done());
}

Response clear(const Write& write, const std::string& peer, const WriteContext& context) {
  store::Database database = open(write, context);
  const auto cleared = mirror::clear(database, requester(peer, context), context.clock);
  return success(base::JsonObject{}
                     .flag("success", true)
                     .number("devices_deleted", cleared.rows[model::index_of(Kind::device)])
                     .number("entities_deleted", cleared.rows[model::index_of(Kind::entity)])
                     .text("timestamp", base::to_iso_text(context.clock()))
                     .done());
}

Response take_snapshot(const Write& write, const std::string& body, const std::string& peer,
                       const WriteContext& context) {
  const auto document = model::parse_document(body, "the body");
  if (!document) refuse_body("json_invalid", document.error().message, context);
  model::Snapshot snapshot = model::to_snapshot(*document);
  snapshot.name = "the snapshot";
  if (!snapshot.ha.url.empty()) snapshot.name += " of " + snapshot.ha.url;
  if (const auto flaw = model::malformed(*document, snapshot, "the body")) {
    refuse_body("value_error", flaw->message, context);
  }
  store::Database database = open(write, context);
  return success(mirror::to_json(mirror::synchronise(database, snapshot, write.policy,
                                                     requester(peer, context), context.clock)));
}

Response attempt(const Write& write, const std::string& body, const std::string& peer,
                 const WriteContext& context) {
  const bool snapshot = write.action == Write::Action::snapshot;
  const std::size_t depth =
      snapshot ? std::max(context.json_depth, k_snapshot_depth) : context.json_depth;
  if (!is_within_depth(body, depth)) {
    refuse_body("json_invalid", "JSON decode error: nested deeper than " + std::to_string(depth),
                context);
  }
  switch (write.action) {
    case Write::Action::upsert_devices:
      return upsert(Kind::device, write, body, peer, context);
    case Write::Action::upsert_entities:
      return upsert(Kind::entity, write, body, peer, context);
    case Write::Action::clear:
      return clear(write, peer, context);
    case Write::Action::snapshot:
      return take_snapshot(write, body, peer, context);
  }
  return {};
}

Response failed(const base::Failure& failure, const WriteContext& context) {
  if (failure.error().kind == base::ErrorKind::guard) {
    return problem(409, failure.what(), context.clock());
  }
  base::log::error(std::string{"data API: a write failed: "} + failure.what());
  Response response = problem(503, failure.what(), context.clock());
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

void refuse_option(Parameters& parameters, std::string_view name, const std::string& given,
                   std::string message) {
  parameters.refuse(
      {"query", std::string{name}, "value_error", "Value error, " + std::move(message), given, {}});
}

// "5" or "20%".
std::optional<mirror::RemovalLimit> parse_removals(std::string_view text) {
  mirror::RemovalLimit limit;
  limit.unit = text.ends_with('%') ? mirror::RemovalLimit::Unit::percent
                                   : mirror::RemovalLimit::Unit::records;
  if (text.ends_with('%')) text.remove_suffix(1);
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit.amount);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return limit;
}

// "90d" or "36h".
std::optional<std::chrono::hours> parse_span(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const char unit = text.back();
  text.remove_suffix(1);
  constexpr int most_days = 36'500;
  int amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  const bool number = error == std::errc{} && end == text.data() + text.size() && amount > 0;
  if (!number || (unit != 'd' && unit != 'h') || amount > most_days) return std::nullopt;
  return std::chrono::hours{unit == 'd' ? amount * 24 : amount};
}

}  // namespace

Write read_snapshot_options(Parameters& parameters) {
  Write write;
  write.action = Write::Action::snapshot;
  write.policy.dry_run = parameters.flag("dry_run", false);
  write.policy.new_house = parameters.flag("new_house", false);
  if (const std::string given = parameters.text("max_removals"); !given.empty()) {
    if (const auto limit = parse_removals(given)) {
      write.policy.max_removals = *limit;
    } else {
      refuse_option(parameters, "max_removals", given, "give a number of records or a percentage");
    }
  }
  if (const std::string given = parameters.text("prune_after"); !given.empty()) {
    if (const auto span = parse_span(given)) {
      write.policy.keep_history = *span;
    } else {
      refuse_option(parameters, "prune_after", given, "give days or hours, as in 90d or 36h");
    }
  }
  return write;
}

Response carry_out(const Write& write, const std::string& body, const std::string& peer,
                   const WriteContext& context) {
  try {
    return attempt(write, body, peer, context);
  } catch (const Refused& refused) {
    return refused.response;
  } catch (const base::Failure& failure) {
    return failed(failure, context);
  } catch (const std::exception& error) {
    base::log::error(std::string{"data API: a write failed: "} + error.what());
    return problem(500, "The write failed on a fault of the server's own; nothing was written.",
                   context.clock());
  }
}

}  // namespace haingest::api
