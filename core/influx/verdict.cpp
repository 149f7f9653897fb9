// SPDX-License-Identifier: MIT
#include "core/influx/verdict.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"

namespace haingest::influx {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

// Servers quote the line that they refuse, which may be megabytes.
constexpr std::size_t k_longest_reason = 500;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// One line of printable UTF-8, cut to a length that a log bears.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, k_longest_reason)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!control) line += c;
    if (control && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  if (text.size() > k_longest_reason) line += " …";
  return base::repair_utf8(line);
}

// 1 and 3 call it "error", 2 "message"; proxies and overloaded servers send plain text; an answer
// without a body may have it in a header.
std::string words_of(const net::HttpResponse& answer, const Json& body) {
  for (const char* key : {"error", "message"}) {
    if (body.is_object() && body.contains(key) && body[key].is_string()) {
      return body[key].get<std::string>();
    }
  }
  if (!answer.body.empty()) return answer.body;
  return std::string(answer.header("x-influxdb-error"));
}

std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(at + label.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

// "Wed, 25 Nov 2026 01:30:00 GMT"
std::optional<base::Timestamp> http_date(const std::string& text) {
  static constexpr std::array<std::string_view, 12> k_months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  std::array<char, 4> month{};
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month.data(), &year,
                  &hour, &minute, &second) != 6) {
    return std::nullopt;
  }
  const auto found = std::find(k_months.begin(), k_months.end(), std::string_view(month.data()));
  if (found == k_months.end()) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(year),
      std::chrono::month(static_cast<unsigned>(found - k_months.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::optional<milliseconds> retry_after(const net::HttpResponse& answer, base::Timestamp now) {
  const std::string text(answer.header("retry-after"));
  if (text.empty()) return std::nullopt;
  milliseconds span{};
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    if (text.size() > 6) return k_longest_retry_after;
    span = std::chrono::seconds(std::stoul(text));
  } else if (const auto date = http_date(text)) {
    span = std::chrono::duration_cast<milliseconds>(*date - now);
  } else {
    return std::nullopt;
  }
  return std::clamp<milliseconds>(span, milliseconds{0}, k_longest_retry_after);
}

struct Answer {
  long status = 0;
  Flavour flavour = Flavour::unknown;
  std::string words;  // the server's, whole
  Json body;
};

Verdict make(Action action, std::string sentence, const Answer& answer) {
  return {action, std::move(sentence), one_line(answer.words)};
}

std::string quoted(const Answer& answer) {
  const std::string words = one_line(answer.words);
  return words.empty() ? "" : " (" + words + ")";
}

Verdict kept(const Answer& answer, std::string_view what) {
  return make(Action::retry, std::string(what) + quoted(answer), answer);
}

Verdict held(const Answer& answer, std::string_view what,
             base::ErrorKind kind = base::ErrorKind::failure) {
  Verdict verdict = make(Action::hold, std::string(what) + quoted(answer), answer);
  verdict.error_kind = kind;
  return verdict;
}

// field type conflict: input field "v" on measurement "c" is type integer, already exists as type
// float dropped=2
std::optional<Conflict> conflict_in(std::string_view words) {
  constexpr std::string_view k_field = "input field \"";
  constexpr std::string_view k_measurement = "\" on measurement \"";
  constexpr std::string_view k_type = "\" is type ";
  const std::size_t field = words.find(k_field);
  if (field == std::string_view::npos) return std::nullopt;
  const std::size_t measurement = words.find(k_measurement, field);
  if (measurement == std::string_view::npos) return std::nullopt;
  const std::size_t type = words.find(k_type, measurement);
  if (type == std::string_view::npos) return std::nullopt;
  const auto between = [words](std::size_t from, std::size_t to) {
    return std::string(words.substr(from, to - from));
  };
  const std::size_t type_name = type + k_type.size();
  return Conflict{between(measurement + k_measurement.size(), type),
                  between(field + k_field.size(), measurement),
                  between(type_name, words.find_first_of(", ", type_name))};
}

// invalid column type for column 'v', expected iox::column_type::field::float, got …
std::string column_in(std::string_view words) {
  constexpr std::string_view k_column = "invalid column type for column '";
  const std::size_t at = words.find(k_column);
  if (at == std::string_view::npos) return "";
  const std::size_t end = words.find("', expected", at);
  if (end == std::string_view::npos) return "";
  return std::string(words.substr(at + k_column.size(), end - at - k_column.size()));
}

// "partial write of line protocol occurred": InfluxDB 3 names each line.
std::optional<Verdict> judge_lines(const Answer& answer) {
  if (answer.flavour != Flavour::influxdb3 || !answer.body.is_object()) return std::nullopt;
  const auto data = answer.body.find("data");
  if (data == answer.body.end() || !data->is_array() || data->empty()) return std::nullopt;
  Verdict verdict = make(Action::lines, "", answer);
  for (const Json& line : *data) {
    const auto number = line.find("line_number");
    const auto message = line.find("error_message");
    if (!line.is_object() || number == line.end() || !number->is_number_unsigned()) {
      return std::nullopt;
    }
    const auto counted = number->get<std::size_t>();
    if (counted == 0) return std::nullopt;
    const std::string words =
        message != line.end() && message->is_string() ? message->get<std::string>() : answer.words;
    verdict.refused.push_back({counted - 1, one_line(words), column_in(words)});
  }
  return verdict;
}

bool is_about_gzip(std::string_view words) {
  return has(words, "gzip: ") || words == "unexpected EOF";
}

// A refusal that is about what was sent: 400, 413 and 422.
Verdict judge_refusal(const Answer& answer) {
  const std::string_view words = answer.words;
  if (auto verdict = judge_lines(answer)) return std::move(*verdict);
  // Before the rest: the line that it quotes may hold any words.
  if (has(words, "unable to parse")) return make(Action::halve, "", answer);
  if (is_about_gzip(words)) {
    return make(Action::uncompressed, "it cannot read gzip" + quoted(answer), answer);
  }
  if (has(words, "has been stripped from point")) {
    return make(Action::stored,
                "it has stored the points without what it does not take" + quoted(answer), answer);
  }
  if (has(words, "max-series-per-database") || has(words, "max-values-per-tag")) {
    return held(answer, "its limit on series is reached; raise the limit or drop old series");
  }
  if (auto conflict = conflict_in(words)) {
    Verdict verdict = make(Action::conflict, "", answer);
    verdict.conflict = std::move(*conflict);
    return verdict;
  }
  if (has(words, "points beyond retention policy") ||
      has(words, "points outside retention policy")) {
    // 1.13, of a policy that keeps everything and has a PAST LIMIT or a FUTURE LIMIT: they may as
    // well be too young.
    if (has(words, " of duration 0s ")) return make(Action::halve, "", answer);
    Verdict verdict = make(Action::expired, "", answer);
    verdict.dropped = number_behind(words, has(words, " outside ") ? "dropped " : "dropped=");
    return verdict;
  }
  // 1.6 and 1.8, when both types are new in the request: nothing is stored now, the good lines are
  // when the same comes again.
  if (words == "field type conflict") return make(Action::again, "", answer);
  if (answer.flavour == Flavour::influxdb3 && answer.status == 422) {
    return held(answer,
                "its limit on databases, tables or columns is reached; haingest keeps "
                "everything until there is room");
  }
  const bool about_lines = has(words, "partial write") || has(words, "parse") ||
                           has(words, "line protocol") || has(words, "unmarshal") ||
                           answer.flavour == Flavour::victoria_metrics;
  if (about_lines) return make(Action::halve, "", answer);
  return held(answer, "it refuses the request with " + std::to_string(answer.status));
}

Verdict judge_server_error(const Answer& answer) {
  const std::string_view words = answer.words;
  if (has(words, "retention policy not found")) {
    return held(answer, "the retention policy is not there; create it, or set another");
  }
  if (has(words, "max request size")) return make(Action::halve, "", answer);
  if (is_about_gzip(words)) {
    return make(Action::uncompressed, "it cannot read gzip" + quoted(answer), answer);
  }
  // Before the next: 2.7 goes on quoting a disk that was full once.
  if (has(words, "opening shard previously failed")) {
    return kept(answer, "it cannot open a part of its data; restart it when its disk has room");
  }
  // 1.6 goes on refusing, too, until it closes that file, which may take minutes.
  if (has(words, "no space left")) {
    return kept(answer, "its disk is full; make room there, and restart it if it still says so");
  }
  if (has(words, "too many open files")) {
    return kept(answer, "it is out of file descriptors; raise its limit and restart it");
  }
  if (has(words, "cache-max-memory-size")) return kept(answer, "its write cache is full");
  if (answer.status == 503) return kept(answer, "it is overloaded or starting");
  return kept(answer, "it answers " + std::to_string(answer.status));
}

Verdict judge_missing(const Answer& answer) {
  if (has(answer.words, "database not found")) {
    return held(answer, "the database is not there; create it, or set another");
  }
  if (has(answer.words, "bucket")) {
    return held(answer, "the bucket is not there; create it, or set another");
  }
  if (has(answer.words, "organization")) {
    return held(answer, "the organisation is not there; set another");
  }
  return held(answer, "it has no such address; check the URL");
}

Verdict judge_status(const Answer& answer) {
  switch (answer.status) {
    case 204:
      return {Action::stored};
    case 400:
    case 406:
    case 422:
      return judge_refusal(answer);
    case 401:
      return held(answer, "the credentials are refused; check token, user and password",
                  base::ErrorKind::credentials);
    case 403:
      return held(answer, "the credentials may not write there; give them the right",
                  base::ErrorKind::credentials);
    case 404:
      return judge_missing(answer);
    case 408:
      return kept(answer, "it did not get the request in time");
    case 413:
      return make(Action::halve, "the request is too big for it", answer);
    case 429:
      return kept(answer, "it asks for fewer requests");
    default:
      break;
  }
  if (answer.status >= 500) return judge_server_error(answer);
  if (answer.status >= 400) {
    return held(answer, "it refuses the request with " + std::to_string(answer.status));
  }
  if (answer.status >= 300) {
    return held(answer, "it answers with a redirect, which is not followed; set the final URL");
  }
  // A page to log in at, a proxy's greeting: every server that stores says 204.
  return held(answer, "it answers " + std::to_string(answer.status) +
                          " instead of 204, so something else may be listening there");
}

}  // namespace

Verdict judge(const net::HttpResponse& response, Flavour flavour, base::Timestamp now) {
  Answer answer{response.status, flavour, {}, Json::parse(response.body, nullptr, false)};
  answer.words = words_of(response, answer.body);
  while (answer.words.ends_with('\n')) answer.words.pop_back();
  Verdict verdict = judge_status(answer);
  if (verdict.reason.empty() && verdict.action != Action::stored) {
    verdict.reason = "HTTP " + std::to_string(answer.status);
  }
  // What came out of a 500 is seen by queries until a restart; only these are refused at the door.
  const bool at_the_door = answer.status == 401 || answer.status == 403 || answer.status == 404 ||
                           answer.status == 413 || answer.status == 429 || answer.status == 503;
  verdict.some_stored =
      !at_the_door && (answer.status >= 500 || has(answer.words, "partial write") ||
                       flavour == Flavour::victoria_metrics);
  verdict.after = retry_after(response, now);
  return verdict;
}

}  // namespace haingest::influx
