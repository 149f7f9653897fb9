// SPDX-License-Identifier: MIT
#include "core/ha/snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "core/base/log.hpp"
#include "core/base/span.hpp"
#include "core/ha/answers.hpp"
#include "core/ha/failure.hpp"
#include "core/ha/session.hpp"

namespace haingest::ha {
namespace {

namespace asio = boost::asio;

// A Home Assistant says goodbye within a frame; one that does not is left.
constexpr std::chrono::milliseconds k_goodbye{1'000};
// The steps have the deadline themselves; this is for what does not keep it.
constexpr std::chrono::milliseconds k_backstop{2'000};

// One endpoint's try, from the connection to the last answer.
class Fetch {
 public:
  Fetch(SessionOptions options, const base::Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  asio::awaitable<base::Result<model::Document>> run() {
    using namespace asio::experimental::awaitable_operators;
    auto opening = Session::open(options_);
    base::Result<std::unique_ptr<Session>> session = co_await std::move(opening);
    if (!session) co_return session.error();
    session_ = std::move(*session);
    auto both = session_->run() && ask_everything();
    co_await std::move(both);
    if (failure_) co_return *failure_;
    co_return std::move(document_);
  }

 private:
  asio::awaitable<void> ask_everything() {
    const auto config = session_->ask(k_config);
    std::vector<std::shared_ptr<Session::Request>> requests;
    requests.reserve(k_snapshot_commands.size());
    for (const SnapshotCommand& command : k_snapshot_commands) {
      requests.push_back(session_->ask(command.type));
    }
    take_config(co_await session_->answer(config));
    for (std::size_t i = 0; i < k_snapshot_commands.size() && !failure_; ++i) {
      take(k_snapshot_commands[i], co_await session_->answer(requests[i]));
    }
    co_await session_->close(k_goodbye);
  }

  void take_config(const Reply& reply);
  void take(const SnapshotCommand& command, Reply reply);
  bool is_over(const Reply& reply);

  SessionOptions options_;
  const base::Clock& clock_;
  std::unique_ptr<Session> session_;
  model::Document document_;
  std::optional<base::Error> failure_;
};

base::Error out_of_time(const Address& address, std::chrono::milliseconds limit) {
  return unreachable(address, "not finished within " + base::to_text(limit) +
                                  " in all; give more time with --timeout");
}

// The connection or the time of the whole command ended before the answer: then nothing of the
// snapshot is worth having.
bool Fetch::is_over(const Reply& reply) {
  if (failure_) return true;
  if (reply.outcome == Reply::Outcome::closed) failure_ = session_->ended();
  if (reply.outcome == Reply::Outcome::timeout && options_.whole.passed()) {
    failure_ = out_of_time(options_.address, options_.whole.limit);
  }
  return failure_.has_value();
}

void Fetch::take_config(const Reply& reply) {
  if (is_over(reply)) return;
  failure_ = ha::take_config(reply, options_.address, document_.ha);
  if (failure_) return;
  document_.ha.when = clock_();
  if (document_.ha.version.empty()) document_.ha.version = session_->ha_version();
}

void Fetch::take(const SnapshotCommand& command, Reply reply) {
  if (is_over(reply)) return;
  take_answer(command, std::move(reply), options_.address, document_);
}

// All endpoints, one after the other; each once.
class Endpoints {
 public:
  Endpoints(const ConnectOptions& options, const base::Clock& clock)
      : options_(options), clock_(clock), whole_(net::Deadline::in(options.total_timeout)) {}

  base::Result<model::Document> run();

 private:
  asio::awaitable<base::Result<model::Document>> try_all();
  [[nodiscard]] base::Error all_failed() const;

  const ConnectOptions& options_;
  const base::Clock& clock_;
  net::Deadline whole_;
  std::vector<Address> addresses_;
  std::vector<base::Error> failures_;
};

base::Error Endpoints::all_failed() const {
  if (failures_.size() == 1) {
    base::Error error = failures_.front();
    error.message = "no snapshot from Home Assistant at " + error.message;
    return error;
  }
  base::Error error{base::ErrorKind::unreachable, "", {}};
  error.message = "no snapshot from any of " + std::to_string(failures_.size()) + " URLs";
  for (const base::Error& failure : failures_) error.message += "; " + failure.message;
  return error;
}

asio::awaitable<base::Result<model::Document>> Endpoints::try_all() {
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    if (whole_.passed()) {
      failures_.push_back(out_of_time(addresses_[i], options_.total_timeout));
      continue;
    }
    SessionOptions session = session_options(options_, addresses_, i);
    session.whole = whole_;
    session.coalesce = false;  // nine answers, some of them big
    Fetch fetch(std::move(session), clock_);
    base::Result<model::Document> document = co_await fetch.run();
    if (document) co_return document;
    failures_.push_back(document.error());
    // HA counts failed logins; a CA file that cannot be read is the same for every endpoint.
    if (document.error().kind != base::ErrorKind::unreachable) co_return document.error();
    if (i + 1 < addresses_.size()) {
      base::log::warning("no snapshot from Home Assistant at " + document.error().message +
                         "; trying " + addresses_[i + 1].shown);
    }
  }
  co_return all_failed();
}

base::Result<model::Document> Endpoints::run() {
  base::Result<std::vector<Address>> addresses = locate_all(options_);
  if (!addresses) return addresses.error();
  addresses_ = std::move(*addresses);
  std::optional<base::Result<model::Document>> result;
  std::exception_ptr thrown;
  asio::io_context io(1);
  asio::co_spawn(io, try_all(),
                 [&](const std::exception_ptr& error, base::Result<model::Document> done) {
                   thrown = error;
                   if (!error) result = std::move(done);
                 });
  io.run_until(whole_.at + k_backstop);
  if (thrown) std::rethrow_exception(thrown);
  if (!result) {
    const Address& address = addresses_[std::min(failures_.size(), addresses_.size() - 1)];
    failures_.push_back(out_of_time(address, options_.total_timeout));
    return all_failed();
  }
  return std::move(*result);
}

}  // namespace

base::Result<model::Document> fetch_snapshot(const ConnectOptions& options,
                                             const base::Clock& clock) {
  return Endpoints(options, clock).run();
}

}  // namespace haingest::ha
