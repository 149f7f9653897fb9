// SPDX-License-Identifier: MIT
#include "core/influx/dead_letters.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using influx::DeadLetter;
using influx::DeadLetters;

namespace {

struct Fixture {
  test::TempDir dir;
  std::string path = dir.file("metadata.db-dead");

  [[nodiscard]] std::string open_error(base::ErrorKind& kind) const {
    try {
      const DeadLetters letters(path);
    } catch (const base::Failure& failure) {
      kind = failure.error().kind;
      return failure.error().message;
    }
    return "none";
  }
};

DeadLetter letter(int seconds, const std::string& line, const std::string& reason = "no") {
  DeadLetter letter;
  letter.at = base::Timestamp{std::chrono::seconds(seconds)};
  letter.target = "home";
  letter.entity_id = "sensor.x";
  letter.reason = reason;
  letter.line = line;
  return letter;
}

std::string text_of(const std::vector<DeadLetter>& letters) {
  std::string text;
  for (const DeadLetter& letter : letters) {
    text += std::to_string(letter.id) + " " +
            std::to_string(letter.at.time_since_epoch().count() / 1'000'000) + " " + letter.target +
            " " + letter.entity_id + " " + letter.reason + " " + letter.line +
            (letter.retry ? " retry" : "") + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("dead letters: no file until there is a letter") {
  const Fixture f;
  DeadLetters letters(f.path);
  CHECK(letters.list().empty());
  CHECK(letters.count() == 0);
  CHECK(letters.mark_for_retry({}) == 0);
  CHECK(letters.drop({1}) == 0);
  letters.add({});
  CHECK_FALSE(std::filesystem::exists(f.path));
  letters.add({letter(1, "m v=1 1")});
  CHECK(letters.count() == 1);
  CHECK_FALSE(std::filesystem::exists(f.path + "-wal"));
}

TEST_CASE("dead letters: listed oldest first, with limit and by id") {
  const Fixture f;
  DeadLetters letters(f.path);
  letters.add({letter(2, "m v=2 2"), letter(1, "m v=1 1"),
               letter(3, "m v=\"a,b\\\\ \" 3", "type conflict")});
  CHECK(text_of(letters.list()) ==
        "2 1 home sensor.x no m v=1 1\n1 2 home sensor.x no m v=2 2\n"
        "3 3 home sensor.x type conflict m v=\"a,b\\\\ \" 3\n");
  CHECK(text_of(letters.list({}, 1)) == "2 1 home sensor.x no m v=1 1\n");
  CHECK(text_of(letters.list({1, 99, 3})) ==
        "1 2 home sensor.x no m v=2 2\n3 3 home sensor.x type conflict m v=\"a,b\\\\ \" 3\n");
}

TEST_CASE("dead letters: equal ones are kept once, with the latest time and no mark") {
  const Fixture f;
  DeadLetters letters(f.path);
  letters.add({letter(1, "m v=1 1"), letter(2, "m v=1 1"), letter(1, "m v=1 1", "other")});
  CHECK(letters.count() == 2);
  CHECK(letters.mark_for_retry({1}) == 1);
  letters.add({letter(5, "m v=1 1")});
  CHECK(text_of(letters.list()) ==
        "3 1 home sensor.x other m v=1 1\n1 5 home sensor.x no m v=1 1\n");
}

TEST_CASE("dead letters: marked, taken, dropped") {
  const Fixture f;
  DeadLetters watch(f.path);
  DeadLetters command(f.path);
  watch.add({letter(1, "m v=1 1"), letter(2, "m v=2 2"), letter(3, "m v=3 3")});
  CHECK(command.mark_for_retry({2, 2, 77}) == 2);
  CHECK(text_of(watch.marked()) == "2 2 home sensor.x no m v=2 2 retry\n");
  watch.take({2});
  watch.take({});
  CHECK(watch.marked().empty());
  CHECK(command.mark_for_retry({}) == 2);
  CHECK(command.drop({1}) == 1);
  CHECK(command.drop({1}) == 0);
  CHECK(text_of(command.list()) == "3 3 home sensor.x no m v=3 3 retry\n");
  CHECK(command.drop({}) == 1);
  watch.add({letter(1, "m v=1 1")});
  CHECK(text_of(watch.list()) == "4 1 home sensor.x no m v=1 1\n");
}

TEST_CASE("dead letters: several processes write at once") {
  const Fixture f;
  constexpr int k_processes = 4;
  constexpr int k_letters = 25;
  std::vector<pid_t> children;
  for (int process = 0; process < k_processes; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        DeadLetters letters(f.path);
        for (int i = 0; i < k_letters; ++i) {
          letters.add({letter(i, "m p=" + std::to_string(process) + ",i=" + std::to_string(i))});
          static_cast<void>(letters.mark_for_retry({}));
        }
      } catch (const std::exception&) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(DeadLetters(f.path).count() == k_processes * k_letters);
  CHECK(test::query(f.path, "PRAGMA integrity_check") == "ok\n");
}

TEST_CASE("dead letters: the database's mode; a newer layout and foreign files are refused") {
  const Fixture f;
  base::ErrorKind kind{};
  const std::string database = f.dir.file("metadata.db");
  test::write_file(database, "");
  REQUIRE(::chmod(database.c_str(), 0604) == 0);
  DeadLetters(f.path, database).add({letter(1, "m v=1 1")});
  struct stat about {};
  REQUIRE(::stat(f.path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777U) == 0604);
  test::execute(f.path, "PRAGMA user_version = 9");
  CHECK(f.open_error(kind) == f.path +
                                  " has layout 9, made by a newer haingest; this one knows up to 1 "
                                  "and left it as it is, install the newer version");
  CHECK(kind == base::ErrorKind::guard);
  std::filesystem::remove(f.path);
  test::execute(f.path, "CREATE TABLE x (y)");
  CHECK(f.open_error(kind) == f.path +
                                  " is a SQLite database of another program; it was left as it "
                                  "is, choose another file with --db");
  CHECK(kind == base::ErrorKind::failure);
  test::write_file(f.path, "a text of some length, which is no database\n");
  CHECK(f.open_error(kind) == f.path +
                                  " is no SQLite database; it was left as it is, choose another "
                                  "file with --db");
}
