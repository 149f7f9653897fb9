// SPDX-License-Identifier: MIT
// Rows as a table, JSON, ndjson and CSV; what text does on a terminal.
#include "cli/output.hpp"

#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace haingest;
using cli::Format;
using cli::json_cell;
using cli::Rows;
using cli::text_cell;

namespace {

std::string written(const Rows& rows, Format format, std::size_t width = 0) {
  std::ostringstream out;
  cli::write_rows(out, rows, format, width);
  return out.str();
}

Rows two_rows() {
  return {{"id", "name"},
          {{text_cell("1"), text_cell("Lamp")}, {json_cell("22"), json_cell("null")}}};
}

cli::Format format_with(const std::string& word, bool terminal) {
  const cli::Settings settings = test::settings_from({{cli::Key::output, {word}}});
  cli::Terminal streams;
  streams.out = terminal;
  return cli::format_of(settings, streams);
}

}  // namespace

TEST_CASE("auto is a table on a terminal and JSON otherwise") {
  CHECK(format_with("auto", true) == Format::table);
  CHECK(format_with("auto", false) == Format::json);
  CHECK(format_with("table", false) == Format::table);
  CHECK(format_with("json", true) == Format::json);
  CHECK(format_with("ndjson", true) == Format::ndjson);
  CHECK(format_with("csv", true) == Format::csv);
  CHECK(test::usage_error([] { (void)format_with("yaml", true); }) ==
        "--output: 'yaml' is none of auto, table, json, ndjson or csv");
}

TEST_CASE("a table has its header in capitals, columns two blanks apart, no blanks at the end") {
  CHECK(written(two_rows(), Format::table) ==
        "ID  NAME\n"
        "1   Lamp\n"
        "22\n");
  CHECK(written({{"id"}, {}}, Format::table) == "ID\n");
}

TEST_CASE("JSON is an array of objects, ndjson an object a line") {
  CHECK(written(two_rows(), Format::json) ==
        "[{\"id\":\"1\",\"name\":\"Lamp\"},\n{\"id\":22,\"name\":null}]\n");
  CHECK(written(two_rows(), Format::ndjson) ==
        "{\"id\":\"1\",\"name\":\"Lamp\"}\n{\"id\":22,\"name\":null}\n");
  CHECK(written({{"id"}, {}}, Format::json) == "[]\n");
  CHECK(written({{"id"}, {}}, Format::ndjson).empty());
}

TEST_CASE("CSV quotes what RFC 4180 says, ends lines with CR LF, and null is empty") {
  const Rows rows{{"a", "b,c"},
                  {{text_cell("plain"), text_cell("with \"quotes\"")},
                   {text_cell("a,b"), text_cell("two\nlines")},
                   {json_cell("null"), text_cell("\r")},
                   {text_cell(""), text_cell(" blank ")}}};
  CHECK(written(rows, Format::csv) ==
        "a,\"b,c\"\r\n"
        "plain,\"with \"\"quotes\"\"\"\r\n"
        "\"a,b\",\"two\nlines\"\r\n"
        ",\"\r\"\r\n"
        ", blank \r\n");
}

TEST_CASE("JSON strings are escaped, and bytes that are no UTF-8 replaced") {
  const Rows rows{{"a"}, {{text_cell("x\"\\\n\x01")}, {text_cell("\xff")}}};
  CHECK(written(rows, Format::ndjson) ==
        "{\"a\":\"x\\\"\\\\\\n\\u0001\"}\n{\"a\":\"\xef\xbf\xbd\"}\n");
}

TEST_CASE("columns line up behind wide and combining characters") {
  const Rows rows{{"name", "x"},
                  {{text_cell("日本"), text_cell("1")},
                   {text_cell("e\xcc\x81t\xc3\xa9"), text_cell("2")},
                   {text_cell("💡"), text_cell("3")},
                   {text_cell("abcd"), text_cell("4")}}};
  CHECK(written(rows, Format::table) ==
        "NAME  X\n"
        "日本  1\n"
        "e\xcc\x81té   2\n"
        "💡    3\n"
        "abcd  4\n");
}

TEST_CASE("a name cannot steer the terminal or break the line") {
  const Rows rows{{"name"},
                  {{text_cell("a\x1b[31mb")},
                   {text_cell("c\nd\te\x7f")},
                   {text_cell("f\xc2\x9bg")},
                   {text_cell("h\xff")}}};
  CHECK(written(rows, Format::table) ==
        "NAME\n"
        "a [31mb\n"
        "c d e\n"
        "f g\n"
        "h\xef\xbf\xbd\n");
}

TEST_CASE("a table that is too wide loses from its widest columns, down to six") {
  const Rows rows{{"id", "name"},
                  {{text_cell("1"), text_cell("A very long name indeed")},
                   {text_cell("2"), text_cell("Short")}}};
  CHECK(written(rows, Format::table, 18) ==
        "ID  NAME\n"
        "1   A very long n…\n"
        "2   Short\n");
  CHECK(written(rows, Format::table, 1) ==
        "ID  NAME\n"
        "1   A ver…\n"
        "2   Short\n");
  CHECK(written(rows, Format::table, 0).find("A very long name indeed") != std::string::npos);
}

TEST_CASE("an id is never cut: the other columns give way") {
  const std::string id = "62d7aebffe4037a9d41fc61ee69dd7f8";
  const Rows rows{{"id", "name", "manufacturer", "model", "area", "integration"},
                  {{text_cell(id), text_cell("Kitchen Doorbell"), text_cell("Ubiquiti"),
                    text_cell("G4 Doorbell Pro"), text_cell("Kitchen"), text_cell("unifi")}}};
  const std::string table = written(rows, Format::table, 80);
  CHECK(table ==
        "ID                                NAME     MANUFAC…  MODEL     AREA     INTEGRA…\n"
        "62d7aebffe4037a9d41fc61ee69dd7f8  Kitche…  Ubiquiti  G4 Door…  Kitchen  unifi\n");
  const Rows entities{{"entity_id", "name"}, {{text_cell("light.x"), text_cell("A long name")}}};
  CHECK(written(entities, Format::table, 1) ==
        "ENTITY_ID  NAME\n"
        "light.x    A lon…\n");
}

TEST_CASE("text is cut between characters, never within one") {
  CHECK(cli::fitted("日本語", 6) == "日本語");
  CHECK(cli::fitted("日本語", 5) == "日本…");
  CHECK(cli::fitted("日本語", 4) == "日…");
  CHECK(cli::fitted("abc", 2) == "a…");
  CHECK(cli::fitted("abc", 0) == "abc");
  CHECK(cli::width_of("日本") == 4);
  CHECK(cli::width_of("e\xcc\x81") == 1);
  CHECK(cli::width_of("") == 0);
}

TEST_CASE("facts are lines with their values below each other") {
  std::ostringstream out;
  cli::write_facts(out, {{"a", "1"}, {"longer", "2\n3"}});
  CHECK(out.str() == "a       1\nlonger  2 3\n");
}

TEST_CASE("columns are chosen by name, in the order asked for") {
  CHECK(written(cli::only(two_rows(), {"name", "id"}), Format::csv) ==
        "name,id\r\nLamp,1\r\n,22\r\n");
  CHECK(test::usage_error([] { (void)cli::only(two_rows(), {"nmae"}); }) ==
        "there is no column 'nmae' here; did you mean name?");
}
