// SPDX-License-Identifier: MIT
#include "core/store/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "core/base/log.hpp"
#include "core/sqlite/connection.hpp"
#include "core/sqlite/shared_file.hpp"
#include "core/sqlite/writer_lock.hpp"
#include "core/store/schema.hpp"
#include "core/store/sql_transaction.hpp"

namespace haingest::store {
namespace {

// Everything inside one IMMEDIATE transaction, rolled back when `work` throws.
void in_transaction(SQLite::Database& database, const std::function<void()>& work) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  work();
  transaction.commit();
}

// A copy of ha-ingestor's file beside it, complete before the first change to the original.
void back_up(SQLite::Database& database, const std::string& path) {
  const std::string backup_path = path + ".bak-" + base::to_file_text(base::system_now());
  const std::string unfinished = backup_path + ".tmp";
  std::filesystem::remove(unfinished);
  SQLite::Statement copy(database, "VACUUM INTO ?");
  copy.bind(1, unfinished);
  copy.exec();
  if (const int fd = ::open(unfinished.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
    sqlite::share_with_database(fd, path);
    ::fsync(fd);
    ::close(fd);
  }
  std::filesystem::rename(unfinished, backup_path);
  base::log::warning(path + " was made by ha-ingestor and is adopted now; it is kept as " +
                     backup_path);
}

}  // namespace

struct Database::Impl {
  std::string path;
  std::chrono::milliseconds lock_timeout;
  sqlite::Connection connection;
  bool in_memory = false;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Database Database::open(const std::string& path, std::chrono::milliseconds lock_timeout) {
  if (const std::string file = sqlite::behind_links(path); file != path) {
    return open(file, lock_timeout);
  }
  sqlite::refuse_what_is_no_file(path);
  const sqlite::WriterLock lock(path, lock_timeout);
  sqlite::make_shared_file(path);
  auto impl = std::make_unique<Impl>(Impl{path, lock_timeout, nullptr, false});
  sqlite::translate_errors(path, [&] {
    impl->connection = sqlite::open_writer(path, lock_timeout);
    SQLite::Database& database = *impl->connection;
    if (sqlite::pragma_number(database, "user_version") != k_schema_version) {
      if (needs_adoption(database)) back_up(database, path);
      in_transaction(database, [&] { migrate(database, path); });
    }
    sqlite::configure_writer(database);
    sqlite::checkpoint(database);
  });
  base::log::debug(path + ": opened for writing");
  return Database{std::move(impl)};
}

Database Database::open_copy_in_memory(const std::string& path,
                                       std::chrono::milliseconds lock_timeout) {
  if (const std::string file = sqlite::behind_links(path); file != path) {
    return open_copy_in_memory(file, lock_timeout);
  }
  sqlite::refuse_what_is_no_file(path);
  auto impl = std::make_unique<Impl>(Impl{path, lock_timeout, nullptr, true});
  const sqlite::ReaderLock lock(path, lock_timeout);
  impl->connection = sqlite::copy_to_memory(path);
  sqlite::translate_errors(
      path, [&] { in_transaction(*impl->connection, [&] { migrate(*impl->connection, path); }); });
  base::log::debug(path + ": copied into memory, for a dry run");
  return Database{std::move(impl)};
}

void Database::transact(const std::function<void(Transaction&)>& work) {
  std::optional<sqlite::WriterLock> lock;
  if (!impl_->in_memory) lock.emplace(impl_->path, impl_->lock_timeout);
  sqlite::translate_errors(impl_->path, [&] {
    in_transaction(*impl_->connection, [&] {
      SqlTransaction transaction(*impl_->connection);
      work(transaction);
    });
    if (lock) sqlite::checkpoint(*impl_->connection);
  });
}

}  // namespace haingest::store
