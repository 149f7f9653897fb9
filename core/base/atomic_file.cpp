// SPDX-License-Identifier: MIT
#include "core/base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/error.hpp"

namespace haingest::base {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw Failure(ErrorKind::failure, "cannot " + what + " " + path + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void sync_folder(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const Descriptor folder(
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // The rename is done; a file system that cannot sync a folder is no reason to fail.
  if (folder.get() >= 0) static_cast<void>(::fsync(folder.get()) == 0);
}

// The file that a name leads to, which need not be there yet: a link stays what it is.
std::string behind_links(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int most_links = 40;  // as the kernel's own bound
  fs::path file = path;
  std::error_code error;
  for (int i = 0; i < most_links && fs::is_symlink(file, error); ++i) {
    const fs::path target = fs::read_symlink(file, error);
    if (error) break;
    file = file.parent_path() / target;  // the target alone where it is absolute
  }
  return file.string();
}

// A device, a pipe, a terminal: renaming onto one would put a file in its place.
void write_into(const std::string& path, std::string_view content) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0 || !write_all(file.get(), content)) fail("write", path);
}

void replace_regular(const std::string& path, std::string_view content,
                     const struct stat* existing) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) fail("write", path);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (existing != nullptr) {  // a user's file stays the user's where root writes it
    static_cast<void>(::fchown(file.get(), existing->st_uid, existing->st_gid) == 0);
  }
  const mode_t mode = existing != nullptr ? existing->st_mode & 0777U : 0666U & ~mask;
  const bool written = write_all(file.get(), content) && ::fchmod(file.get(), mode) == 0 &&
                       ::fsync(file.get()) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    errno = error;
    fail("write", path);
  }
  sync_folder(path);
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view content) {
  struct stat existing {};
  const bool exists = ::stat(path.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) return write_into(path, content);
  replace_regular(behind_links(path), content, exists ? &existing : nullptr);
}

void replace_file(const std::string& path, std::string_view content,
                  const std::function<void(int fd)>& prepare) {
  const std::string temporary = path + ".new";
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (file.get() < 0) fail("write", path);
  prepare(file.get());
  if (write_all(file.get(), content) && ::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  fail("write", path);
}

std::string read_whole_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("read", path);
  std::string content;
  // Grown once where the size is known (a pipe has none), with the room that a parser of it wants
  // behind the text, so that it needs no copy.
  constexpr std::size_t spare = 64;
  struct stat about {};
  if (::fstat(file.get(), &about) == 0 && about.st_size > 0) {
    content.reserve(static_cast<std::size_t>(about.st_size) + spare);
  }
  char block[65536];
  for (;;) {
    const ssize_t got = ::read(file.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path);
    if (got == 0) return content;
    content.append(block, static_cast<std::size_t>(got));
  }
}

}  // namespace haingest::base
