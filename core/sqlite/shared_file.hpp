// SPDX-License-Identifier: MIT
// Files that several users share, like root's cron job and a service's user: metadata.db and what
// lies beside it.
#pragma once

#include <string>

namespace haingest::sqlite {

// Makes an empty file where none is, before SQLite opens it: -wal and -shm take their owner and
// mode from it. They are those of `database`; of the folder where that is "" or does not exist.
void make_shared_file(const std::string& path, const std::string& database = "");

// The file that a link leads to. SQLite keeps -wal and -shm beside that: what else lies beside a
// database belongs there, too, or every name of it would have a lock of its own.
[[nodiscard]] std::string behind_links(const std::string& path);

// Throws Failure for a folder, a device, a pipe; to be called before a lock or a journal is made
// beside it: beside a device they would stand in /dev. `remedy` is for files that --db does not
// name itself.
void refuse_what_is_no_file(const std::string& path, const std::string& remedy = "");

}  // namespace haingest::sqlite
