// SPDX-License-Identifier: MIT
#include "core/api/problem.hpp"

#include "core/base/json_object.hpp"

namespace haingest::api {
namespace {

using base::JsonObject;
// Everything but `detail`.
JsonObject opened(int status, std::string_view sentence, base::Timestamp now) {
  JsonObject body;
  body.flag("success", false)
      .text("error", sentence)
      .text("error_code", "HTTP_" + std::to_string(status))
      .text("timestamp", base::to_iso_text(now))
      .text("type", "about:blank")
      .text("title", reason_of(status))
      .number("status", status);
  return body;
}

std::string violation_json(const Violation& violation) {
  std::vector<std::string> place{violation.where};
  if (!violation.field.empty()) place.push_back(violation.field);
  JsonObject json;
  json.text("type", violation.type)
      .json("loc", base::json_list(place))
      .text("msg", violation.message)
      .text("input", violation.input);
  if (!violation.context.empty()) json.json("ctx", violation.context);
  return json.done();
}

Response finished(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

Response problem(int status, std::string_view sentence, base::Timestamp now) {
  return finished(status, opened(status, sentence, now).text("detail", sentence).done());
}

Response gone_problem(std::string_view sentence, std::int64_t next, base::Timestamp now) {
  JsonObject body = opened(410, sentence, now);
  return finished(410, body.text("detail", sentence).number("next", next).done());
}

Response validation_problem(const std::vector<Violation>& violations, base::Timestamp now) {
  std::string sentence = "Validation error";
  if (!violations.empty()) {
    const Violation& first = violations.front();
    sentence +=
        ": " + first.where + (first.field.empty() ? "" : "." + first.field) + ": " + first.message;
  }
  std::string detail = "[";
  for (const Violation& violation : violations) {
    if (detail.size() > 1) detail += ',';
    detail += violation_json(violation);
  }
  return finished(422, opened(422, sentence, now).json("detail", detail + "]").done());
}

}  // namespace haingest::api
