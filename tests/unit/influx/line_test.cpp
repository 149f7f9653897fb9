// SPDX-License-Identifier: MIT
#include "core/influx/line.hpp"

#include <limits>

#include "tests/unit/influx/points.hpp"

using namespace haingest;
using namespace haingest::influx;
using namespace std::string_literals;

namespace {

std::string tag(std::string_view value) {
  std::string out;
  append_tag(out, "t", value);
  return out;
}

std::string measurement(std::string_view name) {
  std::string out;
  append_measurement(out, name);
  return out;
}

template <class Write>
std::string fields(Write write) {
  std::string out;
  Fields one(out);
  write(one);
  return out;
}

std::string text(std::string_view value) {
  std::string out;
  append_text(out, value);
  return out;
}

std::string token(std::string_view value) {
  std::string out;
  return append_number_token(out, value) ? out : "none" + out;
}

}  // namespace

TEST_CASE("line: a line has measurement, tags, fields and time") {
  std::string line;
  append_measurement(line, "room temperature");
  append_tag(line, "area", "living room");
  append_tag(line, "empty", "");
  append_tag(line, "", "value");
  Fields out(line);
  CHECK_FALSE(out.any());
  out.number("nothing", std::numeric_limits<double>::quiet_NaN());
  out.number("nothing", std::numeric_limits<double>::infinity());
  CHECK_FALSE(out.any());
  out.text("state", "on");
  out.number("value", 21.5);
  out.integer("count", -3);
  out.boolean("open", true);
  out.number_token("token", "-0.50");
  append_time(line, test::at("2026-11-25T10:00:00.123456Z"));
  CHECK(line ==
        "room\\ temperature,area=living\\ room "
        "state=\"on\",value=21.5,count=-3i,open=true,token=-0.50 1795600800123456000\n");
}

TEST_CASE("line: names escape what every server unescapes") {
  CHECK(tag("a,b=c d") == ",t=a\\,b\\=c\\ d");
  CHECK(tag("\"quoted\"#") == ",t=\"quoted\"#");
  CHECK(measurement("a,b=c d") == "a\\,b=c\\ d");
  CHECK(measurement("°C") == "°C");
  CHECK(measurement("#") == "\xEF\xBC\x83");
  CHECK(measurement("a#") == "a#");
  CHECK(fields([](Fields& out) { out.text("a b,c=d", "x"); }) == " a\\ b\\,c\\=d=\"x\"");
  CHECK(fields([](Fields& out) { out.boolean("", false); }) == " _=false");
}

TEST_CASE("line: control characters in names become what every server stores alike") {
  CHECK(tag("a\nb\tc\rd") == ",t=a\\nb\\tc\\rd");
  CHECK(tag("a\0b"s) ==
        ",t=a\xEF\xBF\xBD"
        "b");
  CHECK(measurement("\n") == "\\n");
}

TEST_CASE("line: a backslash stays only where it is one for every server") {
  CHECK(tag("a\\b") == ",t=a\\b");
  CHECK(tag("a\\\\b") == ",t=a/\\b");
  CHECK(tag("a\\") == ",t=a/");
  CHECK(tag("\\") == ",t=/");
  CHECK(tag("a\\,b") == ",t=a/\\,b");
  CHECK(tag("a\\ b") == ",t=a/\\ b");
  CHECK(tag("a\\=b") == ",t=a/\\=b");
  CHECK(tag("a\\\nb") == ",t=a/\\nb");
  CHECK(measurement("a\\=b") == "a/=b");
  CHECK(measurement("km\\h") == "km\\h");
}

TEST_CASE("line: texts escape quotes, backslashes and line feeds, nothing else") {
  CHECK(text("") == "\"\"");
  CHECK(text("a \"b\", c=d") == "\"a \\\"b\\\", c=d\"");
  CHECK(text("C:\\new\\") == "\"C:\\\\new\\\\\"");
  CHECK(text("a\nb\r\tc") == "\"a\\\\nb\r\tc\"");
  CHECK(text("a\0b"s) == "\"a\0b\""s);
}

TEST_CASE("line: what is too long is cut between characters") {
  const std::string long_name = std::string(k_max_name - 1, 'x') + "ü";
  CHECK(tag(long_name) == ",t=" + std::string(k_max_name - 1, 'x'));
  CHECK(tag(std::string(k_max_name, 'x')).size() == 3 + k_max_name);

  std::string out;
  CHECK(append_text(out, std::string(k_max_text, 'x')));
  CHECK(out.size() == k_max_text + 2);
  out.clear();
  CHECK_FALSE(append_text(out, std::string(k_max_text + 1, 'x')));
  CHECK((out == "\"" + std::string(k_max_text, 'x') + "\""));
  out.clear();
  CHECK_FALSE(append_text(out, std::string(k_max_text - 1, 'x') + "ü"));
  CHECK((out == "\"" + std::string(k_max_text - 1, 'x') + "\""));
  // Of escapes whole ones alone.
  out.clear();
  CHECK_FALSE(append_text(out, std::string(k_max_text, '"')));
  CHECK(out.size() <= k_max_text + 2);
  CHECK(out.substr(out.size() - 3) == "\\\"\"");
  CHECK(out.size() % 2 == 0);
}

