// SPDX-License-Identifier: MIT
#include "core/migrate/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace haingest::migrate {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw base::Failure(base::ErrorKind::failure,
                      "cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace

OutputFile::~OutputFile() { close(); }

void OutputFile::close() {
  if (fd_ >= 0 && is_file_) ::close(fd_);
  fd_ = -1;
}

bool OutputFile::open(const std::string& path, std::uint64_t position) {
  close();
  is_file_ = true;
  path_ = path;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);
  struct stat found {};
  if (fd_ < 0 || ::fstat(fd_, &found) != 0) fail(path);
  if (static_cast<std::uint64_t>(found.st_size) < position) {
    close();
    return false;
  }
  rewind(position);
  return true;
}

void OutputFile::open_standard_output() {
  close();
  is_file_ = false;
  path_ = "the standard output";
  fd_ = STDOUT_FILENO;
  position_ = 0;
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    position_ += static_cast<std::uint64_t>(written);
  }
}

void OutputFile::rewind(std::uint64_t position) {
  if (!is_file_) return;
  const auto offset = static_cast<off_t>(position);
  // A device has no length.
  const bool cut = ::ftruncate(fd_, offset) == 0 || errno == EINVAL;
  if (!cut || (::lseek(fd_, offset, SEEK_SET) < 0 && errno != ESPIPE)) fail(path_);
  position_ = position;
}

void OutputFile::sync() {
  if (is_file_ && ::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) fail(path_);
}

}  // namespace haingest::migrate
