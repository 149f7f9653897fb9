// SPDX-License-Identifier: MIT
#include "core/api/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <ctime>
#include <limits>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace haingest::api {
namespace {

using boost::system::error_code;

// Descriptors that the rest of the process needs: the database, its log, the log's pipe, …
constexpr std::size_t k_other_descriptors = 64;

constexpr std::chrono::milliseconds k_accept_pause{100};
constexpr std::chrono::milliseconds k_last_call{100};

// Raises the limit on open files as far as it goes and returns how many connections that allows.
std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = wanted + k_other_descriptors;
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < needed) {
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? needed : std::min(limit.rlim_max, needed);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= needed) return wanted;
  const auto open = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t possible =
      open > 2 * k_other_descriptors ? open - k_other_descriptors : open / 2;
  base::log::warning("data API: the limit on open files (" + std::to_string(open) + ") allows " +
                     std::to_string(possible) + " connections instead of " +
                     std::to_string(wanted) + "; raise it with ulimit -n or LimitNOFILE=");
  return possible;
}

tcp::endpoint endpoint_of(const Listen& listen) {
  const std::string text = listen.address == "localhost" ? "127.0.0.1" : listen.address;
  error_code error;
  const auto address = net::ip::make_address(text, error);
  if (error) {
    throw base::Failure(base::ErrorKind::usage,
                        "cannot listen on \"" + listen.address +
                            "\": that is no IP address; use 127.0.0.1 for this machine alone, "
                            "0.0.0.0 or :: for every network");
  }
  return {address, listen.port};
}

