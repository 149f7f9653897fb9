// SPDX-License-Identifier: MIT
#include "core/jobs/serve.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/log.hpp"
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

// The service does not outlive the listener's last call.
class Listening {
 public:
  Listening(net::StopSignal& stop, api::Service& service) : stop_(stop) {
    stop_.listen([&service](int) { service.stop(); });
  }
  ~Listening() { stop_.listen({}); }
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
    const Listening listening(stop, service);
    if (ready) ready(service.urls());
    service.run();
    return {};
  } catch (const base::Failure& failure) {
    return failure.error();
  }
}

}  // namespace haingest::jobs
