// SPDX-License-Identifier: MIT
#include "core/influx/answer.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

namespace haingest::influx {
namespace {

using nlohmann::json;

std::string packed(const json& answer) {
  const std::vector<std::uint8_t> bytes = json::to_msgpack(answer);
  return {bytes.begin(), bytes.end()};
}

std::string text_of(const Cell& cell) {
  struct {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool it) const { return it ? "true" : "false"; }
    std::string operator()(std::int64_t it) const { return std::to_string(it) + "i"; }
    std::string operator()(std::uint64_t it) const { return std::to_string(it) + "u"; }
    std::string operator()(double it) const { return std::to_string(it); }
    std::string operator()(const std::string& it) const { return "'" + it + "'"; }
  } visitor;
  return std::visit(visitor, cell);
}

struct Heard {
  std::string error;  // "" when it was read whole
  std::string text;   // "m t=a: time,v; row; row"
};

// In pieces of so many bytes.
Heard hear(const std::string& bytes, std::size_t piece,
           AnswerForm form = AnswerForm::message_pack) {
  Heard heard;
  AnswerHandlers handlers;
  handlers.series = [&](const Series& series) {
    heard.text += heard.text.empty() ? "" : " | ";
    heard.text += series.name;
    for (const auto& [key, value] : series.tags) heard.text += " " + key + "=" + value;
    heard.text += ":";
    for (const std::string& column : series.columns) heard.text += " " + column;
  };
  handlers.row = [&](const std::vector<Cell>& row) {
    heard.text += ";";
    for (const Cell& cell : row) heard.text += " " + text_of(cell);
  };
  std::size_t at = 0;
  const auto read = read_answer(
      [&] {
        const auto next = std::string_view(bytes).substr(std::min(at, bytes.size()), piece);
        at += piece;
        return next;
      },
      handlers, form);
  if (!read) heard.error = read.error().message;
  return heard;
}

json series(const json& values) {
  return {{"name", "m"},
          {"tags", {{"b", "2"}, {"a", ""}}},
          {"columns", {"time", "v"}},
          {"values", values}};
}

// With one series, of rows in JSON's notation.
json answer_of(const json& values, bool partial = false) {
  json result{{"statement_id", 0}, {"series", json::array({series(values)})}};
  if (partial) result["partial"] = true;
  return {{"results", json::array({result})}};
}
json answer_of(const char* values, bool partial = false) {
  return answer_of(json::parse(values), partial);
}

TEST_CASE("InfluxDB 3's JSON: chunks back to back") {
  const std::string one =
      R"({"results":[{"statement_id":0,"series":[{"name":"m","tags":{"t":"a"},)"
      R"("columns":["time","v","s"],"values":[[1,82,"x\ny"],[2,1.5,null]],"partial":true}],)"
      R"("partial":true}]})";
  const std::string last =
      R"({"results":[{"statement_id":0,"series":[{"name":"m","tags":{"t":"a"},)"
      R"("columns":["time","v","s"],"values":[[3,18446744073709551615,""]]}]}]})";
  const std::string cut =
      R"({"results":[{"statement_id":0,"series":[{"name":"m","columns":["time"],)"
      R"("values":[[1]]}],"partial":true,"error":"out of memory\nmore"}]})";
  const std::string error = R"({"results":[{"statement_id":0,"error":"no such database"}]})";
  for (const std::size_t piece : {1U, 7U, 100'000U}) {
    const Heard both = hear(one + last, piece, AnswerForm::json);
    CHECK(both.error.empty());
    CHECK(both.text ==
          "m t=a: time v s; 1i 82i 'x\ny'; 2i 1.500000 null | m t=a: time v s; 3i "
          "18446744073709551615u ''");
    CHECK(hear(one + "\n" + last + "\n", piece, AnswerForm::json).text == both.text);
    CHECK(hear(one, piece, AnswerForm::json).error == "the answer ended too early");
    CHECK(hear(one + last.substr(0, last.size() - 1), piece, AnswerForm::json).error ==
          "the answer ended too early");
    CHECK(hear(one + "]" + last, piece, AnswerForm::json).error ==
          "the answer is not what InfluxDB sends");
    CHECK(hear(cut, piece, AnswerForm::json).error == "out of memory\nmore");
    CHECK(hear(error, piece, AnswerForm::json).error == "no such database");
  }
  CHECK(hear("", 1, AnswerForm::json).error == "the answer ended too early");
}

}  // namespace

TEST_CASE("answer: every type as it is, however the bytes come") {
  const std::string big(70'000, 'x');
  const json values{{1, 1.0},
                    {2, 1},
                    {3, -1},
                    {4, std::numeric_limits<std::int64_t>::max()},
                    {5, std::numeric_limits<std::uint64_t>::max()},
                    {6, true},
                    {7, nullptr},
                    {8, ""},
                    {9, "a\nb"},
                    {10, big}};
  const std::string bytes = packed(answer_of(values));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    const Heard heard = hear(bytes, piece);
    CHECK(heard.error.empty());
    CHECK(heard.text ==
          "m a= b=2: time v; 1i 1.000000; 2i 1i; 3i -1i; 4i 9223372036854775807i; 5i "
          "18446744073709551615u; 6i true; 7i null; 8i ''; 9i 'a\nb'; 10i '" +
              big + "'");
  }
}

TEST_CASE("answer: a text need not be UTF-8, and may be bytes to MessagePack") {
  std::string bytes = packed(answer_of(json::array({{1, "??"}, {2, json::binary({0xff, 0})}})));
  bytes.replace(bytes.find("??"), 2, "\xff\xfe");
  CHECK(hear(bytes, 3).text ==
        "m a= b=2: time v; 1i '\xff\xfe'; 2i '" + std::string("\xff\0", 2) + "'");
}

TEST_CASE("answer: chunks follow one another until one is the last") {
  const std::string first = packed(answer_of("[[1,1]]", true));
  const std::string last = packed(answer_of("[[2,2]]"));
  CHECK(hear(first + last, 5).text == "m a= b=2: time v; 1i 1i | m a= b=2: time v; 2i 2i");
  CHECK(hear(first + last, 5).error.empty());
  CHECK(hear(first, 5).error == "the answer ended too early");
  CHECK(hear("", 5).error == "the answer ended too early");
}

TEST_CASE("answer: cut at any byte it is never whole") {
  const std::string bytes =
      packed(answer_of("[[1,1]]", true)) + packed(answer_of(R"([[2,"two"],[3,2.5]])"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(hear(bytes.substr(0, size), 11).error == "the answer ended too early");
  }
  CHECK(hear(bytes, 11).error.empty());
}

TEST_CASE("answer: no rows are an answer, too") {
  CHECK(hear(packed(json::parse(R"({"results":[{"statement_id":0}]})")), 9).error.empty());
  const Heard heard = hear(packed(answer_of("[]")), 9);
  CHECK(heard.error.empty());
  CHECK(heard.text == "m a= b=2: time v");
}

TEST_CASE("answer: an error stands inside of it") {
  const json missing =
      json::parse(R"({"results":[{"statement_id":0,"error":"database not found: x"}]})");
  CHECK(hear(packed(missing), 9).error == "database not found: x");
  CHECK(hear(packed({{"error", "error parsing query"}}), 9).error == "error parsing query");
  // Behind rows.
  const std::string later = packed(answer_of("[[1,1]]", true)) + packed(missing);
  CHECK(hear(later, 9).error == "database not found: x");
}

TEST_CASE("answer: what InfluxDB does not send is refused") {
  const std::string refused = "the answer is not what InfluxDB sends";
  CHECK(hear(packed(7), 9).error == refused);
  CHECK(hear(packed(json::array({1})), 9).error == refused);
  CHECK(hear("{\"results\":[]}", 9).error == refused);
  CHECK(hear(packed(answer_of("[[1,1]]")) + packed(json::object()), 9).error == refused);
  CHECK(hear(packed(answer_of("[[1]]")), 9).error == refused);      // a cell too few
  CHECK(hear(packed(answer_of("[[1,2,3]]")), 9).error == refused);  // one too many
  CHECK(hear(packed(answer_of("[[1,[2]]]")), 9).error == refused);  // a list as a cell
  CHECK(hear(packed(answer_of(R"([[1,{"a":2}]])")), 9).error == refused);
  std::string endless = packed(answer_of("[[1,\"?\"]]"));
  endless = endless.substr(0, endless.find("\xa1?")) + "\xdb\xff\xff\xff\xff";
  endless.resize((std::size_t{64} << 20U) + 1'000);
  CHECK(hear(endless, 1U << 16U).error == refused);
  json deep = 1;
  for (int i = 0; i < 100; ++i) deep = json::array({deep});
  CHECK(hear(packed({{"x", deep}}), 9).error == refused);
}

}  // namespace haingest::influx
