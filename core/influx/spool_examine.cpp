// SPDX-License-Identifier: MIT
#include "core/influx/spool_examine.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <filesystem>

#include "core/base/error.hpp"
#include "core/influx/spool_salvage.hpp"
#include "core/influx/spool_schema.hpp"

namespace haingest::influx {
namespace {

[[noreturn]] void refuse_newer(const std::string& path, std::int64_t layout) {
  throw base::Failure(base::ErrorKind::guard,
                      path + " has layout " + std::to_string(layout) +
                          ", made by a newer haingest; this one knows up to " +
                          std::to_string(k_spool_layout) +
                          " and left it as it is, install the newer version");
}

// Rows of sqlite_master; they lie on the first page as long as there are few.
bool has_tables(SqlitePages& pages) {
  bool any = false;
  pages.visit_rows(k_spool_page_size, [&any](const RawRow& row) {
    any = any || (row.columns.size() == 5 && row.columns[0].type == RawValue::Type::text &&
                  row.columns[3].type == RawValue::Type::integer);
  });
  return any;
}

}  // namespace

// Only the very first pages are written with a rollback journal.
void finish_creation(const std::string& path, const std::string& vfs) {
  std::error_code error;
  if (!std::filesystem::exists(path + "-journal", error)) return;
  try {
    SQLite::Database database(path, SQLite::OPEN_READWRITE, 0, vfs);
    database.execAndGet("SELECT count(*) FROM sqlite_master");
  } catch (const SQLite::Exception&) {  // what it is then, examine() says
  }
}

// Where the head contradicts the row of `state`, one of its bits is wrong.
Found examine(const std::string& path, std::string& why) {
  SqlitePages pages(path, k_spool_page_size);
  if (pages.empty()) return Found::nothing;
  if (!pages.has_head()) {
    why = "it does not begin as a SQLite file does";
    return Found::damaged;
  }
  const auto application = static_cast<std::int64_t>(pages.application_id());
  const auto version = static_cast<std::int64_t>(pages.user_version());
  if (application == k_spool_application && version > 0 && version <= k_spool_layout) {
    if (!pages.has_damaged_wal()) return Found::spool;
    why = "commits in its WAL cannot be read";
    return Found::damaged;
  }
  // Made, but the first transaction did not come about.
  if (application == 0 && version == 0 && !has_tables(pages)) return Found::spool;
  const auto layouts = layouts_in(pages);
  if (!layouts.empty() && std::ranges::max(layouts) <= k_spool_layout) {
    why = "its first page is wrong";
    return Found::damaged;
  }
  if (application == k_spool_application && version > k_spool_layout) refuse_newer(path, version);
  if (!layouts.empty()) refuse_newer(path, std::ranges::max(layouts));
  throw base::Failure(base::ErrorKind::failure,
                      path +
                          " is a SQLite database of another program; it was left as it is, "
                          "choose another file with --db");
}

}  // namespace haingest::influx
