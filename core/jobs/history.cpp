// SPDX-License-Identifier: MIT
#include "core/jobs/history.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/influx/batch.hpp"
#include "core/influx/endpoint.hpp"
#include "core/influx/flavour.hpp"
#include "core/influx/verdict.hpp"
#include "core/model/world.hpp"
#include "core/store/reader.hpp"

namespace haingest::jobs {
namespace {

constexpr std::size_t k_max_answer = std::size_t{1} << 20U;

influx::Block block_of(const HistoryOptions& options) {
  store::Reader reader(options.database_path);
  const model::World world(reader.read_all());
  const influx::Encoder encoder(options.encoder);
  const base::Timestamp now = options.clock();
  const model::Table& devices = world.of(model::Kind::device);
  influx::Block block;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    encoder.encode_device(world, devices.row(i), now, block.lines);
  }
  block.count = static_cast<std::uint32_t>(std::ranges::count(block.lines, '\n'));
  return block;
}

base::ErrorKind kind_of(const influx::Verdict& verdict, long status) {
  if (status == 401 || status == 403) return base::ErrorKind::credentials;
  return verdict.action == influx::Action::retry ? base::ErrorKind::unreachable
                                                 : base::ErrorKind::failure;
}

// To one target.
class Post {
 public:
  Post(const HistoryOptions& options, const influx::Target& target)
      : options_(options), target_(target), client_(options.tls) {}

  base::Result<void> bring(const influx::Block& block) {
    const auto server = influx::who_answers(client_, target_, options_.request_timeout);
    if (!server) return not_there(server.error());
    flavour_ = server->flavour;
    if (flavour_ == influx::Flavour::unknown) {
      return wrong(base::ErrorKind::failure, std::string(influx::k_no_known_server));
    }
    auto request = influx::write_request(target_, flavour_);
    if (!request) return wrong(base::ErrorKind::usage, request.error().message);
    request->timeout = options_.request_timeout;
    request->max_response_bytes = k_max_answer;
    for (influx::Portion& portion : influx::to_portions({block}, flavour_).portions) {
      request->body = std::move(portion.lines);
      base::Result<void> sent = send(*request);
      if (!sent) return sent;
    }
    base::log::info(who() + " has " + std::to_string(block.count) +
                    " points of the device history");
    return {};
  }

 private:
  [[nodiscard]] std::string who() const { return influx::shown_server(target_, flavour_); }

  [[nodiscard]] base::Error wrong(base::ErrorKind kind, const std::string& sentence) const {
    return {kind, "the database is up to date, but the device history was not written: " + who() +
                      ": " + sentence};
  }

  [[nodiscard]] base::Error not_there(const base::Error& error) const {
    const bool away = error.kind == base::ErrorKind::unreachable;
    return wrong(error.kind, away ? influx::why_away(client_) : error.message);
  }

  base::Result<void> send(const net::HttpRequest& request) {
    const auto answer = client_.send(request);
    if (!answer) return not_there(answer.error());
    const influx::Verdict verdict = influx::judge(*answer, flavour_, options_.clock());
    if (verdict.action == influx::Action::stored) return {};
    return wrong(kind_of(verdict, answer->status), verdict.sentence.empty()
                                                       ? "it refuses points: " + verdict.reason
                                                       : verdict.sentence);
  }

  const HistoryOptions& options_;
  const influx::Target& target_;
  net::HttpClient client_;
  influx::Flavour flavour_ = influx::Flavour::unknown;
};

}  // namespace

std::vector<base::Error> write_history(const HistoryOptions& options) {
  std::vector<base::Error> errors;
  const influx::Block block = block_of(options);
  if (block.count == 0) return errors;
  for (const influx::Target& target : options.targets) {
    const base::Result<void> brought = Post(options, target).bring(block);
    if (!brought) errors.push_back(brought.error());
  }
  return errors;
}

}  // namespace haingest::jobs
