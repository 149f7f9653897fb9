// SPDX-License-Identifier: MIT
// Opening SQLite files the way haingest needs them. A connection belongs to one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace SQLite {
class Database;
class Exception;
}  // namespace SQLite

namespace haingest::sqlite {

using Connection = std::unique_ptr<SQLite::Database>;

// For writing; makes the file when it is missing. The caller holds the WriterLock. No pragma is set
// yet, so that a file which turns out to be somebody else's is left as it is.
[[nodiscard]] Connection open_writer(const std::string& path, std::chrono::milliseconds busy);
// WAL, synchronous FULL (a commit that was answered survives a power cut), no checkpoint but ours;
// each is read back. Throws Failure when the file system does not give WAL.
void configure_writer(SQLite::Database& database);

// Read-only; never checkpoints, not even on close.
[[nodiscard]] Connection open_reader(const std::string& path);

// A private copy of the file in memory; the file and its folder stay untouched and need not be
// writable. The caller holds the ReaderLock. An absent file gives an empty database.
[[nodiscard]] Connection copy_to_memory(const std::string& path);

// Moves what is committed in the WAL into the file; to be called inside the WriterLock only.
void checkpoint(SQLite::Database& database);

[[nodiscard]] std::int64_t pragma_number(SQLite::Database& database, const std::string& name);

// Calls `work`; what SQLite throws becomes a Failure that says in one line what it means for
// `path`.
void translate_errors(const std::string& path, const std::function<void()>& work);

}  // namespace haingest::sqlite
