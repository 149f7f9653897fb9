// SPDX-License-Identifier: MIT
#include "tests/contract/choke.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace haingest::test {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Socket = std::shared_ptr<tcp::socket>;

constexpr auto k_await = asio::as_tuple(asio::use_awaitable);

void end(const Socket& socket) {
  boost::system::error_code ignored;
  socket->shutdown(tcp::socket::shutdown_both, ignored);
  socket->close(ignored);
}

// Copies until one side ends, then ends both. Behind `limit` bytes it reads on, to see the end, and
// says nothing.
asio::awaitable<void> copy(Socket from, Socket to, std::size_t limit, std::atomic<bool>* holding) {
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto [error, size] = co_await from->async_read_some(asio::buffer(bytes), k_await);
    if (error) break;
    const std::size_t passing = std::min(size, limit);
    limit -= passing;
    const auto [write_error, written] =
        co_await asio::async_write(*to, asio::buffer(bytes, passing), k_await);
    if (write_error) break;
    if (holding != nullptr && passing < size) *holding = true;
  }
  end(from);
  end(to);
}

asio::awaitable<void> serve(tcp::acceptor& acceptor, tcp::endpoint server, std::size_t limit,
                            std::atomic<bool>& holding) {
  for (;;) {
    auto [error, accepted] = co_await acceptor.async_accept(k_await);
    if (error) co_return;
    const auto client = std::make_shared<tcp::socket>(std::move(accepted));
    const auto upstream = std::make_shared<tcp::socket>(client->get_executor());
    const auto [refused] = co_await upstream->async_connect(server, k_await);
    if (refused) {
      end(client);
      continue;
    }
    asio::co_spawn(client->get_executor(),
                   copy(client, upstream, static_cast<std::size_t>(-1), nullptr), asio::detached);
    asio::co_spawn(client->get_executor(), copy(upstream, client, limit, &holding), asio::detached);
  }
}

}  // namespace

struct Choke::Impl {
  asio::io_context io{1};
  tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), 0}};
  std::atomic<bool> holding = false;
  std::thread thread;
};

Choke::Choke(const std::string& url, std::size_t bytes) : impl_(std::make_unique<Impl>()) {
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  const tcp::endpoint server(asio::ip::make_address("127.0.0.1"), port);
  asio::co_spawn(impl_->io, serve(impl_->acceptor, server, bytes, impl_->holding), asio::detached);
  impl_->thread = std::thread([this] { impl_->io.run(); });
}

Choke::~Choke() {
  impl_->io.stop();
  impl_->thread.join();
}

std::string Choke::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port());
}

bool Choke::is_holding() const { return impl_->holding; }

}  // namespace haingest::test
