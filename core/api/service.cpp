// SPDX-License-Identifier: MIT
#include "core/api/service.hpp"

#include <unistd.h>

#include <array>
#include <utility>

#include "core/api/application.hpp"
#include "core/api/library.hpp"
#include "core/api/server.hpp"

namespace haingest::api {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

ApplicationOptions application_options(const Options& options) {
  return {{options.api_token, options.private_reads, options.cors_origins, options.allowed_hosts,
           machine_name()},
          options.limits.body_bytes,
          options.clock};
}

}  // namespace

struct Service::Impl {
  explicit Impl(const Options& options)
      : library(open_library(options.database_path)),
        application(application_options(options), *library),
        server(options, application) {}

  std::unique_ptr<Library> library;
  Application application;
  Server server;
};

Service::Service(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Service::~Service() = default;

std::vector<std::string> Service::urls() const {
  std::vector<std::string> urls;
  for (const Listen& each : impl_->server.bound()) urls.push_back(url_of(each));
  return urls;
}

void Service::run() { impl_->server.run(); }
void Service::stop() { impl_->server.stop(); }

}  // namespace haingest::api
