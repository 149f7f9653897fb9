// SPDX-License-Identifier: MIT
// `haingest sync`, and reading, where the file is old, locked, read-only or on a full disk.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/integration/program.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/left_out.hpp"
#include "tests/support/sql.hpp"

using namespace haingest;
using test::error_line;
using test::Outcome;
using test::Program;
using test::query;
using test::without_times;
using test::Words;
namespace fs = std::filesystem;

namespace {

// A program with a saved snapshot: nothing of this needs a Home Assistant.
struct Desk {
  Desk(std::size_t devices, std::size_t entities) {
    const fakes::House house = fakes::make_house({.devices = devices, .entities = entities});
    test::write_file(snapshot, house.snapshot_document("http://ha.test:8123"));
  }

  [[nodiscard]] Outcome sync(const std::string& database, Words more = {}) const {
    const Words fixed{"sync", "--from", snapshot, "--db", database};
    more.insert(more.begin(), fixed.begin(), fixed.end());
    return program.run(more);
  }

  Program program;
  std::string snapshot = program.file("snapshot.json");
  std::string db = program.file("metadata.db");
};

// The advisory lock of a database, held by this process as a writer of haingest holds it.
class HeldLock {
 public:
  explicit HeldLock(const std::string& database)
      : fd_(::open((database + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    if (fd_ < 0 || ::fcntl(fd_, F_OFD_SETLK, &range) != 0) throw std::runtime_error("no lock");
    test::write_file(database + "-lock", std::to_string(::getpid()) + "\n");
  }
  ~HeldLock() { release(); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  void release() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

bool has_open(pid_t pid, const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    if (fs::read_symlink(entry.path(), error) == path) return true;
  }
  return false;
}

// The command as a user whom file modes stop: root is nobody's equal.
test::Command as_ordinary_user(test::Command command) {
  if (::geteuid() != 0) return command;
  const Words drop{"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
  command.argv.insert(command.argv.begin(), drop.begin(), drop.end());
  return command;
}

void set_mode(const std::string& path, unsigned mode) {
  fs::permissions(path, static_cast<fs::perms>(mode));
}

std::string names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

// What the populate script of ha-ingestor leaves behind.
void make_old_database(const std::string& path) {
  test::execute(path, R"(
    PRAGMA journal_mode = WAL;
    CREATE TABLE devices (device_id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL,
      name_by_user VARCHAR, manufacturer VARCHAR, model VARCHAR, sw_version VARCHAR,
      area_id VARCHAR, integration VARCHAR, entry_type VARCHAR, configuration_url VARCHAR,
      suggested_area VARCHAR, last_seen DATETIME, created_at DATETIME);
    CREATE TABLE entities (entity_id VARCHAR NOT NULL PRIMARY KEY, device_id VARCHAR,
      domain VARCHAR NOT NULL, platform VARCHAR, unique_id VARCHAR, area_id VARCHAR,
      disabled BOOLEAN, created_at DATETIME,
      FOREIGN KEY(device_id) REFERENCES devices (device_id) ON DELETE CASCADE);
    CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
    CREATE INDEX idx_device_area ON devices (area_id);
    CREATE INDEX ix_devices_integration ON devices (integration);
    CREATE INDEX idx_entity_domain ON entities (domain);
    INSERT INTO devices (device_id, name, manufacturer, last_seen, created_at)
      SELECT 'mock_device_' || value, 'Mock ' || value, 'Mock', '2025-10-14 10:00:00.000000',
        '2025-10-14 10:00:00.000000' FROM json_each('[1,2,3,4,5]');
    INSERT INTO entities (entity_id, device_id, domain, platform, disabled, created_at)
      SELECT 'light.mock_' || value, 'mock_device_' || value, 'light', 'mock', 0,
        '2025-10-14 10:00:00.000000' FROM json_each('[1,2,3,4,5]');
    INSERT INTO alembic_version VALUES ('001');
  )");
}

// A command of an ordinary user; the binary is copied to where that one may start it.
test::Command ordinary(const Desk& desk, const Words& words) {
  const std::string program = desk.program.file("haingest");
  fs::copy_file(HAINGEST_BINARY, program);
  set_mode(desk.program.folder.path(), 0755);
  test::Command command = desk.program.command(words);
  command.argv[0] = program;
  return as_ordinary_user(command);
}

// A sync of the desk's snapshot by an ordinary user.
test::Command ordinary_sync(const Desk& desk, const Words& more) {
  Words words{"sync", "--from", desk.snapshot};
  words.insert(words.end(), more.begin(), more.end());
  return ordinary(desk, words);
}

}  // namespace

TEST_CASE("ha-ingestor's database with five mock devices becomes the real house, with a backup") {
  const Desk desk(94, 420);
  make_old_database(desk.db);
  const Outcome outcome = desk.sync(desk.db, {"-o", "table"});
  CHECK(outcome.exit_code == 0);
  CHECK(query(desk.db, "SELECT count(*) FROM devices") == "94\n");
  CHECK(query(desk.db, "SELECT count(*) FROM devices WHERE device_id LIKE 'mock%'") == "0\n");
  CHECK(query(desk.db, "SELECT count(*) FROM entities WHERE entity_id LIKE 'light.mock%'") ==
        "0\n");
  CHECK(query(desk.db, "SELECT kind, count(*), why FROM removed GROUP BY 1, 3 ORDER BY 1") ==
        "device|5|gone\nentity|5|gone\n");
  std::string backup;
  for (const auto& entry : fs::directory_iterator(desk.program.folder.path())) {
    if (entry.path().string().starts_with(desk.db + ".bak-")) backup = entry.path();
  }
  REQUIRE(!backup.empty());
  CHECK(backup.size() == (desk.db + ".bak-20261125T013000Z").size());
  CHECK(query(backup, "SELECT count(*), min(name) FROM devices") == "5|Mock 1\n");
  CHECK(query(backup, "SELECT count(*) FROM entities") == "5\n");
  CHECK(without_times(outcome.err) == "warning " + desk.db +
                                          " was made by ha-ingestor and is adopted now; it is kept "
                                          "as " +
                                          backup + "\n");
  CHECK(desk.sync(desk.db, {"-q"}).err.empty());
}

TEST_CASE("the old reader finds its columns with their types and its timestamps' form") {
  const Desk desk(94, 420);
  make_old_database(desk.db);
  REQUIRE(desk.sync(desk.db, {"-q"}).exit_code == 0);
  CHECK(query(desk.db,
              "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('devices') "
              "WHERE name IN ('device_id', 'name', 'name_by_user', 'manufacturer', 'model', "
              "'sw_version', 'area_id', 'integration', 'entry_type', 'configuration_url', "
              "'suggested_area', 'last_seen', 'created_at')") ==
        "device_id VARCHAR, name VARCHAR, name_by_user VARCHAR, manufacturer VARCHAR, model "
        "VARCHAR, sw_version VARCHAR, area_id VARCHAR, integration VARCHAR, entry_type VARCHAR, "
        "configuration_url VARCHAR, suggested_area VARCHAR, created_at DATETIME, last_seen "
        "DATETIME\n");
  CHECK(query(desk.db,
              "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('entities') "
              "WHERE name IN ('entity_id', 'device_id', 'domain', 'platform', 'unique_id', "
              "'area_id', 'disabled', 'created_at')") ==
        "entity_id VARCHAR, device_id VARCHAR, domain VARCHAR, platform VARCHAR, unique_id "
        "VARCHAR, area_id VARCHAR, disabled BOOLEAN, created_at DATETIME\n");
  const std::string shape = "____-__-__ __:__:__.______";
  CHECK(query(desk.db, "SELECT count(*) FROM devices WHERE name IS NULL OR last_seen NOT LIKE '" +
                           shape + "' OR coalesce(created_at, '" + shape + "') NOT LIKE '" + shape +
                           "'") == "0\n");
}

TEST_CASE("a dry run over an old database leaves it and makes no backup") {
  const Desk desk(10, 30);
  make_old_database(desk.db);
  const std::string names = names_in(desk.program.folder.path());
  const std::string bytes = test::read_file(desk.db) + test::read_file(desk.db + "-wal");
  const Outcome outcome = desk.sync(desk.db, {"--dry-run", "-o", "table"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK(outcome.out.find("\nDry run, nothing written: ") != std::string::npos);
  CHECK(test::read_file(desk.db) + test::read_file(desk.db + "-wal") == bytes);
  CHECK(names_in(desk.program.folder.path()) == names);
}

TEST_CASE("a lock that stays held ends with 1 and names who holds it") {
  const Desk desk(10, 30);
  REQUIRE(desk.sync(desk.db, {"-q"}).exit_code == 0);
  const HeldLock lock(desk.db);
  const Outcome outcome = desk.sync(desk.db, {"--timeout", "300ms"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        error_line(desk.db + " is being written by process " + std::to_string(::getpid()) +
                   " for longer than the 300 ms this command waits; try again later, or raise "
                   "--timeout"));
  CHECK(query(desk.db, "SELECT count(*) FROM sync_runs") == "1\n");
  CHECK(without_times(desk.sync(desk.db, {"--timeout", "300ms", "-vv"}).err)
            .find("debug " + desk.db + ": waiting for process " + std::to_string(::getpid()) +
                  ", which holds its lock\n") != std::string::npos);
}

TEST_CASE("every name of a database has the same lock") {
  const Desk desk(10, 30);
  REQUIRE(desk.sync(desk.db, {"-q"}).exit_code == 0);
  const std::string link = desk.program.file("link.db");
  fs::create_symlink(desk.db, link);
  CHECK(desk.sync(link, {"-q"}).exit_code == 0);
  CHECK_FALSE(fs::exists(link + "-lock"));
  const HeldLock lock(desk.db);
  for (const Words& words : {Words{"--timeout", "300ms"}, Words{"--timeout", "300ms", "-n"}}) {
    const Outcome outcome = desk.sync(link, words);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err.starts_with("haingest: error: " + desk.db + " is being written by process " +
                                  std::to_string(::getpid()) + " "));
  }
}

TEST_CASE("a sync waits for the one that is writing") {
  const Desk desk(10, 30);
  REQUIRE(desk.sync(desk.db, {"-q"}).exit_code == 0);
  HeldLock lock(desk.db);
  test::Background waiting(
      desk.program.command({"sync", "--from", desk.snapshot, "--db", desk.db, "-q"}));
  REQUIRE(test::eventually([&] { return has_open(waiting.pid(), desk.db + "-lock"); }));
  CHECK(query(desk.db, "SELECT count(*) FROM sync_runs") == "1\n");
  lock.release();
  const Outcome outcome = waiting.wait();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out + outcome.err == "");
  CHECK(query(desk.db, "SELECT count(*) FROM sync_runs") == "2\n");
}

TEST_CASE("a read-only file or folder ends with 1 and changes nothing") {
  const Desk desk(10, 30);
  const fs::path folder = desk.program.folder.path() / "store";
  const std::string db = folder / "metadata.db";
  fs::create_directory(folder);
  REQUIRE(desk.sync(db, {"-q"}).exit_code == 0);
  const test::Command command = ordinary_sync(desk, {"--db", db, "-q"});
  const auto refused = [&](const std::string& message) {
    const std::string bytes = test::read_file(db) + test::read_file(db + "-wal");
    const Outcome outcome = test::run(command);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == error_line(message));
    CHECK(test::read_file(db) + test::read_file(db + "-wal") == bytes);
  };
  SECTION("the file") {
    set_mode(folder, 0777);
    for (const char* const each : {"", "-wal", "-shm"}) set_mode(db + each, 0444);
    set_mode(db + "-lock", 0666);
    refused(db +
            " cannot be written: it or its folder is read-only for this user; nothing was "
            "changed, check owner and mode");
  }
  SECTION("the folder, with the lock file in it") {
    set_mode(folder, 0555);
    for (const char* const each : {"", "-wal", "-shm", "-lock"}) set_mode(db + each, 0444);
    refused("cannot open the lock file " + db +
            "-lock: Permission denied; the database can't be written without it, check the "
            "folder's owner and mode, or choose another database with --db");
  }
  SECTION("the folder, before the first sync") {
    for (const char* const each : {"-wal", "-shm", "-lock"}) fs::remove(db + each);
    set_mode(db, 0444);
    set_mode(folder, 0555);
    const Outcome outcome = test::run(command);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err ==
          error_line("cannot open the lock file " + db +
                     "-lock: Permission denied; the database can't be written without it, check "
                     "the folder's owner and mode, or choose another database with --db"));
    CHECK(names_in(folder) == "metadata.db\n");
  }
  set_mode(folder, 0755);
}

TEST_CASE("a dry run needs to write nothing and writes nothing") {
  const Desk desk(10, 30);
  const fs::path folder = desk.program.folder.path() / "store";
  const std::string db = folder / "metadata.db";
  fs::create_directory(folder);
  REQUIRE(desk.sync(db, {"-q"}).exit_code == 0);
  // Committed, and in the WAL alone.
  test::execute(db, "DELETE FROM areas");
  REQUIRE(fs::file_size(db + "-wal") > 0);
  const test::Command command = ordinary_sync(desk, {"--db", db, "-n", "-o", "table"});
  const auto content = [&] {
    std::string all;
    for (const auto& entry : fs::directory_iterator(folder)) {
      all += entry.path().filename().string() + " " +
             std::to_string(entry.last_write_time().time_since_epoch().count()) + "\n" +
             test::read_file(entry.path());
    }
    return all;
  };
  const auto tells = [&] {
    for (const auto& entry : fs::directory_iterator(folder)) set_mode(entry.path(), 0444);
    set_mode(folder, 0555);
    const std::string before = content();
    const Outcome outcome = test::run(command);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    CHECK(outcome.out.find("\nDry run, nothing written: 8 added; now 10 devices, ") !=
          std::string::npos);
    CHECK(content() == before);
    set_mode(folder, 0755);
  };
  SECTION("with everything that a writer leaves") { tells(); }
  SECTION("without the WAL's index") {
    fs::remove(db + "-shm");
    tells();
  }
  SECTION("without a lock file") {
    fs::remove(db + "-lock");
    tells();
  }
  SECTION("the file alone") {
    test::execute(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    for (const char* const each : {"-wal", "-shm", "-lock"}) fs::remove(db + each);
    tells();
  }
  SECTION("in a folder that could be written") {
    const std::string before = content();
    CHECK(desk.sync(db, {"-n", "-q"}).exit_code == 0);
    CHECK(content() == before);
  }
}

TEST_CASE("who may not write beside the database reads it, whatever a writer has left there") {
  const Desk desk(10, 30);
  const fs::path folder = desk.program.folder.path() / "store";
  const std::string db = folder / "metadata.db";
  fs::create_directory(folder);
  REQUIRE(desk.sync(db, {"-q"}).exit_code == 0);
  const test::Command command =
      ordinary(desk, {"discover", "devices", "--stored", "--db", db, "-o", "csv"});
  const auto reads = [&](const std::string& names) {
    CHECK(names_in(folder) == names);
    for (const auto& entry : fs::directory_iterator(folder)) set_mode(entry.path(), 0444);
    set_mode(folder, 0555);
    const Outcome outcome = test::run(command);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    CHECK(std::count(outcome.out.begin(), outcome.out.end(), '\n') == 11);
    CHECK(names_in(folder) == names);
    set_mode(folder, 0755);
  };
  SECTION("with everything that haingest leaves") {
    reads("metadata.db\nmetadata.db-lock\nmetadata.db-shm\nmetadata.db-wal\n");
  }
  SECTION("without the WAL's index") {
    fs::remove(db + "-shm");
    reads("metadata.db\nmetadata.db-lock\nmetadata.db-wal\n");
  }
  SECTION("without a WAL, as the sqlite3 shell leaves it") {
    static_cast<void>(query(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
    for (const char* const each : {"-wal", "-shm"}) fs::remove(db + each);
    reads("metadata.db\nmetadata.db-lock\n");
  }
  SECTION("the file alone, while nobody writes") {
    static_cast<void>(query(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
    for (const char* const each : {"-wal", "-shm", "-lock"}) fs::remove(db + each);
    reads("metadata.db\n");
  }
}

TEST_CASE("what is no regular file is refused before anything is made beside it") {
  const Desk desk(1, 1);
  const std::string pipe = desk.program.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_symlink(pipe, desk.program.file("link"));
  const std::string names = names_in(desk.program.folder.path());
  for (const std::string& db : {pipe, desk.program.file("link")}) {
    for (const Words& words :
         {Words{"sync", "--from", desk.snapshot}, Words{"sync", "-n", "--from", desk.snapshot},
          Words{"serve", "--listen", "127.0.0.1:0"}, Words{"discover", "--stored"}}) {
      Words all = words;
      all.insert(all.end(), {"--db", db});
      const Outcome outcome = desk.program.run(all);
      CHECK(outcome.exit_code == 1);
      CHECK(outcome.out.empty());
      CHECK(outcome.err ==
            error_line(db + " is no regular file, so no database; name another with --db"));
    }
  }
  CHECK(names_in(desk.program.folder.path()) == names);
}

TEST_CASE("a folder that does not exist ends with 1") {
  const Desk desk(1, 1);
  const std::string db = desk.program.file("none/metadata.db");
  const Outcome outcome = desk.sync(db);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err ==
        error_line("there is no folder " + desk.program.file("none") + " for the database " + db +
                   "; make it first, or name another database with --db"));
}

TEST_CASE("a full disk ends with 1, and the store stays what it was") {
  const Desk desk(94, 420);
  const Desk small(10, 30);
  const fs::path folder = desk.program.folder.path() / "disk";
  const std::string db = folder / "metadata.db";
  fs::create_directory(folder);
  const bool mounted =
      ::mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=640k") == 0;
  if (!mounted) {
    test::left_out("a full disk", "no file system can be mounted here");
    return;
  }
  CHECK(small.sync(db, {"-q"}).exit_code == 0);
  const std::string devices = query(db, "SELECT * FROM devices ORDER BY 1");
  const std::string runs = query(db, "SELECT * FROM sync_runs ORDER BY 1");
  const Outcome outcome = desk.sync(db, {"--new-house"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == error_line(db + " cannot grow: the disk is full; nothing was changed, make "
                                       "room and try again"));
  CHECK(query(db, "SELECT * FROM devices ORDER BY 1") == devices);
  CHECK(query(db, "SELECT * FROM sync_runs ORDER BY 1") == runs);
  CHECK(query(db, "PRAGMA integrity_check") == "ok\n");
  CHECK(::umount(folder.c_str()) == 0);
}

TEST_CASE("a limit on the file's size is told like a full disk") {
  const Desk desk(94, 420);
  const std::string db = desk.program.file("metadata.db");
  REQUIRE(Desk(10, 30).sync(db, {"-q"}).exit_code == 0);
  const std::string devices = query(db, "SELECT * FROM devices ORDER BY 1");
  test::Command command = desk.program.command(
      {"sync", "--from", desk.snapshot, "--db", db, "--new-house", "-o", "table"});
  const Words limit{"/usr/bin/prlimit", "--fsize=300000", "--"};
  command.argv.insert(command.argv.begin(), limit.begin(), limit.end());
  const Outcome outcome = test::run(command);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("haingest: error: " + db + " cannot "));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(query(db, "SELECT * FROM devices ORDER BY 1") == devices);
}

TEST_CASE("the files beside the database have its owner and mode, the first time, too") {
  const Desk desk(3, 5);
  const fs::path folder = desk.program.folder.path() / "shared";
  fs::create_directory(folder);
  if (::geteuid() == 0) REQUIRE(::chown(folder.c_str(), 65534, 65534) == 0);
  set_mode(folder, 02770);
  const std::string db = folder / "metadata.db";
  REQUIRE(desk.sync(db, {"-q"}).exit_code == 0);
  for (const char* const each : {"", "-lock", "-wal", "-shm"}) {
    INFO(each);
    CHECK(fs::status(db + each).permissions() == static_cast<fs::perms>(0660));
    struct stat file {};
    REQUIRE(::stat((db + each).c_str(), &file) == 0);
    CHECK(file.st_uid == (::geteuid() == 0 ? 65534U : ::geteuid()));
  }
  set_mode(folder, 01777);
  const std::string open_to_all = folder / "other.db";
  REQUIRE(desk.sync(open_to_all, {"-q"}).exit_code == 0);
  CHECK(fs::status(open_to_all).permissions() == static_cast<fs::perms>(0664));
}
