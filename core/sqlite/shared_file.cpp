// SPDX-License-Identifier: MIT
#include "core/sqlite/shared_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "core/sqlite/writer_lock.hpp"

namespace haingest::sqlite {

void make_shared_file(const std::string& path, const std::string& database) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const bool there = !database.empty() && std::filesystem::exists(database);
  share_with_database(
      fd, there ? database : (std::filesystem::path(path).parent_path() / ".").string());
  ::close(fd);
}

std::string behind_links(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const auto file = std::filesystem::weakly_canonical(path, error);
  return error ? path : file.string();
}

void refuse_what_is_no_file(const std::string& path, const std::string& remedy) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) return;
  const bool folder = std::filesystem::is_directory(status);
  const std::string usual = folder ? "name a file in it with --db" : "name another with --db";
  throw base::Failure(
      base::ErrorKind::failure,
      path + (folder ? " is a folder, no database; " : " is no regular file, so no database; ") +
          (remedy.empty() ? usual : remedy));
}

}  // namespace haingest::sqlite