void bind_to(Acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(net::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) {
    error_code ignored;  // dual stack where there is IPv4
    acceptor.set_option(net::ip::v6_only(false), ignored);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(net::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) return;
  const std::string where =
      endpoint.address().to_string() + " port " + std::to_string(endpoint.port());
  const std::string what = "cannot listen on " + where + ": ";
  if (error != net::error::address_in_use) {
    throw base::Failure(base::ErrorKind::failure,
                        what + error.message() + "; choose another address with --listen");
  }
  Listen other{endpoint.address().to_string(), endpoint.port()};
  other.port = other.port == 65535 ? 8006 : static_cast<std::uint16_t>(other.port + 1);
  throw base::Failure(
      base::ErrorKind::failure,
      what + "another program listens there; stop it or choose another port with --listen",
      "haingest serve --listen " + url_of(other).substr(std::string_view{"http://"}.size()));
}

bool out_of_resources(const error_code& error) {
  return error == net::error::no_descriptors || error == net::error::no_buffer_space ||
         error == net::error::no_memory ||
         error == error_code(ENFILE, boost::system::system_category());
}

WriteContext write_context(const Options& options) {
  return {options.database_path, options.lock_timeout, options.limits.json_depth, options.clock};
}

std::chrono::milliseconds sweep_period(const Limits& limits) {
  const auto shortest = std::min(
      {limits.header_time, limits.body_idle_time, limits.write_time, limits.keep_alive_time});
  return std::clamp(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

}  // namespace

Server::Server(const Options& options, Application& application)
    : limits_(options.limits),
      application_(application),
      context_(1),
      sweep_timer_(context_.get_executor()),
      drain_timer_(context_.get_executor()),
      last_call_timer_(context_.get_executor()),
      writer_(write_context(options)) {
  limits_.connections = std::max<std::size_t>(raise_descriptor_limit(limits_.connections), 1);
  for (const Listen& each : options.listen) {
    bind_to(acceptors_.emplace_back(context_.get_executor()), endpoint_of(each));
  }
}

Server::~Server() = default;

std::vector<Listen> Server::bound() const {
  std::vector<Listen> bound;
  for (const Acceptor& acceptor : acceptors_) {
    const tcp::endpoint endpoint = acceptor.local_endpoint();
    bound.push_back({endpoint.address().to_string(), endpoint.port()});
  }
  return bound;
}

void Server::run() {
  for (Acceptor& acceptor : acceptors_) {
    net::co_spawn(context_, accept_loop(acceptor), net::detached);
  }
  net::co_spawn(context_, sweep_loop(), net::detached);
  context_.run();
  close_all();
}

void Server::close_all() {
  close_acceptors();
  draining_ = true;
  cancel_timers();
  for (Connection* each : connections_) each->close();
  context_.restart();
  context_.poll();
}

void Server::stop() {
  if (stops_.fetch_add(1) > 0) {
    writer_.abandon();
    context_.stop();
    return;
  }
  net::post(context_, [this] { drain(); });
}

void Server::enrol(Connection& connection) {
  connection.place = connections_.size();
  connections_.push_back(&connection);
  ++open_;
}

void Server::strike(Connection& connection) {
  connections_.back()->place = connection.place;
  std::swap(connections_[connection.place], connections_.back());
  connections_.pop_back();
  if (draining_ && connections_.empty()) cancel_timers();
}

Async<void> Server::accept_loop(Acceptor& acceptor) {
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(k_awaited);
    if (!acceptor.is_open()) co_return;
    if (!error) {
      admit(std::move(socket));
    } else if (out_of_resources(error) && !close_one()) {
      // Somebody else has used up the descriptors; trying at once again would spin.
      Timer pause(context_.get_executor(), k_accept_pause);
      co_await pause.async_wait(k_awaited);
    }
  }
}

// Who has connected already may have asked already, too.
void Server::accept_waiting() {
  for (Acceptor& acceptor : acceptors_) {
    error_code error;
    for (std::size_t taken = 0; !error && taken < limits_.connections; ++taken) {
      Socket socket = acceptor.accept(error);
      if (!error) admit(std::move(socket));
    }
  }
}

void Server::close_acceptors() {
  error_code ignored;
  for (Acceptor& acceptor : acceptors_) acceptor.close(ignored);
}

void Server::admit(Socket socket) {
  if (open_ >= limits_.connections) close_one();
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  net::co_spawn(context_, run_session(*this, std::move(socket)), net::detached);
}

bool Server::close_one() {
  // First who owes us a request, then who does not take its answer.
  Connection* chosen = nullptr;
  const auto rank = [](const Connection& connection) {
    switch (connection.phase) {
      case Phase::idle:
      case Phase::header:
      case Phase::body:
      case Phase::closing:
        return 0;
      case Phase::writing:
        return 1;
      case Phase::working:
        return 2;
    }
    return 2;
  };
  for (Connection* each : connections_) {
    if (each->closed || rank(*each) == 2) continue;
    if (chosen == nullptr || rank(*each) < rank(*chosen) ||
        (rank(*each) == rank(*chosen) && each->waits_since < chosen->waits_since)) {
      chosen = each;
    }
  }
  if (chosen == nullptr) return false;
  chosen->close();
  return true;
}

Async<void> Server::sweep_loop() {
  const auto period = sweep_period(limits_);
  while (!(draining_ && connections_.empty())) {
    sweep_timer_.expires_after(period);
    co_await sweep_timer_.async_wait(k_awaited);
    sweep();
  }
}

void Server::sweep() {
  const auto now = Monotonic::now();
  for (Connection* each : connections_) {
    if (each->closed || each->phase == Phase::working || now < each->deadline) continue;
    if (each->phase == Phase::header || each->phase == Phase::body) {
      each->timed_out = true;  // its coroutine says so to the client
      each->socket.cancel();
      each->deadline = now + std::chrono::seconds(1);
    } else {
      each->close();
    }
  }
}

void Server::drain() {
  draining_ = true;
  accept_waiting();
  close_acceptors();
  if (connections_.empty()) {
    cancel_timers();
    return;
  }
  // What has been asked by now is answered, even if its bytes are still on their way to us.
  last_call_timer_.expires_after(k_last_call);
  last_call_timer_.async_wait([this](const error_code& error) {
    // Behind what is ready already: a busy machine may have let it wait as long as this timer.
    if (!error) net::post(context_, [this] { close_silent(); });
  });
  drain_timer_.expires_after(limits_.drain_time);
  drain_timer_.async_wait([this](const error_code& error) {
    if (error) return;
    base::log::warning("data API: " + std::to_string(connections_.size()) +
                       " connections were still busy when the time to finish was over");
    writer_.abandon();
    context_.stop();
  });
}

void Server::close_silent() {
  last_call_over_ = true;
  for (Connection* each : connections_) {
    // What has sent no whole header has asked for nothing yet and may ask elsewhere.
    if (each->phase == Phase::idle || each->phase == Phase::header) each->close();
  }
}

void Server::cancel_timers() {
  sweep_timer_.cancel();
  drain_timer_.cancel();
  last_call_timer_.cancel();
}

bool Server::book_body(Connection& connection, std::size_t bytes) {
  if (body_bytes_ + bytes > limits_.body_bytes_at_once) return false;
  body_bytes_ += bytes;
  connection.body_bytes += bytes;
  return true;
}

void Server::unbook_body(Connection& connection) {
  body_bytes_ -= connection.body_bytes;
  connection.body_bytes = 0;
}

void Server::book_answer(Connection& connection, Bytes body) {
  if (!body) return;
  if (waiting_answers_[body.get()]++ == 0) answer_bytes_ += body->size();
  connection.sending = std::move(body);
  while (answer_bytes_ > limits_.answer_bytes_at_once) {
    Connection* slowest = nullptr;
    for (Connection* each : connections_) {
      if (each == &connection || !each->sending) continue;
      if (slowest == nullptr || each->waits_since < slowest->waits_since) slowest = each;
    }
    if (slowest == nullptr) return;  // one answer alone is more than the limit
    slowest->close();
    unbook_answer(*slowest);
  }
}

void Server::unbook_answer(Connection& connection) {
  if (!connection.sending) return;
  const auto found = waiting_answers_.find(connection.sending.get());
  if (--found->second == 0) {
    waiting_answers_.erase(found);
    answer_bytes_ -= connection.sending->size();
  }
  connection.sending.reset();
}

std::string_view Server::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[64];
    static constexpr const char* k_days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* k_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int length =
        std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                      k_days[parts.tm_wday], parts.tm_mday, k_months[parts.tm_mon],
                      parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_.assign(text, static_cast<std::size_t>(length));
  }
  return date_;
}

}  // namespace haingest::api
