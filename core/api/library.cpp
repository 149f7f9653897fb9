// SPDX-License-Identifier: MIT
#include "core/api/library.hpp"

#include <utility>

#include "core/base/atomic_file.hpp"
#include "core/base/error.hpp"

namespace haingest::api {
namespace {

class StoreLibrary final : public Library {
 public:
  explicit StoreLibrary(std::string path) : path_(std::move(path)), reader_(path_) {}

  std::uint64_t version() override {
    const std::uint64_t now = reader_.version();
    if (now != seen_ || epoch_ == 0) {
      seen_ = now;
      ++epoch_;  // the Reader's numbers may repeat after refresh(), these don't
      world_.reset();
    }
    return epoch_;
  }

  std::shared_ptr<const model::World> world() override {
    if (!world_) world_ = std::make_shared<const model::World>(reader_.read_all());
    return world_;
  }

  std::vector<store::RemovedRecord> removed(model::Kind kind) override {
    return reader_.removed(kind);
  }
  store::ChangesPage changes_since(std::int64_t since, std::int64_t limit) override {
    return reader_.changes_since(since, limit);
  }
  std::optional<model::Run> last_run() override { return reader_.last_run(); }
  std::optional<model::Run> last_snapshot_run() override { return reader_.last_snapshot_run(); }
  store::Reader::FileInfo file_info() override { return reader_.file_info(); }

  std::optional<model::WatchStatus> watch_status() override {
    try {
      return model::parse_watch_status(base::read_whole_file(model::watch_status_path(path_)));
    } catch (const base::Failure&) {
      return std::nullopt;  // there is none, or it is none of ours to read
    }
  }

  void refresh() override {
    if (reader_.file_info().exists) return;
    reader_ = store::Reader{path_};
    epoch_ += 1;
    seen_ = reader_.version();
    world_.reset();
  }

 private:
  std::string path_;
  store::Reader reader_;
  std::uint64_t seen_ = 0;
  std::uint64_t epoch_ = 0;
  std::shared_ptr<const model::World> world_;
};

}  // namespace

std::unique_ptr<Library> open_library(std::string database_path) {
  return std::make_unique<StoreLibrary>(std::move(database_path));
}

}  // namespace haingest::api
