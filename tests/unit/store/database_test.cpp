// SPDX-License-Identifier: MIT
#include "core/store/database.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include "core/base/error.hpp"
#include "core/sqlite/writer_lock.hpp"
#include "core/store/reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace std::chrono_literals;

namespace {

// What ha-ingestor's SQLAlchemy leaves behind, with one of its mock devices.
constexpr const char* k_old_schema = R"(
  CREATE TABLE devices (device_id VARCHAR NOT NULL, name VARCHAR NOT NULL, manufacturer VARCHAR,
    model VARCHAR, sw_version VARCHAR, area_id VARCHAR, integration VARCHAR, last_seen DATETIME,
    created_at DATETIME, PRIMARY KEY (device_id));
  CREATE INDEX idx_device_area ON devices (area_id);
  CREATE INDEX ix_devices_area_id ON devices (area_id);
  CREATE TABLE entities (entity_id VARCHAR NOT NULL, device_id VARCHAR, domain VARCHAR NOT NULL,
    platform VARCHAR, unique_id VARCHAR, area_id VARCHAR, disabled BOOLEAN, created_at DATETIME,
    PRIMARY KEY (entity_id), FOREIGN KEY(device_id) REFERENCES devices (device_id) ON DELETE CASCADE);
  CREATE INDEX idx_entity_device ON entities (device_id);
  INSERT INTO devices VALUES ('mock1', 'Mock', 'X', 'Y', '1', 'kitchen', 'mock',
    '2025-10-14 01:02:03.000004', '2025-10-14 01:02:03.000004');
  INSERT INTO entities VALUES ('light.mock', 'mock1', 'light', 'mock', 'u1', NULL, 0,
    '2025-10-14 01:02:03.000004');
)";

std::string failure(const std::function<void()>& work, base::ErrorKind kind) {
  try {
    work();
  } catch (const base::Failure& failure) {
    CHECK(failure.error().kind == kind);
    return failure.error().message;
  }
  return "no failure";
}

store::Database open(const std::string& path) { return store::Database::open(path, 10s); }

}  // namespace

TEST_CASE("database: a new file has the layout, WAL and its version") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  { const auto database = open(path); }
  CHECK(test::query(path, "PRAGMA journal_mode") == "wal\n");
  CHECK(test::query(path, "PRAGMA user_version") == "2\n");
  CHECK(test::query(path,
                    "SELECT type FROM pragma_table_info('devices') WHERE name IN "
                    "('device_id', 'last_seen', 'confirmed') ORDER BY name") ==
        "BOOLEAN\nVARCHAR\nDATETIME\n");
  CHECK(test::query(path,
                    "SELECT \"notnull\" FROM pragma_table_info('devices') WHERE name = 'name'") ==
        "1\n");
}

TEST_CASE("database: a file of the first layout is brought up to date, its rows kept") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  { const auto database = open(path); }
  test::execute(path,
                "DROP TABLE migrations; ALTER TABLE sync_runs DROP COLUMN ha_when; "
                "INSERT INTO areas (area_id, name) VALUES ('hall', 'Hall'); "
                "PRAGMA user_version = 1");
  const auto stale = [&] { const store::Reader reader(path); };
  CHECK(failure(stale, base::ErrorKind::failure) ==
        path + " has layout 1, made by an older haingest; run a sync, which brings it up to date");
  { const auto database = open(path); }
  CHECK(test::query(path, "PRAGMA user_version") == "2\n");
  CHECK(test::query(path, "SELECT version, haingest FROM migrations") == "2|" HAINGEST_VERSION
                                                                         "\n");
  CHECK(test::query(path, "SELECT area_id, name FROM areas") == "hall|Hall\n");
  CHECK(test::query(path, "SELECT count(ha_when) FROM sync_runs") == "0\n");
}

TEST_CASE("database: adopts what ha-ingestor left, after a backup beside it") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  test::execute(path, k_old_schema);
  { const auto database = open(path); }
  CHECK(test::query(path,
                    "SELECT device_id, name, model, area_id, last_seen, confirmed FROM devices") ==
        "mock1|Mock|Y|kitchen|2025-10-14 01:02:03.000004|0\n");
  CHECK(test::query(path,
                    "SELECT entity_id, device_id, disabled, created_at, confirmed FROM entities") ==
        "light.mock|mock1|0|2025-10-14 01:02:03.000004|0\n");
  CHECK(test::query(path, "SELECT count(*) FROM pragma_foreign_key_list('entities')") == "0\n");
  std::string backup;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    if (entry.path().string().starts_with(path + ".bak-")) backup = entry.path().string();
  }
  REQUIRE(!backup.empty());
  CHECK(test::query(backup, "SELECT count(*) FROM pragma_foreign_key_list('entities')") == "1\n");
  CHECK(test::query(backup, "SELECT device_id FROM devices") == "mock1\n");
}

TEST_CASE("database: a newer layout, another program's file, no database: refused and untouched") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  SECTION("newer") {
    test::execute(path, "CREATE TABLE devices (x); PRAGMA user_version = 99");
    const std::string before = test::read_file(path);
    CHECK(failure([&] { open(path); }, base::ErrorKind::guard) ==
          path +
              " has layout 99, made by a newer haingest; this one knows up to 2 and left it as it "
              "is, install the newer version");
    CHECK(test::read_file(path) == before);
  }
  SECTION("another program's") {
    test::execute(path, "CREATE TABLE recipes (x)");
    const std::string before = test::read_file(path);
    CHECK(failure([&] { open(path); }, base::ErrorKind::guard) ==
          path +
              " is a SQLite database of another program; it was left as it is, choose another "
              "file with --db");
    CHECK(test::read_file(path) == before);
  }
  SECTION("no database") {
    test::write_file(path, std::string(5000, 'x'));
    CHECK(failure([&] { open(path); }, base::ErrorKind::failure) ==
          path + " is no SQLite database; it was left as it is, choose another file with --db");
    CHECK(test::read_file(path) == std::string(5000, 'x'));
  }
  SECTION("a folder") {
    std::filesystem::create_directory(path);
    CHECK(failure([&] { open(path); }, base::ErrorKind::failure) ==
          path + " is a folder, no database; name a file in it with --db");
  }
  SECTION("no such folder") {
    CHECK(failure([&] { open(dir.file("none/metadata.db")); }, base::ErrorKind::failure)
              .starts_with("cannot open the lock file " + dir.file("none/metadata.db-lock") +
                           ": No such file or directory; "));
  }
}

