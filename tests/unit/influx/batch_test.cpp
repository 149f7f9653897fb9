// SPDX-License-Identifier: MIT
#include "core/influx/batch.hpp"

#include "core/base/gzip.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/http_answer.hpp"

using namespace haingest;
using influx::Batch;
using influx::Block;
using influx::Flavour;

namespace {

Block block(std::string lines) {
  Block block;
  block.lines = std::move(lines);
  return block;
}

std::vector<std::string> lines_of(const Batch& batch) {
  std::vector<std::string> lines;
  for (const influx::Portion& portion : batch.portions) lines.push_back(portion.lines);
  return lines;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("batch: small blocks go together, in their order") {
  const Batch batch =
      influx::to_portions({block("a v=1 1700000000000000000\nb v=2 1700000001000000000\n"),
                           block("c v=3 1699999999000000000\n")},
                          Flavour::influxdb1);
  CHECK(lines_of(batch) == Texts{"a v=1 1700000000000000000\nb v=2 1700000001000000000\n"
                                 "c v=3 1699999999000000000\n"});
  CHECK(batch.portions[0].count == 3);
  CHECK(influx::to_portions({}, Flavour::influxdb1).portions.empty());
}

TEST_CASE("batch: a line feed in a text or behind a name's backslash is a part of its line") {
  const Texts lines{
      "a s=\"one\ntwo\",t=\"\\\"\n\" 1\n",
      "a\\\nb,t=\"\\\nc f\\\nd=1 2\n",
      "quote\"d,t=\"x f=\"\\\\\" 3\n",
      "quo\"\"te,t=\" s=\"a,b=c \n\",g=1 4\n",
      "back\\slash,t=a\\\\b f=1 5\n",
      "plain f=1 6\n",
      "f\"=1 7\n",
      "last f=1 8",
  };
  std::string all;
  for (const std::string& line : lines) all += line;
  Texts taken;
  for (std::string_view rest = all; !rest.empty();) taken.emplace_back(influx::next_line(rest));
  CHECK(taken == lines);
}

TEST_CASE("batch: a request stays inside a week from Monday 00:00 UTC") {
  // Monday, 2026-11-23 00:00:00 UTC
  const std::string before = "a v=1 1795391999999999999\n";
  const std::string monday = "a v=2 1795392000000000000\n";
  const std::string sunday = "a v=3 1795996799999999999\n";
  const std::string next = "a v=4 1795996800000000000\n";
  for (const Flavour flavour : {Flavour::influxdb1, Flavour::influxdb2, Flavour::influxdb3}) {
    CHECK(lines_of(influx::to_portions({block(next + monday + before + sunday)}, flavour)) ==
          Texts{before, monday + sunday, next});
  }
  // Before 1970, too: Monday, 1969-12-22, and 29.
  CHECK(lines_of(influx::to_portions(
            {block("a v=1 -259200000000001\na v=2 -259200000000000\na v=3 -1\na v=4 0\n")},
            Flavour::influxdb1)) ==
        Texts{"a v=1 -259200000000001\n", "a v=2 -259200000000000\na v=3 -1\na v=4 0\n"});
}

TEST_CASE("batch: at most 5 000 lines and 8 MB a request") {
  std::string many;
  for (int i = 0; i < 5'001; ++i) many += "a v=" + std::to_string(i) + " 1700000000000000000\n";
  Batch batch = influx::to_portions({block(many)}, Flavour::influxdb1);
  REQUIRE(batch.portions.size() == 2);
  CHECK(batch.portions[0].count == 5'000);
  CHECK(batch.portions[1].lines == "a v=5000 1700000000000000000\n");

  const std::string big = "a v=\"" + std::string(3'000'000, 'x') + "\" 1700000000000000000\n";
  batch = influx::to_portions({block(big + big), block(big)}, Flavour::influxdb1);
  REQUIRE(batch.portions.size() == 2);
  CHECK(batch.portions[0].lines == big + big);
  CHECK(batch.portions[1].lines == big);
  // One that is over the limit all alone still goes somewhere.
  const std::string huge = "a v=\"" + std::string(9'000'000, 'x') + "\" 1700000000000000000\n";
  CHECK(influx::to_portions({block(huge)}, Flavour::influxdb1).portions.size() == 1);
}

TEST_CASE("batch: VictoriaMetrics gets numbers, in whatever weeks, and the rest is counted") {
  const Batch batch =
      influx::to_portions({block("a,t=x state=\"21.5\",value=21.5 1795391999999999999\n"
                                 "a,t=y state=\"on\" 1795392000000000000\n"
                                 "a,t=z state=\"away\",note=\"n\" 1795392000000000000\n")},
                          Flavour::victoria_metrics);
  CHECK(lines_of(batch) ==
        Texts{"a,t=x value=21.5 1795391999999999999\na,t=y state=1 1795392000000000000\n"});
  CHECK(batch.dropped_texts == 3);
  CHECK(batch.dropped_lines == 1);
  CHECK(batch.portions[0].count == 2);
}

TEST_CASE("batch: gzip where a network is in between and more than a packet is sent") {
  CHECK(influx::gzip_pays("http://nas.local:8086/write?db=x", 1'400));
  CHECK_FALSE(influx::gzip_pays("http://nas.local:8086/write?db=x", 1'399));
  for (const char* here : {"http://127.0.0.1:8086", "http://127.1.2.3/", "http://localhost:8086/x",
                           "http://[::1]:8086/"}) {
    CHECK_FALSE(influx::gzip_pays(here, 1'000'000));
  }
  std::string lines;
  for (int i = 0; i < 1'000; ++i) lines += "a v=" + std::to_string(i) + " 1700000000000000000\n";
  const std::string zipped = base::gzip(lines);
  CHECK(zipped.size() < lines.size() / 4);
  CHECK(test::gunzip(zipped) == lines);
}