TEST_CASE("line: numbers are floats that every server reads") {
  for (const char* const plain : {"0", "-0", "5", "-21.50", "007", "12345678901234567890"}) {
    CHECK(token(plain) == plain);
  }
  CHECK(token("1e5") == "1e+05");
  CHECK(token("1E+22") == "1e+22");
  CHECK(token("1e400") == "none");
  CHECK(token("-1e400") == "none");
  CHECK(token("1e-400") == "0");
  CHECK(token("-1e-400") == "-0");
  CHECK(token(std::string(400, '9')) == "none");
  CHECK(token("1.") == "1");
  for (const char* const none : {"", "-", "nan", "inf", "0x10", ".", " 5", "5 ", "+5", "1_0"}) {
    CAPTURE(none);
    CHECK(token(none) == "none");
    CHECK_FALSE(is_plain_decimal(none));
  }
}

TEST_CASE("line: times are nanoseconds within what line protocol has") {
  using std::chrono::microseconds;
  const auto moment = [](std::int64_t count) { return base::Timestamp(microseconds(count)); };
  std::string out;
  append_time(out, moment(0));
  append_time(out, moment(-1));
  append_time(out, moment(9'223'372'036'854'775));
  CHECK(out == " 0\n -1000\n 9223372036854775000\n");
  CHECK(fits(moment(9'223'372'036'854'775)));
  CHECK_FALSE(fits(moment(9'223'372'036'854'776)));
  CHECK(fits(moment(-9'223'372'036'854'775)));
  CHECK_FALSE(fits(moment(-9'223'372'036'854'776)));
  CHECK_FALSE(fits(base::Timestamp::min()));
}

TEST_CASE("line: a line comes apart into what it was made of") {
  Line line;
  REQUIRE(split_line("m\\ x,a=1\\,2,b=c s=\"a \\\"b\\\", c=d\\\\\",f=1.5,o=true 17\n", line));
  CHECK(line.series == "m\\ x,a=1\\,2,b=c");
  REQUIRE(line.fields.size() == 3);
  CHECK(line.fields[0].key == "s");
  CHECK(line.fields[0].value == "\"a \\\"b\\\", c=d\\\\\"");
  CHECK(line.fields[1].key == "f");
  CHECK(line.fields[1].value == "1.5");
  CHECK(line.fields[2].value == "true");
  CHECK(line.time == "17");
  CHECK(split_line("m f=1 -17", line));
  for (const char* const none :
       {"", "m", "m 17", "m f 17", "m f= 17", "m =1 17", "m f=1", "m f=1 ", "m f=1 x", "m f=\"a 17",
        "m f=1,17", " f=1 17", "m f=1, 17", "m f=\"\"x 17"}) {
    CAPTURE(none);
    CHECK_FALSE(split_line(none, line));
  }
}

TEST_CASE("line: a tag is found by its key") {
  const std::string series = "m\\,x,a\\ b=1\\,2\\=3,entity_id=sensor.t";
  CHECK(tag_of(series, "entity_id") == "sensor.t");
  CHECK(tag_of(series, "a b") == "1,2=3");
  CHECK(tag_of(series, "x").empty());
  CHECK(tag_of("m", "x").empty());
}

TEST_CASE("line: a field is taken out, and the line with its last one") {
  const std::string line = "m,t=a a=1,b\\ c=\"x, y\",d=true 17\n";
  CHECK(without_field(line, "a") == "m,t=a b\\ c=\"x, y\",d=true 17\n");
  CHECK(without_field(line, "b c") == "m,t=a a=1,d=true 17\n");
  CHECK(without_field(line, "b\\ c") == "m,t=a a=1,d=true 17\n");
  CHECK(without_field(line, "d") == "m,t=a a=1,b\\ c=\"x, y\" 17\n");
  CHECK(without_field(line, "z") == line);
  CHECK(without_field("m a=1 17", "a").empty());
}

TEST_CASE("line: for VictoriaMetrics texts are numbers or gone, never zeros") {
  CHECK(numbers_only("m state=\"on\",value=1.5,name=\"Lamp\",old=\"off\",b=false 17\n") ==
        "m state=1,value=1.5,old=0,b=false 17\n");
  CHECK(numbers_only("m state=\"12\",name=\"Lamp\" 17").empty());
}
