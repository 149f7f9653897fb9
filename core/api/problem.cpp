// SPDX-License-Identifier: MIT
#include "core/api/problem.hpp"

#include "core/base/text.hpp"

namespace haingest::api {
namespace {

void append_key(std::string& out, std::string_view key) {
  out += ",\"";
  out += key;
  out += "\":";
}

// Everything but `detail`, left open.
std::string opened(int status, std::string_view sentence, base::Timestamp now) {
  std::string out = "{\"success\":false";
  append_key(out, "error");
  base::append_json_string(out, sentence);
  append_key(out, "error_code");
  base::append_json_string(out, "HTTP_" + std::to_string(status));
  append_key(out, "timestamp");
  base::append_json_string(out, base::to_iso_text(now));
  append_key(out, "type");
  out += "\"about:blank\"";
  append_key(out, "title");
  base::append_json_string(out, reason_of(status));
  append_key(out, "status");
  out += std::to_string(status);
  append_key(out, "detail");
  return out;
}

void append_violation(std::string& out, const Violation& violation) {
  out += "{\"type\":";
  base::append_json_string(out, violation.type);
  out += ",\"loc\":[";
  base::append_json_string(out, violation.where);
  if (!violation.field.empty()) {
    out += ',';
    base::append_json_string(out, violation.field);
  }
  out += "],\"msg\":";
  base::append_json_string(out, violation.message);
  out += ",\"input\":";
  base::append_json_string(out, violation.input);
  if (!violation.context.empty()) {
    out += ",\"ctx\":";
    out += violation.context;
  }
  out += '}';
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

Response problem(int status, std::string_view sentence, base::Timestamp now,
                 std::string_view more) {
  std::string body = opened(status, sentence, now);
  base::append_json_string(body, sentence);
  body += more;
  body += '}';
  return finished(status, std::move(body));
}

Response validation_problem(const std::vector<Violation>& violations, base::Timestamp now) {
  std::string sentence = "Validation error";
  if (!violations.empty()) {
    const Violation& first = violations.front();
    sentence +=
        ": " + first.where + (first.field.empty() ? "" : "." + first.field) + ": " + first.message;
  }
  std::string body = opened(422, sentence, now);
  body += '[';
  for (const Violation& violation : violations) {
    if (body.back() != '[') body += ',';
    append_violation(body, violation);
  }
  body += "]}";
  return finished(422, std::move(body));
}

}  // namespace haingest::api
