// SPDX-License-Identifier: MIT
#include "tests/support/power_cut_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace haingest::test {
namespace {

constexpr std::size_t k_sector = 512;

// A write, or a truncation to `at` where there are no bytes.
struct Operation {
  std::size_t at = 0;
  std::optional<std::string> bytes;
};

void apply(std::string& content, std::size_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size());
  content.replace(at, bytes.size(), bytes);
}

void apply(std::string& content, const Operation& operation) {
  if (operation.bytes) {
    apply(content, operation.at, *operation.bytes);
  } else {
    content.resize(operation.at);
  }
}

struct FileLog {
  std::string durable;
  std::vector<Operation> pending;
};

}  // namespace

struct PowerCutVfs::Impl {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::string name;
  std::mt19937 random;
  std::map<std::string, FileLog> logs;
  bool off = false;
  std::uint64_t generation = 0;
  std::uint64_t done = 0;
  std::uint64_t lost = 0;
  std::optional<std::uint64_t> cut_at;

  bool chance() { return random() % 2 == 0; }

  // What the disk holds after the cut; each operation is there, is not, or is in parts.
  std::string survivor(const FileLog& log) {
    std::string content = log.durable;
    for (const Operation& operation : log.pending) {
      const auto fate = random() % 3;
      if (fate == 0) {
        apply(content, operation);
        continue;
      }
      ++lost;
      if (fate == 1 || !operation.bytes) continue;
      const std::string_view bytes = *operation.bytes;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = std::min(
            bytes.size(), (operation.at + at) / k_sector * k_sector + k_sector - operation.at);
        if (chance()) apply(content, operation.at + at, bytes.substr(at, end - at));
        at = end;
      }
    }
    return content;
  }

  void cut() {
    off = true;
    ++generation;
    cut_at.reset();
    for (const auto& [path, log] : logs) {
      if (std::filesystem::exists(path)) write_file(path, survivor(log));
    }
    logs.clear();
  }

  // Before each operation that changes the disk; false when the power is gone.
  bool powered(std::uint64_t file_generation) {
    if (off || file_generation != generation) return false;
    ++done;
    if (cut_at && done >= *cut_at) {
      cut();
      return false;
    }
    return true;
  }
};

namespace {

struct File {
  sqlite3_file base;
  PowerCutVfs::Impl* owner;
  std::string* path;
  std::uint64_t generation;
  sqlite3_file* real;
};

File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
bool dead(const File& file) { return file.owner->off || file.generation != file.owner->generation; }

int close_file(sqlite3_file* base) {
  File& file = of(base);
  delete file.path;
  return file.real->pMethods != nullptr ? file.real->pMethods->xClose(file.real) : SQLITE_OK;
}

int read(sqlite3_file* base, void* to, int length, sqlite3_int64 at) {
  File& file = of(base);
  return dead(file) ? SQLITE_IOERR : file.real->pMethods->xRead(file.real, to, length, at);
}

int write(sqlite3_file* base, const void* from, int length, sqlite3_int64 at) {
  File& file = of(base);
  if (!file.owner->powered(file.generation)) return SQLITE_IOERR;
  file.owner->logs[*file.path].pending.push_back(
      {static_cast<std::size_t>(at),
       std::string(static_cast<const char*>(from), static_cast<std::size_t>(length))});
  return file.real->pMethods->xWrite(file.real, from, length, at);
}

int truncate(sqlite3_file* base, sqlite3_int64 size) {
  File& file = of(base);
  if (!file.owner->powered(file.generation)) return SQLITE_IOERR;
  file.owner->logs[*file.path].pending.push_back({static_cast<std::size_t>(size), {}});
  return file.real->pMethods->xTruncate(file.real, size);
}

int sync(sqlite3_file* base, int) {
  File& file = of(base);
  if (!file.owner->powered(file.generation)) return SQLITE_IOERR;
  FileLog& log = file.owner->logs[*file.path];
  for (const Operation& operation : log.pending) apply(log.durable, operation);
  log.pending.clear();
  return SQLITE_OK;
}

int size(sqlite3_file* base, sqlite3_int64* bytes) {
  File& file = of(base);
  return dead(file) ? SQLITE_IOERR : file.real->pMethods->xFileSize(file.real, bytes);
}

int lock(sqlite3_file* base, int level) {
  return of(base).real->pMethods->xLock(of(base).real, level);
}
int unlock(sqlite3_file* base, int level) {
  return of(base).real->pMethods->xUnlock(of(base).real, level);
}
int is_reserved(sqlite3_file* base, int* answer) {
  return of(base).real->pMethods->xCheckReservedLock(of(base).real, answer);
}
int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(k_sector); }
// As SQLite's own VFS says by default, and as the cuts here are: they spare what is beside a write.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// Version 1: no shared memory, so a WAL works in exclusive mode only.
const sqlite3_io_methods k_methods{
    1,       close_file,  read,    write,       truncate,        sync,    size,    lock,
    unlock,  is_reserved, control, sector_size, characteristics, nullptr, nullptr, nullptr,
    nullptr, nullptr,     nullptr};

