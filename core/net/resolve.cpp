// SPDX-License-Identifier: MIT
#include "core/net/resolve.hpp"

#include <netdb.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace haingest::net {
namespace asio = boost::asio;
namespace {

// Shared by the coroutine and the thread, because either may be gone first.
struct Exchange {
  std::mutex mutex;
  asio::steady_timer* waiting = nullptr;  // guarded by mutex; null when the coroutine is gone
  std::optional<Addresses> found;         // guarded by mutex
};

// Ends the coroutine's side, however it ends (the frame may be destroyed while suspended).
class Waiter {
 public:
  Waiter(std::shared_ptr<Exchange> exchange, asio::steady_timer& timer)
      : exchange_(std::move(exchange)) {
    const std::lock_guard lock(exchange_->mutex);
    exchange_->waiting = &timer;
  }
  ~Waiter() {
    const std::lock_guard lock(exchange_->mutex);
    exchange_->waiting = nullptr;
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

 private:
  std::shared_ptr<Exchange> exchange_;
};

void wake(const std::shared_ptr<Exchange>& exchange) {
  const std::lock_guard lock(exchange->mutex);
  if (exchange->waiting != nullptr) exchange->waiting->cancel();
}

void hand_over(const std::shared_ptr<Exchange>& exchange, Addresses found) {
  const std::lock_guard lock(exchange->mutex);
  exchange->found = std::move(found);
  // The timer belongs to the io_context's thread; while `waiting` is set that context lives.
  if (exchange->waiting != nullptr) {
    asio::post(exchange->waiting->get_executor(), [exchange] { wake(exchange); });
  }
}

void start_thread(const std::shared_ptr<Exchange>& exchange, const std::string& host,
                  std::uint16_t port, Lookup lookup) {
  std::thread([exchange, host, port, lookup = std::move(lookup)] {
    hand_over(exchange, lookup(host, port));
  }).detach();
}

Addresses take(const std::shared_ptr<Exchange>& exchange) {
  const std::lock_guard lock(exchange->mutex);
  if (exchange->found) return std::move(*exchange->found);
  Addresses none;
  none.timed_out = true;
  return none;
}

}  // namespace

Addresses look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  Addresses found;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) {
    found.problem =
        code == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(code);
    return found;
  }
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
    endpoint.resize(one->ai_addrlen);
    found.endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return found;
}

asio::awaitable<Addresses> resolve(std::string host, std::uint16_t port, Deadline deadline,
                                   Lookup lookup) {
  boost::system::error_code not_numeric;
  const asio::ip::address address = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    Addresses found;
    found.endpoints.emplace_back(address, port);
    co_return found;
  }
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline.at);
  const auto exchange = std::make_shared<Exchange>();
  const Waiter waiter(exchange, timer);
  start_thread(exchange, host, port, std::move(lookup));
  // Fires at the deadline; hand_over() cancels it. Which of the two it was, take() sees.
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return take(exchange);
}

}  // namespace haingest::net
