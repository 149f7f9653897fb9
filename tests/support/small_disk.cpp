// SPDX-License-Identifier: MIT
#include "tests/support/small_disk.hpp"

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "tests/support/left_out.hpp"

namespace haingest::test {

SmallDisk::~SmallDisk() {
  if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
}

bool SmallDisk::mount(const std::string& size) {
  mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  if (!mounted_) {
    left_out("a full disk", std::string("cannot mount a tmpfs: ") + std::strerror(errno));
  }
  return mounted_;
}

void SmallDisk::resize(const std::string& size) const {
  if (::mount("tmpfs", path().c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) != 0) {
    throw std::runtime_error("remount " + path() + ": " + std::strerror(errno));
  }
}

std::size_t SmallDisk::free_bytes() const { return std::filesystem::space(path()).available; }

}  // namespace haingest::test