PowerCutVfs::Impl& owner_of(sqlite3_vfs* vfs) {
  return *static_cast<PowerCutVfs::Impl*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  PowerCutVfs::Impl& owner = owner_of(vfs);
  base->pMethods = nullptr;
  if (owner.off) return SQLITE_CANTOPEN;
  File& file = of(base);
  file.owner = &owner;
  file.generation = owner.generation;
  file.real = reinterpret_cast<sqlite3_file*>(&file + 1);
  const int result = owner.real->xOpen(owner.real, name, file.real, flags, out_flags);
  if (result != SQLITE_OK) return result;
  file.path = new std::string(name != nullptr ? name : "");
  file.base.pMethods = &k_methods;
  FileLog& log = owner.logs[*file.path];
  if (log.pending.empty() && name != nullptr) log.durable = read_file(name);
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int) {
  PowerCutVfs::Impl& owner = owner_of(vfs);
  if (owner.off) return SQLITE_IOERR;
  owner.logs.erase(name);
  return owner.real->xDelete(owner.real, name, 0);
}

int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  return owner_of(vfs).real->xAccess(owner_of(vfs).real, name, flags, answer);
}
int full_path(sqlite3_vfs* vfs, const char* name, int length, char* out) {
  return owner_of(vfs).real->xFullPathname(owner_of(vfs).real, name, length, out);
}
int randomness(sqlite3_vfs* vfs, int length, char* out) {
  return owner_of(vfs).real->xRandomness(owner_of(vfs).real, length, out);
}
int sleep_for(sqlite3_vfs* vfs, int micros) {
  return owner_of(vfs).real->xSleep(owner_of(vfs).real, micros);
}
int current_time(sqlite3_vfs* vfs, double* out) {
  return owner_of(vfs).real->xCurrentTime(owner_of(vfs).real, out);
}
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

PowerCutVfs::PowerCutVfs(const std::string& name, std::uint32_t seed)
    : impl_(std::make_unique<Impl>()) {
  impl_->real = sqlite3_vfs_find("unix");
  impl_->name = name;
  impl_->random.seed(seed);
  sqlite3_vfs& vfs = impl_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + impl_->real->szOsFile;
  vfs.mxPathname = impl_->real->mxPathname;
  vfs.zName = impl_->name.c_str();
  vfs.pAppData = impl_.get();
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_for;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) throw std::runtime_error("no VFS " + name);
}

PowerCutVfs::~PowerCutVfs() { sqlite3_vfs_unregister(&impl_->vfs); }

void PowerCutVfs::cut() { impl_->cut(); }
void PowerCutVfs::cut_after(std::uint64_t operations) { impl_->cut_at = impl_->done + operations; }
bool PowerCutVfs::is_off() const { return impl_->off; }
void PowerCutVfs::restore() {
  impl_->off = false;
  impl_->cut_at.reset();
}
std::uint64_t PowerCutVfs::operations() const { return impl_->done; }
std::uint64_t PowerCutVfs::dropped() const { return impl_->lost; }

}  // namespace haingest::test
