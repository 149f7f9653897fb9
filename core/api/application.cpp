// SPDX-License-Identifier: MIT
#include "core/api/application.hpp"

#include <exception>
#include <utility>

#include "core/api/head.hpp"
#include "core/api/problem.hpp"
#include "core/api/router.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace haingest::api {
namespace {

// What anybody may send before the guard has let a write pass.
constexpr std::size_t k_stranger_body = std::size_t{64} * 1024;

bool is_preflight(const Request& request) {
  return !request.origin.empty() && !request.asked_method.empty();
}

Response preflight(const Request& request, const Access& access, base::Timestamp now) {
  if (allowed_origin(request.origin, access).empty()) {
    return problem(403,
                   "Pages of " + request.origin.substr(0, 100) +
                       " may not use this server: start it with --cors-origin.",
                   now);
  }
  Response response;
  response.status = 204;
  response.headers = {
      {"Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS"},
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match"},
      {"Access-Control-Max-Age", "600"}};
  return response;
}

Response not_found(const Request& request, base::Timestamp now) {
  return problem(
      404,
      "There is nothing at " + request.target.substr(0, 200) + "; /api/info lists what there is.",
      now);
}

Response wrong_method(const Request& request, Route route, base::Timestamp now) {
  Response response = problem(405,
                              request.method.substr(0, 20) + " is no method of this path; it has " +
                                  std::string{methods_of(route)} + ".",
                              now);
  response.headers.emplace_back("Allow", methods_of(route));
  return response;
}

}  // namespace

Application::Application(ApplicationOptions options, Library& library)
    : options_(std::move(options)), library_(library), started_at_(options_.clock()) {}

Decision Application::decide(const Request& request) {
  const Target target = parse_target(request.target);
  const std::string_view host = target.authority.empty() ? request.host : target.authority;
  if (const auto refusal = refuse(request, host, options_.access)) {
    Response response = problem(refusal->status, refusal->sentence, options_.clock());
    response.headers = refusal->headers;
    return {std::move(response), 0};
  }
  Decision decision{route(request, target), k_stranger_body};
  if (std::holds_alternative<Write>(decision.task)) decision.body_limit = options_.body_limit;
  return decision;
}

Response Application::options_answer(const Request& request, const Target& target) const {
  if (is_preflight(request)) return preflight(request, options_.access, options_.clock());
  const auto matched = match(target);
  if (!matched && request.target != "*") return not_found(request, options_.clock());
  Response response;
  response.status = 204;
  response.headers.emplace_back(
      "Allow", matched ? methods_of(matched->route) : "GET, HEAD, POST, DELETE, OPTIONS");
  return response;
}

Task Application::route(const Request& request, const Target& target) const {
  const Method method = method_of(request.method);
  if (method == Method::options) return options_answer(request, target);
  const auto matched = match(target);
  if (!matched) return not_found(request, options_.clock());
  if (!takes(matched->route, method)) {
    return wrong_method(request, matched->route, options_.clock());
  }
  const ServiceState state{started_at_, options_.clock(), !options_.access.token.empty()};
  return task_of(*matched, target, options_.clock, state);
}

Wire Application::answer(const Request& request, const Read& read) {
  try {
    if (read.kept) return kept_answer(request, read);
    return answer(request, read.render(library_));
  } catch (const base::Failure& failure) {
    base::log::error(std::string{"data API: "} + failure.what());
    return answer(request, problem(503, failure.what(), options_.clock()));
  } catch (const std::exception& error) {
    base::log::error("data API: " + request.method + " " + request.target.substr(0, 200) +
                     " failed: " + error.what());
    return answer(request, problem(500, "The answer failed on a fault of the server's own.",
                                   options_.clock()));
  }
}

Wire Application::kept_answer(const Request& request, const Read& read) {
  std::uint64_t version = library_.version();
  cache_.at_version(version);
  if (const auto kept = cache_.find(read.key)) return wire_of(request, *kept, version);
  // Somebody may commit between two reads of one answer; it must not show two worlds.
  constexpr int most_attempts = 3;
  Response response;
  bool of_one_world = false;
  for (int attempt = 0; attempt < most_attempts && !of_one_world; ++attempt) {
    response = read.render(library_);
    const std::uint64_t after = library_.version();
    of_one_world = after == version;
    version = after;
  }
  if (response.status != 200) return answer(request, response);
  const auto rendered = std::make_shared<Rendered>(std::move(response.body));
  if (!of_one_world) return wire_of(request, *rendered, 0);  // right a moment ago, not to be kept
  cache_.at_version(version);
  cache_.keep(read.key, rendered);
  return wire_of(request, *rendered, version);
}

Wire Application::wire_of(const Request& request, Rendered& rendered, std::uint64_t version) const {
  HeadWriter head(request, options_.access);
  const bool gzip = request.accepts_gzip && rendered.gzipped() != nullptr;
  const bool unchanged = matches(request.if_none_match, rendered);
  const Bytes& body = gzip ? rendered.gzipped() : rendered.identity();
  head.status(unchanged ? 304 : 200);
  if (!unchanged) {
    head.field("Content-Type", "application/json");
    head.field("Content-Length", std::to_string(body->size()));
    if (gzip) head.field("Content-Encoding", "gzip");
  }
  head.field("ETag", gzip ? rendered.gzip_etag() : rendered.etag());
  head.field("Cache-Control", options_.access.private_reads ? "private, no-cache" : "no-cache");
  head.vary_with_encoding();
  Wire wire = std::move(head).finish();
  const bool bodiless = unchanged || method_of(request.method) == Method::head;
  if (!bodiless) wire.body = body;
  wire.version = version;
  return wire;
}

Wire Application::answer(const Request& request, const Response& response) const {
  HeadWriter head(request, options_.access);
  head.status(response.status);
  if (response.status != 204) {
    head.field("Content-Type", response.content_type);
    head.field("Content-Length", std::to_string(response.body.size()));
  }
  for (const auto& [name, value] : response.headers) head.field(name, value);
  head.field("Cache-Control", "no-store");
  Wire wire = std::move(head).finish();
  if (!response.body.empty() && method_of(request.method) != Method::head) {
    wire.body = std::make_shared<const std::string>(response.body);
  }
  return wire;
}

Response Application::problem_of(int status, std::string_view sentence) const {
  return problem(status, sentence, options_.clock());
}

std::uint64_t Application::version() {
  try {
    return library_.version();
  } catch (const base::Failure&) {
    return 0;
  }
}

void Application::written() {
  try {
    library_.refresh();
  } catch (const base::Failure&) {  // the next read says what is wrong
  }
}

}  // namespace haingest::api
