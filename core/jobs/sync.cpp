// SPDX-License-Identifier: MIT
#include "core/jobs/sync.hpp"

#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.hpp"
#include "core/base/log.hpp"
#include "core/base/span.hpp"
#include "core/jobs/discover.hpp"
#include "core/mirror/guard.hpp"
#include "core/net/http_client.hpp"
#include "core/net/url.hpp"

namespace haingest::jobs {
namespace {

std::string read_saved(const std::string& path) {
  try {
    return base::read_whole_file(path);
  } catch (const base::Failure& failure) {
    throw base::Failure(
        base::ErrorKind::failure,
        failure.error().message + "; it should be a snapshot that 'discover --save FILE' has made",
        "haingest discover --save snapshot.json");
  }
}

std::string shown_name(const SyncOptions& options) {
  return *options.from == "-" ? "standard input" : *options.from;
}

model::Document read_document(const SyncOptions& options, std::istream& input) {
  if (!options.from) return discover(options.ha, options.clock);
  std::string text = *options.from == "-" ? std::string{std::istreambuf_iterator<char>(input), {}}
                                          : read_saved(*options.from);
  return model::parse_document(std::move(text), shown_name(options)).value();
}

// As the data API takes it; past 1000 hours nobody misses the rest of a day.
std::string span_text(std::chrono::hours span) {
  constexpr std::chrono::hours most_as_hours{1000};
  if (span <= most_as_hours) return std::to_string(span.count()) + "h";
  return std::to_string(std::chrono::ceil<std::chrono::days>(span).count()) + "d";
}

std::string parameters_of(const SyncOptions& options) {
  const mirror::RemovalLimit& limit = options.policy.max_removals;
  std::string amount = std::to_string(limit.amount);
  amount.erase(amount.find_last_not_of('0') + 1);
  if (amount.back() == '.') amount.pop_back();
  const bool percent = limit.unit == mirror::RemovalLimit::Unit::percent;
  std::string parameters = "?max_removals=" + amount + (percent ? "%25" : "") + "&";
  parameters += "prune_after=" + span_text(options.policy.keep_history) + "&";
  if (options.policy.new_house) parameters += "new_house=true&";
  if (options.policy.dry_run) parameters += "dry_run=true&";
  parameters.pop_back();
  return parameters;
}

// What a data API says in an error answer, without the body's markup.
std::string reason_in(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  const bool ours = answer.is_object() && answer.contains("error") && answer["error"].is_string();
  std::string reason = ours ? answer["error"].get<std::string>() : body.substr(0, 200);
  while (reason.ends_with('.') || reason.ends_with('\n')) reason.pop_back();  // more follows it
  return reason;
}

[[noreturn]] void refuse(const std::string& url, const net::HttpResponse& response) {
  const std::string status = std::to_string(response.status);
  const std::string reason = reason_in(response.body);
  if (response.status == 401 || response.status == 403) {
    throw base::Failure(base::ErrorKind::credentials,
                        url + " refused the write (" + status + "): " + reason +
                            "; give its API token with --api-token-file or API_KEY");
  }
  if (response.status == 404 || response.status == 405) {
    throw base::Failure(base::ErrorKind::failure,
                        url + " answered " + status + ": " + reason +
                            "; give --to the address of a haingest serve, without a path");
  }
  if (response.status == 409) {
    throw base::Failure(base::ErrorKind::guard, reason, mirror::guard_try_command(reason));
  }
  throw base::Failure(base::ErrorKind::failure, url + " answered " + status + ": " + reason);
}

mirror::Report post(const SyncOptions& options, const model::Document& document) {
  std::string url = options.to->url;
  while (url.ends_with('/')) url.pop_back();
  net::HttpRequest request;
  request.method = "POST";
  request.url = url + "/internal/snapshot" + parameters_of(options);
  request.headers = {"Content-Type: application/json"};
  request.bearer_token = options.to->token;
  request.body = model::to_json(document);
  request.timeout = options.ha.total_timeout;
  net::HttpClient client({options.ha.ca_file, options.ha.verify_tls});
  const auto began = std::chrono::steady_clock::now();
  const base::Result<net::HttpResponse> sent = client.send(request);
  if (!sent) {
    base::Error error = sent.error();
    error.message = "the snapshot was not sent: " + error.message;
    throw base::Failure(error);
  }
  const net::HttpResponse& response = *sent;
  base::log::debug(url + ": POST of " + std::to_string(request.body.size()) +
                   " bytes answered with " + std::to_string(response.status) + ", " +
                   std::to_string(response.body.size()) + " bytes, after " +
                   base::time_since(began));
  if (response.status != 200) refuse(url, response);
  return mirror::parse_report(response.body).value();
}

// A part that is no registry makes a saved snapshot something else, here as for the remote store;
// Home Assistant has failed to answer for it.
void settle_unreadable(const SyncOptions& options, model::Document& document,
                       const model::Snapshot& snapshot) {
  if (options.from) {
    if (const auto flaw = model::malformed(document, snapshot, shown_name(options))) {
      throw base::Failure(*flaw);
    }
  }
  for (const model::Part part : model::unreadable_parts(document, snapshot)) {
    document.answer(part) = {"", "invalid_json"};
  }
}

}  // namespace

std::string snapshot_name(const SyncOptions& options) {
  if (!options.from) return {};
  return *options.from == "-" ? "the snapshot on standard input" : "the snapshot " + *options.from;
}

mirror::Report sync(const SyncOptions& options, std::istream& input) {
  mirror::Requester requester;
  requester.command = "sync";
  requester.started_at = options.clock();
  if (options.to) static_cast<void>(net::parse_url(options.to->url).value());
  model::Document document = read_document(options, input);
  model::Snapshot snapshot = model::to_snapshot(document);
  snapshot.name = snapshot_name(options);
  settle_unreadable(options, document, snapshot);
  if (options.to) return post(options, document);
  requester.source = options.from ? *options.from : document.ha.url;
  const auto timeout = options.ha.request_timeout;
  store::Database database =
      options.policy.dry_run ? store::Database::open_copy_in_memory(options.database_path, timeout)
                             : store::Database::open(options.database_path, timeout);
  return mirror::synchronise(database, snapshot, options.policy, requester, options.clock);
}

}  // namespace haingest::jobs