TEST_CASE("database: a copy in memory leaves the file and its folder alone") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  const auto names = [&] {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      text += entry.path().filename().string() + " ";
    }
    return text;
  };
  SECTION("no file") {
    auto copy = store::Database::open_copy_in_memory(path, 10s);
    copy.transact(
        [](store::Transaction& t) { CHECK(t.read_all().of(model::Kind::device).empty()); });
    CHECK(names().empty());
  }
  SECTION("an old file is adopted in memory only") {
    test::execute(path, k_old_schema);
    const std::string before = test::read_file(path);
    auto copy = store::Database::open_copy_in_memory(path, 10s);
    copy.transact(
        [](store::Transaction& t) { CHECK(t.read_all().of(model::Kind::device).size() == 1); });
    CHECK(test::read_file(path) == before);
    CHECK(names() == "metadata.db ");
  }
}

TEST_CASE("database: a copy in memory reads a WAL where nothing may be written") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  {
    const auto database = open(path);
    // Committed, and in the WAL alone: nobody checkpoints.
    test::execute(path, "INSERT INTO devices (device_id, name) VALUES ('d1', 'A')");
  }
  REQUIRE(std::filesystem::file_size(path + "-wal") > 0);
  const auto files = [&] {
    std::map<std::string, std::string> content;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      if (entry.is_regular_file()) content[entry.path().filename()] = test::read_file(entry.path());
    }
    return content;
  };
  const auto devices = [&] {
    auto copy = store::Database::open_copy_in_memory(path, 10s);
    std::size_t count = 0;
    copy.transact(
        [&](store::Transaction& t) { count = t.read_all().of(model::Kind::device).size(); });
    return count;
  };
  const auto with_index = files();
  CHECK(devices() == 1);
  CHECK(files() == with_index);
  std::filesystem::remove(path + "-shm");
  const auto without_index = files();
  CHECK(devices() == 1);
  CHECK(files() == without_index);
}

TEST_CASE("database: what is thrown inside a transaction takes all of it back") {
  const test::TempDir dir;
  auto database = open(dir.file("metadata.db"));
  CHECK_THROWS_WITH(database.transact([](store::Transaction& t) {
    model::Table table(model::Kind::area);
    const model::MutableRow row = table.append();
    row[model::area::area_id] = model::Value{"k"};
    t.insert(model::Kind::area, row);
    throw std::runtime_error("stop");
  }),
                    "stop");
  CHECK(test::query(dir.file("metadata.db"), "SELECT count(*) FROM areas") == "0\n");
}

TEST_CASE("database: a writer that waits too long says who holds the lock") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  auto database = open(path);
  const sqlite::WriterLock held(path, 1s);
  CHECK(
      failure([&] { auto other = store::Database::open(path, 50ms); }, base::ErrorKind::failure) ==
      path + " is being written by process " + std::to_string(::getpid()) +
          " for longer than the 50 ms this command waits; try again later, or raise --timeout");
}

TEST_CASE("database: files beside the database have its mode") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  test::execute(path, k_old_schema);
  ::chmod(path.c_str(), 0660);
  { const auto database = open(path); }
  struct stat lock {};
  REQUIRE(::stat((path + "-lock").c_str(), &lock) == 0);
  CHECK((lock.st_mode & 0777U) == 0660U);
}

TEST_CASE("database: many writers and readers at once never fail and never mix worlds") {
  const test::TempDir dir;
  const std::string path = dir.file("metadata.db");
  { const auto made = open(path); }
  constexpr int writers = 4;
  constexpr int rounds = 25;
  std::atomic<int> failures{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int w = 0; w < writers; ++w) {
    threads.emplace_back([&, w] {
      try {
        auto database = open(path);
        for (int i = 0; i < rounds; ++i) {
          database.transact([&](store::Transaction& t) {
            // The world is two areas that always carry the same name.
            const std::string name = std::to_string(w) + "/" + std::to_string(i);
            for (const char* id : {"a", "b"}) {
              model::Table table(model::Kind::area);
              const model::MutableRow row = table.append();
              row[model::area::area_id] = model::Value{id};
              row[model::area::name] = model::Value{name};
              t.erase(model::Kind::area, id);
              t.insert(model::Kind::area, row);
            }
          });
        }
      } catch (const std::exception&) {
        ++failures;
      }
    });
  }
  std::thread reading([&] {
    store::Reader reader(path);
    while (!done) {
      const model::Stored stored = reader.read_all();
      const model::Table& areas = stored.of(model::Kind::area);
      if (areas.size() == 1 || (areas.size() == 2 && areas.row(0)[model::area::name] !=
                                                         areas.row(1)[model::area::name])) {
        ++failures;
      }
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  reading.join();
  CHECK(failures == 0);
  CHECK(test::query(path, "PRAGMA integrity_check") == "ok\n");
  CHECK(test::query(path, "SELECT count(DISTINCT name), count(*) FROM areas") == "1|2\n");
}
