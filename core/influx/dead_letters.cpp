// SPDX-License-Identifier: MIT
#include "core/influx/dead_letters.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <filesystem>
#include <functional>

#include "core/sqlite/connection.hpp"
#include "core/sqlite/shared_file.hpp"

namespace haingest::influx {
namespace {

constexpr std::int64_t k_layout = 1;
constexpr std::int64_t k_application = 0x68676464;  // "hgdd"
// `watch` writes a few rows at a time, the commands no more than that.
constexpr std::chrono::seconds k_busy{5};

// 1: everything. AUTOINCREMENT: an id that somebody has read must not become another letter's.
void create_tables(SQLite::Database& database) {
  database.exec(
      "CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, "
      "target TEXT NOT NULL, entity_id TEXT NOT NULL, reason TEXT NOT NULL, line TEXT NOT NULL, "
      "retry INTEGER NOT NULL, UNIQUE (target, line, reason))");
}

using Migration = void (*)(SQLite::Database& database);
constexpr std::array<Migration, k_layout> k_migrations{create_tables};

void refuse_newer(SQLite::Database& database, const std::string& path) {
  const auto version = sqlite::pragma_number(database, "user_version");
  if (version <= k_layout) return;
  throw base::Failure(base::ErrorKind::guard,
                      path + " has layout " + std::to_string(version) +
                          ", made by a newer haingest; this one knows up to " +
                          std::to_string(k_layout) +
                          " and left it as it is, install the newer version");
}

// True for a file without any table yet.
bool is_new(SQLite::Database& database, const std::string& path) {
  const auto application = sqlite::pragma_number(database, "application_id");
  if (application == k_application) {
    refuse_newer(database, path);
    return false;
  }
  if (application == 0 &&
      database.execAndGet("SELECT count(*) FROM sqlite_master").getInt64() == 0) {
    return true;
  }
  throw base::Failure(base::ErrorKind::failure,
                      path +
                          " is a SQLite database of another program; it was left as it is, "
                          "choose another file with --db");
}

void migrate(SQLite::Database& database, const std::string& path) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  // Another process may have been here first.
  const auto version = is_new(database, path) ? 0 : sqlite::pragma_number(database, "user_version");
  for (auto next = version; next < k_layout; ++next) {
    k_migrations[static_cast<std::size_t>(next)](database);
  }
  database.exec("PRAGMA application_id = " + std::to_string(k_application));
  database.exec("PRAGMA user_version = " + std::to_string(k_layout));
  transaction.commit();
}

DeadLetter letter_in(SQLite::Statement& query) {
  return {query.getColumn(0).getInt64(),
          base::Timestamp{std::chrono::microseconds(query.getColumn(1).getInt64())},
          query.getColumn(2).getString(),
          query.getColumn(3).getString(),
          query.getColumn(4).getString(),
          query.getColumn(5).getString(),
          query.getColumn(6).getInt() != 0};
}

constexpr const char* k_select =
    "SELECT id, at, target, entity_id, reason, line, retry FROM dead_letters";

}  // namespace

struct DeadLetters::Impl {
  // Opens it for one call: the file is written once in a while, and in between it can be moved
  // away. Without a file `work` is called only when it is to be `made`.
  enum class Make { yes, no };
  void with_file(Make make, const std::function<void(SQLite::Database&)>& work) const;
  // One statement for each id, or `for_all` for none; returns the rows changed.
  [[nodiscard]] std::int64_t change(const std::vector<std::int64_t>& ids,
                                    const std::string& statement) const;

  std::string path;
  std::string database;
};

void DeadLetters::Impl::with_file(Make make,
                                  const std::function<void(SQLite::Database&)>& work) const {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    if (make == Make::no) return;
    sqlite::make_shared_file(path, database);
  }
  sqlite::translate_errors(path, [&] {
    const sqlite::Connection connection = sqlite::open_writer(path, k_busy);
    connection->exec("PRAGMA synchronous = EXTRA");
    if (is_new(*connection, path) && make == Make::no) return;
    if (sqlite::pragma_number(*connection, "user_version") < k_layout) migrate(*connection, path);
    work(*connection);
  });
}

