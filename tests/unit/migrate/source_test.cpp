// SPDX-License-Identifier: MIT
#include "core/migrate/source.hpp"

#include <limits>

#include "core/base/timestamp.hpp"
#include "core/migrate/exact_line.hpp"
#include "core/migrate/statement.hpp"
#include "tests/support/catch.hpp"

namespace haingest::migrate {
namespace {

using std::chrono_literals::operator""h;

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_day = 86'400 * k_second;
constexpr std::int64_t k_monday = 1'767'571'200 * k_second;  // 2026-01-05
constexpr std::int64_t k_latest = std::numeric_limits<std::int64_t>::max() - 1;

Policy guessed(std::chrono::seconds shard_duration) {
  Policy policy;
  policy.shard_duration = shard_duration;
  return policy;
}

const Measurement k_steady{"m", {}, {{"v", {FieldType::floating}}}};
const Measurement k_clashing{"m", {}, {{"v", {FieldType::floating, FieldType::text}}}};

std::string exact_name(std::string_view name) {
  std::string out;
  append_exact_name(out, name);
  return out;
}

std::string exact_field_key(std::string_view name) {
  std::string out;
  append_exact_field_key(out, name);
  return out;
}

std::string exact_measurement(std::string_view name) {
  std::string out;
  append_exact_measurement(out, name);
  return out;
}

std::string exact_text(std::string_view text) {
  std::string out;
  append_exact_text(out, text);
  return out;
}

}  // namespace

TEST_CASE("spans: weeks begin on Mondays, days at midnight, before 1970, too") {
  const Policy weeks = guessed(168h);
  const Span week{k_monday, k_monday + 7 * k_day};
  CHECK(span_at(weeks, k_steady, k_monday) == week);
  CHECK(span_at(weeks, k_steady, k_monday + 7 * k_day - 1) == week);
  CHECK(span_at(weeks, k_steady, k_monday - 1) == Span{k_monday - 7 * k_day, k_monday});
  CHECK(span_at(weeks, k_steady, -1) == Span{-3 * k_day, 4 * k_day});  // 1970 began on a Thursday
  CHECK(span_at(guessed(24h), k_steady, -1) == Span{-k_day, 0});
  CHECK(span_at(guessed(1h), k_steady, 1) == Span{0, 3'600 * k_second});
  // InfluxDB made such a one of 28 days: 2026-01-05 to 2026-02-02.
  CHECK(span_at(guessed(672h), k_steady, k_monday + k_day) ==
        Span{k_monday, k_monday + 28 * k_day});
  // A duration that nobody told.
  CHECK(span_at(guessed(0h), k_steady, 1) == Span{0, 86'400 * k_second});  // InfluxDB 3
}

TEST_CASE("spans: where a field has several types and borders are guessed, days at most") {
  CHECK(span_at(guessed(168h), k_clashing, k_monday + k_day) ==
        Span{k_monday + k_day, k_monday + 2 * k_day});
  CHECK(span_at(guessed(1h), k_clashing, 1) == Span{0, 3'600 * k_second});
}

TEST_CASE("spans: the ends of time") {
  const Policy weeks = guessed(168h);
  const auto last = span_at(weeks, k_steady, k_latest);
  REQUIRE(last);
  CHECK(last->end == std::numeric_limits<std::int64_t>::max());
  CHECK(last->begin < k_latest);
  const auto first = span_at(weeks, k_steady, -k_latest);
  REQUIRE(first);
  CHECK(first->begin == -k_latest);
  CHECK(first->end > -k_latest);
  CHECK(spans_of(weeks, k_steady, -k_latest, k_latest).size() == 30'501);
}

TEST_CASE("moments: those that no count of nanoseconds holds are the ends of time") {
  // Where InfluxDB 1 says that its first shard and its last one begin.
  const auto first = base::parse_timestamp("1677-09-20T00:00:00Z");
  const auto last = base::parse_timestamp("2262-04-11T23:47:16.854775807Z");
  REQUIRE((first && last));
  CHECK(nanoseconds_since_1970(*first) == k_earliest);
  CHECK(nanoseconds_since_1970(*last) == k_end);
  CHECK(nanoseconds_since_1970(*base::parse_timestamp("1970-01-01T00:00:00.000001Z")) == 1'000);
}

TEST_CASE("spans: the shards that there are, and nothing between them") {
  Policy policy = guessed(168h);
  policy.shards = {{0, 10}, {10, 20}, {50, 60}};
  CHECK(span_at(policy, k_clashing, 9) == Span{0, 10});
  CHECK(span_at(policy, k_clashing, 10) == Span{10, 20});
  CHECK(span_at(policy, k_clashing, 20) == Span{50, 60});
  CHECK_FALSE(span_at(policy, k_clashing, 60).has_value());
  CHECK(spans_of(policy, k_steady, 12, 49) == std::vector<Span>{{10, 20}});
  CHECK(spans_of(policy, k_steady, 0, 100).size() == 3);
  policy.shards->clear();
  CHECK(spans_of(policy, k_steady, 0, 100).empty());
}

TEST_CASE("exact lines: names keep their bytes where InfluxDB undoes the escapes") {
  CHECK(exact_name("a,b c=d\"e") == R"(a\,b\ c\=d"e)");
  CHECK(exact_name(R"(a\b\,c\\d)") == R"(a\b\\,c\\d)");
  CHECK(exact_name("\\\nx") == "\\\nx");
  CHECK(exact_field_key(R"(a,b c\d)") == R"(a\,b\ c\d)");
  CHECK(exact_field_key(R"(g\=4.0,state, x)") == R"(g\\=4.0,state\,\ x)");
  CHECK(exact_field_key(R"(g\="x, y",h\=1i,z)") == R"(g\\="x, y",h\\=1i,z)");
  CHECK(exact_measurement("a,b c=d") == R"(a\,b\ c=d)");
  CHECK(exact_measurement(R"(a\=b)") == R"(a\\=b)");
}

TEST_CASE("exact lines: texts keep every byte") {
  CHECK(exact_text("") == R"("")");
  CHECK(exact_text(R"(a"b\c\\)") == R"("a\"b\\c\\\\")");
  CHECK(exact_text(std::string_view("\0\n\r\xff", 4)) == std::string("\"\0\n\r\xff\"", 6));
}

TEST_CASE("exact lines: integers") {
  std::string out;
  append_integer(out, std::numeric_limits<std::int64_t>::min());
  append_unsigned_integer(out, std::numeric_limits<std::uint64_t>::max());
  CHECK(out == "-9223372036854775808i18446744073709551615u");
}

TEST_CASE("statements: names that InfluxQL cannot write are matched") {
  CHECK(from_clause("auto\"gen", "a\\b\nc") == R"("auto\"gen"."a\\b\nc")");
  CHECK(from_clause("p", std::string_view("a/.\0b", 5)) == R"("p"./^a\x2f\x2e\x00b$/)");
  CHECK(from_clause("p", "\xc3\xbc\xff\xfe-") == "\"p\"./^\xc3\xbc\\x{FFFD}+\\x2d$/");
  CHECK(from_all("p") == "\"p\"./(?s)./");
}

}  // namespace haingest::migrate
