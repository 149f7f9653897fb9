// SPDX-License-Identifier: MIT
#include "core/jobs/serve.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/base/log.hpp"
#include "core/base/service_manager.hpp"
#include "core/store/database.hpp"

namespace haingest::jobs {
namespace {

bool folder_exists(const std::string& database_path) {
  const auto folder = std::filesystem::path(database_path).parent_path();
  std::error_code ignored;
  return folder.empty() || std::filesystem::is_directory(folder, ignored);
}

// Why the file can't be written, if so. It is served all the same when it can be read; what it then
// lacks (a first sync) the data API's health says.
std::optional<std::string> prepare_database(const api::Options& options) {
  try {
    static_cast<void>(store::Database::open(options.database_path, options.lock_timeout));
    return std::nullopt;
  } catch (const base::Failure& failure) {
    const bool final = failure.error().kind != base::ErrorKind::failure;
    if (final || !folder_exists(options.database_path)) throw;
    return failure.what();
  }
}

// `watch` on a thread of its own, and its end.
class Watching {
 public:
  Watching(const ServeOptions& options, api::Service& service) {
    if (!options.watch) return;
    watcher_ = std::make_unique<Watcher>(*options.watch, options.on_report);
    thread_ = std::thread([this, &service] {
      ended_ = watcher_->run();
      if (!ended_) service.stop();
    });
  }
  ~Watching() { join(); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  [[nodiscard]] std::string status_line() const {
    return watcher_ ? watcher_->status_line() : "serving, without watch";
  }
  void stop() {
    told_ = true;
    if (watcher_) watcher_->stop();
  }
  base::Result<void> join() {
    if (thread_.joinable()) {
      if (!told_) watcher_->stop();
      thread_.join();
    }
    return ended_;
  }

 private:
  std::unique_ptr<Watcher> watcher_;
  std::atomic<bool> told_ = false;
  std::thread thread_;
  base::Result<void> ended_;
};

// Neither outlives the listener's last call.
class Listening {
 public:
  Listening(net::StopSignal& stop, api::Service& service, Watching& watching,
            const OnQuestion& on_question)
      : stop_(stop) {
    stop_.listen([&service, &watching](int) {
      base::tell_service_manager("STOPPING=1");
      service.stop();
      watching.stop();
    });
    if (!on_question) return;
    stop_.listen_to_questions([&watching, on_question] { on_question(watching.status_line()); });
  }
  ~Listening() {
    stop_.listen({});
    stop_.listen_to_questions({});
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  net::StopSignal& stop_;
};

}  // namespace

base::Result<void> serve(const ServeOptions& options, const ServeReady& ready,
                         net::StopSignal& stop) {
  try {
    const auto read_only = prepare_database(options.data_api);
    api::Service service(options.data_api);
    if (read_only) {
      base::log::warning(*read_only + "; it is only read, and every write will be refused");
    }
    Watching watching(options, service);
    const Listening listening(stop, service, watching, options.on_question);
    if (ready) ready(service.urls());
    base::tell_service_manager("READY=1");
    service.run();
    return watching.join();
  } catch (const base::Failure& failure) {
    return failure.error();
  }
}

}  // namespace haingest::jobs