std::int64_t DeadLetters::Impl::change(const std::vector<std::int64_t>& ids,
                                       const std::string& statement) const {
  std::int64_t changed = 0;
  with_file(Make::no, [&](SQLite::Database& file) {
    SQLite::Transaction transaction(file, SQLite::TransactionBehavior::IMMEDIATE);
    if (ids.empty()) {
      changed = file.exec(statement);
    } else {
      SQLite::Statement one(file, statement + " WHERE id = ?");
      for (const std::int64_t id : ids) {
        one.bind(1, id);
        changed += one.exec();
        one.reset();
      }
    }
    transaction.commit();
  });
  return changed;
}

DeadLetters::DeadLetters(const std::string& path, std::string database)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = sqlite::behind_links(path);
  impl_->database = std::move(database);
  sqlite::refuse_what_is_no_file(impl_->path, "choose another database with --db");
  impl_->with_file(Impl::Make::no, [](SQLite::Database&) {});
}

DeadLetters::DeadLetters(DeadLetters&&) noexcept = default;
DeadLetters& DeadLetters::operator=(DeadLetters&&) noexcept = default;
DeadLetters::~DeadLetters() = default;

void DeadLetters::add(const std::vector<DeadLetter>& letters) {
  if (letters.empty()) return;
  impl_->with_file(Impl::Make::yes, [&](SQLite::Database& file) {
    SQLite::Transaction transaction(file, SQLite::TransactionBehavior::IMMEDIATE);
    // One that was sent again and refused again is no longer marked.
    SQLite::Statement insert(
        file,
        "INSERT INTO dead_letters (at, target, entity_id, reason, line, retry) VALUES (?, ?, ?, ?, "
        "?, ?) ON CONFLICT (target, line, reason) DO UPDATE SET at = excluded.at, retry = "
        "excluded.retry");
    for (const DeadLetter& letter : letters) {
      insert.bind(1, letter.at.time_since_epoch().count());
      insert.bindNoCopy(2, letter.target);
      insert.bindNoCopy(3, letter.entity_id);
      insert.bindNoCopy(4, letter.reason);
      insert.bindNoCopy(5, letter.line);
      insert.bind(6, letter.retry ? 1 : 0);
      insert.exec();
      insert.reset();
    }
    transaction.commit();
  });
}

std::vector<DeadLetter> DeadLetters::list(const std::vector<std::int64_t>& ids,
                                          std::optional<std::int64_t> limit) {
  std::vector<DeadLetter> letters;
  impl_->with_file(Impl::Make::no, [&](SQLite::Database& file) {
    // -1 is SQLite's word for no limit.
    SQLite::Statement query(
        file, std::string{k_select} +
                  (ids.empty() ? "" : " WHERE id IN (SELECT value FROM json_each(?2))") +
                  " ORDER BY at, id LIMIT ?1");
    query.bind(1, limit.value_or(-1));
    if (!ids.empty()) {
      std::string list = "[";
      for (const std::int64_t id : ids) list += (list.size() > 1 ? "," : "") + std::to_string(id);
      query.bind(2, list + "]");
    }
    while (query.executeStep()) letters.push_back(letter_in(query));
  });
  return letters;
}

std::int64_t DeadLetters::count() {
  std::int64_t count = 0;
  impl_->with_file(Impl::Make::no, [&](SQLite::Database& file) {
    count = file.execAndGet("SELECT count(*) FROM dead_letters").getInt64();
  });
  return count;
}

std::int64_t DeadLetters::mark_for_retry(const std::vector<std::int64_t>& ids) {
  return impl_->change(ids, "UPDATE dead_letters SET retry = 1");
}

std::int64_t DeadLetters::drop(const std::vector<std::int64_t>& ids) {
  return impl_->change(ids, "DELETE FROM dead_letters");
}

std::vector<DeadLetter> DeadLetters::marked() {
  std::vector<DeadLetter> letters;
  impl_->with_file(Impl::Make::no, [&](SQLite::Database& file) {
    SQLite::Statement query(file, std::string{k_select} + " WHERE retry = 1 ORDER BY at, id");
    while (query.executeStep()) letters.push_back(letter_in(query));
  });
  return letters;
}

void DeadLetters::take(const std::vector<std::int64_t>& ids) {
  if (!ids.empty()) static_cast<void>(impl_->change(ids, "DELETE FROM dead_letters"));
}

}  // namespace haingest::influx
