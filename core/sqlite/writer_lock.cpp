// SPDX-License-Identifier: MIT
#include "core/sqlite/writer_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/span.hpp"

namespace haingest::sqlite {
namespace {

// `type` is F_WRLCK or F_RDLCK.
bool try_lock(int fd, short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return ::fcntl(fd, F_OFD_SETLK, &range) == 0;
}

std::string holder(int fd) {
  char text[32] = {};
  const ssize_t length = ::pread(fd, text, sizeof text - 1, 0);
  const std::string pid{text, length > 0 ? std::strspn(text, "0123456789") : 0};
  return pid.empty() ? "another process" : "process " + pid;
}

void leave_pid(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  // The pid is for people; the lock holds without it (a full disk must not stop a reader of it).
  if (::ftruncate(fd, 0) == 0) static_cast<void>(::pwrite(fd, text.data(), text.size(), 0));
}

[[noreturn]] void refuse_lock_file(const std::string& path, const std::string& meaning) {
  throw base::Failure(base::ErrorKind::failure, "cannot open the lock file " + path + ": " +
                                                    std::strerror(errno) + "; " + meaning);
}

void wait_for_lock(int fd, short type, const std::string& database_path,
                   std::chrono::milliseconds timeout) {
  const auto start = std::chrono::steady_clock::now();
  const auto deadline = start + timeout;
  auto pause = std::chrono::milliseconds(1);
  bool waited = false;
  while (!try_lock(fd, type)) {
    if (!waited && base::log::shows(base::log::Level::debug)) {
      base::log::debug(database_path + ": waiting for " + holder(fd) + ", which holds its lock");
    }
    waited = true;
    if (std::chrono::steady_clock::now() >= deadline) {
      throw base::Failure(base::ErrorKind::failure,
                          database_path + " is being written by " + holder(fd) +
                              " for longer than the " + base::to_text(timeout) +
                              " this command waits; try again later, or raise --timeout");
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(25));
  }
  if (waited && base::log::shows(base::log::Level::debug)) {
    base::log::debug(database_path + ": the lock is free after " + base::time_since(start));
  }
}

}  // namespace

void share_with_database(int fd, const std::string& database_path) {
  struct stat database {};
  struct stat folder {};
  const std::string parent = std::filesystem::path(database_path).parent_path().string();
  const bool exists = ::stat(database_path.c_str(), &database) == 0;
  if (!exists && ::stat(parent.empty() ? "." : parent.c_str(), &folder) != 0) return;
  const struct stat& model = exists ? database : folder;
  if (::geteuid() == 0) static_cast<void>(::fchown(fd, model.st_uid, model.st_gid) == 0);
  // In a folder for everyone, like /tmp, the file is for its owner's group at most.
  const mode_t mask = S_ISDIR(model.st_mode) ? 0664 : 0666;
  static_cast<void>(::fchmod(fd, model.st_mode & mask) == 0);
}

namespace {

// Makes it, with the database's owner and mode, where it is missing.
int open_lock_file(const std::string& path, const std::string& database_path,
                   const std::string& meaning) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_EXCL, 0640);
  if (fd >= 0) {
    share_with_database(fd, database_path);
  } else if (errno == EEXIST) {
    fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  }
  if (fd < 0) refuse_lock_file(path, meaning);
  return fd;
}

}  // namespace

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

WriterLock::WriterLock(const std::string& database_path, std::chrono::milliseconds timeout)
    : file_(open_lock_file(database_path + "-lock", database_path,
                           "the database can't be written without it, check the folder's owner and "
                           "mode, or choose another database with --db")) {
  wait_for_lock(file_.fd(), F_WRLCK, database_path, timeout);
  leave_pid(file_.fd());
}

namespace {

int open_own_file(const std::string& path, const std::string& database_path) {
  return open_lock_file(path, database_path,
                        "check the folder's owner and mode, or choose another database with --db");
}

// Never waits; who is refused reads "process 12 WHAT_IT_DOES".
void hold_alone(const LockFile& file, const std::string& what_it_does) {
  if (!try_lock(file.fd(), F_WRLCK)) {
    throw base::Failure(base::ErrorKind::failure, holder(file.fd()) + " " + what_it_does);
  }
  leave_pid(file.fd());
}

int open_to_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
    refuse_lock_file(path, "another process may be writing the database, check its owner and mode");
  }
  return fd;
}

}  // namespace

WatchLock::WatchLock(const std::string& database_path)
    : file_(open_own_file(database_path + "-watch", database_path)) {
  hold_alone(file_, "watches for " + database_path +
                        " already; one is enough, stop it first or choose another database with "
                        "--db");
}

CopyLock::CopyLock(const std::string& database_path)
    : file_(open_own_file(database_path + "-copy-lock", database_path)) {
  hold_alone(file_, "copies a history beside " + database_path +
                        " already; let it end, stop it first or choose another database with "
                        "--db");
}

ReaderLock::ReaderLock(const std::string& database_path, std::chrono::milliseconds timeout)
    : file_(open_to_read(database_path + "-lock")) {
  if (file_.fd() >= 0) wait_for_lock(file_.fd(), F_RDLCK, database_path, timeout);
}

}  // namespace haingest::sqlite
