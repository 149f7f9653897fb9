// SPDX-License-Identifier: MIT
#include "core/store/reader.hpp"

#include <filesystem>

#include "core/base/error.hpp"
#include "core/mirror/mirror.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/document.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace std::chrono_literals;

namespace {

void sync(const std::string& path, const std::string& devices, const std::string& at) {
  auto database = store::Database::open(path, 10s);
  const base::Timestamp now = base::parse_timestamp(at).value();
  mirror::Policy policy;
  policy.new_house = true;
  static_cast<void>(mirror::synchronise(database, test::snapshot_of({.devices = devices}), policy,
                                        {"sync", "http://ha.test", now}, [now] { return now; }));
}

constexpr const char* k_one = R"([{"id":"d1","name":"A"}])";
constexpr const char* k_two = R"([{"id":"d1","name":"A"},{"id":"d2","name":"B"}])";

}  // namespace

TEST_CASE("reader: a file that does not exist yet is empty, and is seen when it comes") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  store::Reader reader(path);
  const auto before = reader.version();
  CHECK(reader.read_all().of(model::Kind::device).empty());
  CHECK_FALSE(reader.last_run().has_value());
  sync(path, k_one, "2026-11-25 01:00:00");
  CHECK(reader.version() != before);
  CHECK(reader.read_all().of(model::Kind::device).size() == 1);
}

TEST_CASE("reader: every commit of another connection is another version, at once") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  sync(path, k_one, "2026-11-25 01:00:00");
  store::Reader reader(path);
  const auto before = reader.version();
  CHECK(reader.version() == before);
  sync(path, k_two, "2026-11-25 01:01:00");
  CHECK(reader.version() != before);
  CHECK(reader.read_all().of(model::Kind::device).size() == 2);
}

TEST_CASE("reader: a file that was replaced is noticed") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  sync(path, k_one, "2026-11-25 01:00:00");
  store::Reader reader(path);
  CHECK(reader.read_all().of(model::Kind::device).size() == 1);
  const std::string other = dir.file("other.db");
  sync(other, k_two, "2026-11-25 01:00:00");
  test::execute(other, "PRAGMA wal_checkpoint(TRUNCATE)");
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path + suffix);
  std::filesystem::rename(other, path);
  CHECK(test::eventually([&] {
    static_cast<void>(reader.version());
    return reader.read_all().of(model::Kind::device).size() == 2;
  }));
}

TEST_CASE("reader: changes since a number, page by page, and pruned ones are told apart") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  sync(path, k_two, "2025-01-01 01:00:00");
  store::Reader reader(path);
  const auto first = reader.changes_since(0, 1);
  REQUIRE(first.changes.size() == 1);
  CHECK(first.changes[0].change.id == "d1");
  CHECK(first.changes[0].change.after.starts_with(R"({"device_id":"d1","name":"A")"));
  CHECK(first.next == 1);
  CHECK(reader.changes_since(first.next, 100).changes.size() == 1);
  CHECK(reader.changes_since(2, 100).changes.empty());
  const auto until = [&](const char* moment) {
    return reader.last_change_until(base::parse_timestamp(moment).value());
  };
  CHECK(until("2025-01-01 00:59:59") == 0);
  CHECK(until("2025-01-01 01:00:00") == 2);
  CHECK(reader.changes_since(2, 100).next == 2);
  // A year and a day later the old changes go; someone who stopped at 1 has missed number 2.
  sync(path, k_one, "2026-01-02 01:00:00");
  CHECK(reader.changes_since(1, 100).pruned);
  CHECK_FALSE(reader.changes_since(2, 100).pruned);
  CHECK(reader.changes_since(2, 100).changes.at(0).change.action == model::Action::removed);
  CHECK(until("2026-01-02 00:59:59") == 0);
  CHECK(until("2026-01-02 01:00:00") == 3);
}

TEST_CASE("reader: everything once, or none where there is no database") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  CHECK_FALSE(store::read_once(path, 1s).has_value());
  test::write_file(path, "");
  CHECK_FALSE(store::read_once(path, 1s).has_value());
  sync(path, k_two, "2026-11-25 01:00:00");
  CHECK(store::read_once(path, 1s)->of(model::Kind::device).size() == 2);
}

TEST_CASE("reader: an unadopted file says what to do") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  test::execute(path, "CREATE TABLE devices (device_id VARCHAR, name VARCHAR)");
  CHECK_THROWS_WITH(store::Reader(path),
                    path +
                        " has no tables of this haingest yet; run a sync, which adopts what is "
                        "there after a backup copy");
}
