// SPDX-License-Identifier: MIT
#include "tests/support/sql.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace haingest::test {
namespace {

int append_row(void* out, int count, char** values, char** /*names*/) {
  auto& text = *static_cast<std::string*>(out);
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += '|';
    if (values[i] != nullptr) text += values[i];
  }
  text += '\n';
  return 0;
}

std::string run_sql(const std::string& path, const std::string& sql, int flags) {
  sqlite3* opened = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, sqlite3_close);
  if (status != SQLITE_OK) throw std::runtime_error(path + ": " + sqlite3_errmsg(opened));
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(opened, 10'000);
  std::string out;
  char* message = nullptr;
  if (sqlite3_exec(opened, sql.c_str(), append_row, &out, &message) != SQLITE_OK) {
    const std::string text = message == nullptr ? "error" : message;
    sqlite3_free(message);
    throw std::runtime_error(sql + ": " + text);
  }
  return out;
}

}  // namespace

std::string query(const std::string& path, const std::string& sql) {
  return run_sql(path, sql, SQLITE_OPEN_READWRITE);
}

void execute(const std::string& path, const std::string& sql) {
  static_cast<void>(run_sql(path, sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
}

}  // namespace haingest::test
