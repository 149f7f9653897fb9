// SPDX-License-Identifier: MIT
// The yardstick of `make bench`: what syncing the same house costs a program that does nothing but
// parse, insert and compare.
//
//   bench_bare prepare DB       an empty database with haingest's schema
//   bench_bare first FILE DB    parse FILE, insert every row and one of `changes` for each
//   bench_bare repeat FILE DB   parse FILE, SELECT every row, compare in memory
//   bench_bare parse FILE       how fast core/model parses FILE, beside nlohmann's DOM
#include <simdjson.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/atomic_file.hpp"
#include "core/model/snapshot.hpp"
#include "core/store/database.hpp"

namespace {

using namespace haingest;
using model::Kind;
namespace ondemand = simdjson::ondemand;

void check(int code, sqlite3* db) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  std::fprintf(stderr, "bench_bare: %s\n", sqlite3_errmsg(db));
  std::exit(1);
}

struct Record {
  std::string_view whole;
  std::vector<std::string> cells;  // in the order of columns_of
};
using Records = std::map<Kind, std::vector<Record>>;

std::unordered_map<std::string_view, std::size_t> fields_of(Kind kind) {
  std::unordered_map<std::string_view, std::size_t> fields;
  const auto columns = model::columns_of(kind);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    fields[columns[i].ha_field.empty() ? columns[i].name : columns[i].ha_field] = i;
  }
  return fields;
}

std::string_view raw_of(ondemand::value value) {
  switch (value.type().value()) {
    case ondemand::json_type::object:
      return value.get_object().value().raw_json().value();
    case ondemand::json_type::array:
      return value.get_array().value().raw_json().value();
    case ondemand::json_type::string:
      return value.get_string().value();
    default:
      return value.raw_json_token();
  }
}

void read_registry(ondemand::array array, Kind kind, std::vector<Record>& records) {
  const auto fields = fields_of(kind);
  const std::size_t extra = model::tail_of(kind).extra;
  for (ondemand::object object : array) {
    Record& record = records.emplace_back();
    record.cells.resize(model::columns_of(kind).size());
    for (auto field : object) {
      const std::string_view name = field.unescaped_key().value();
      const std::string_view raw = raw_of(field.value().value());
      const auto column = fields.find(name);
      if (column != fields.end()) {
        record.cells[column->second] = raw;
      } else {
        record.cells[extra].append(name).append(":").append(raw);
      }
    }
    record.whole = object.raw_json().value();
  }
}

Records parse(const simdjson::padded_string& text, ondemand::parser& parser) {
  Records records;
  ondemand::document document = parser.iterate(text);
  for (auto field : document.get_object()) {
    const auto kind = model::kind_from_plural(field.unescaped_key().value());
    if (kind) {
      read_registry(field.value().get_array(), *kind, records[*kind]);
    } else {
      static_cast<void>(raw_of(field.value().value()));
    }
  }
  return records;
}

sqlite3* open(const char* path) {
  sqlite3* db = nullptr;
  check(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, nullptr), db);
  check(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", nullptr, nullptr,
                     nullptr),
        db);
  return db;
}

void bind_text(sqlite3_stmt* statement, int at, std::string_view text) {
  sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void insert(sqlite3* db, const Records& all) {
  check(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), db);
  sqlite3_stmt* change = nullptr;
  check(sqlite3_prepare_v2(db,
                           "INSERT INTO changes (run, at, kind, id, action, before, after) VALUES "
                           "(1, '2026-11-25 00:00:00.000000', ?, ?, 'added', NULL, ?)",
                           -1, &change, nullptr),
        db);
  for (const auto& [kind, records] : all) {
    std::string sql = "INSERT INTO " + std::string(model::plural_of(kind)) + " VALUES (?";
    for (std::size_t i = 1; i < model::columns_of(kind).size(); ++i) sql += ",?";
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(db, (sql + ")").c_str(), -1, &statement, nullptr), db);
    for (const Record& record : records) {
      for (std::size_t i = 0; i < record.cells.size(); ++i) {
        bind_text(statement, static_cast<int>(i) + 1, record.cells[i]);
      }
      check(sqlite3_step(statement), db);
      sqlite3_reset(statement);
      bind_text(change, 1, model::name_of(kind));
      bind_text(change, 2, record.cells[model::identity_column(kind)]);
      bind_text(change, 3, record.whole);
      check(sqlite3_step(change), db);
      sqlite3_reset(change);
    }
    sqlite3_finalize(statement);
  }
  sqlite3_finalize(change);
  check(sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr), db);
}

// How many rows differ from what was parsed.
std::size_t compare(sqlite3* db, const Records& all) {
  std::size_t different = 0;
  for (const auto& [kind, records] : all) {
    std::unordered_map<std::string_view, const Record*> by_key;
    for (const Record& record : records) by_key.emplace(record.cells[model::k_key_column], &record);
    const std::string sql = "SELECT * FROM " + std::string(model::plural_of(kind));
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), db);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      const auto text = [&](int i) {
        const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        return data == nullptr
                   ? std::string_view{}
                   : std::string_view{data,
                                      static_cast<std::size_t>(sqlite3_column_bytes(statement, i))};
      };
      const auto found = by_key.find(text(0));
      bool same = found != by_key.end();
      if (!same) continue;
      // All cells of every row: SQLite writes a float its own way, so that most rows differ early.
      for (std::size_t i = 0; i < found->second->cells.size(); ++i) {
        if (text(static_cast<int>(i)) != found->second->cells[i]) same = false;
      }
      different += same ? 0 : 1;
    }
    sqlite3_finalize(statement);
  }
  return different;
}

template <class Work>
double seconds_of(Work work) {
  constexpr int times = 20;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) work();
  const std::chrono::duration<double> span = std::chrono::steady_clock::now() - start;
  return span.count() / times;
}

void report_parsing(const std::string& text, const char* path) {
  std::size_t records = 0;
  const double ours = seconds_of([&] {
    const auto document = model::parse_document(text, path).value();
    const model::Snapshot snapshot = model::to_snapshot(document);
    records = 0;
    for (const Kind kind : model::k_kinds) records += snapshot.of(kind).table.size();
  });
  const double dom = seconds_of([&] {
    const auto parsed = nlohmann::json::parse(text);
    if (!parsed.is_object()) std::exit(1);
  });
  std::printf("{\"bytes\":%zu,\"records\":%zu,\"seconds\":%.6f,\"dom_seconds\":%.6f}\n",
              text.size(), records, ours, dom);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "prepare" && argc == 3) {
    static_cast<void>(store::Database::open(argv[2], std::chrono::seconds(10)));
    return 0;
  }
  if (argc < 3) return 2;
  const std::string text = base::read_whole_file(argv[2]);
  if (mode == "parse") {
    report_parsing(text, argv[2]);
    return 0;
  }
  if (argc < 4) return 2;
  const simdjson::padded_string padded(text);
  ondemand::parser parser;
  const Records records = parse(padded, parser);
  sqlite3* const db = open(argv[3]);
  if (mode == "first") insert(db, records);
  if (mode == "repeat") std::printf("%zu\n", compare(db, records));
  sqlite3_close(db);
  return 0;
}
