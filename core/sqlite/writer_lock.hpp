// SPDX-License-Identifier: MIT
// The single writer's lock of one database: an open-file-description lock on a file beside it. Held
// around every transaction that writes and every checkpoint; who holds it has written its pid
// there. Waiting is polling with a deadline, as such locks know no timed wait.
#pragma once

#include <chrono>
#include <string>

namespace haingest::sqlite {

// An open lock file; closing it lets the lock go. -1 is none.
class LockFile {
 public:
  explicit LockFile(int fd) : fd_(fd) {}
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

class WriterLock {
 public:
  // Waits up to `timeout`; throws Failure naming the holder's pid when it is not had by then.
  // `database_path` lends the lock file `<database_path>-lock` its owner and mode.
  WriterLock(const std::string& database_path, std::chrono::milliseconds timeout);

 private:
  LockFile file_;
};

// Keeps writers away while somebody reads the files without SQLite's own locks. It writes nothing,
// not even a pid; where no lock file is, no haingest writes and there is nothing to hold.
class ReaderLock {
 public:
  // Waits and throws as WriterLock does.
  ReaderLock(const std::string& database_path, std::chrono::milliseconds timeout);

 private:
  LockFile file_;
};

// That one `watch` at a time follows a house for a database: held for as long as it runs, on a file
// of its own (`<database>-watch`), because the writer's lock comes and goes with each transaction.
class WatchLock {
 public:
  // Never waits; throws Failure naming the holder's pid.
  explicit WatchLock(const std::string& database_path);

 private:
  LockFile file_;
};

// That one copy of a history at a time keeps its checkpoint, rejects and output beside a database:
// likewise, on `<database>-copy-lock`.
class CopyLock {
 public:
  explicit CopyLock(const std::string& database_path);

 private:
  LockFile file_;
};

// Gives `path`, freshly made, the owner and mode that the database beside it has; root's cron job
// and a service's user can share both then. Where there is no database yet: the folder's, without
// its write bit for everyone.
void share_with_database(int fd, const std::string& database_path);

}  // namespace haingest::sqlite
