// SPDX-License-Identifier: MIT
#include "tests/fakes/ha_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/fakes/ha_session.hpp"
#include "tests/fakes/tls_identity.hpp"

namespace haingest::fakes {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// What Home Assistant's newest Python serves: TLS 1.2 and 1.3.
std::optional<asio::ssl::context> make_tls(const TlsOptions& options, std::string& ca_pem) {
  if (!options.enabled) return std::nullopt;
  asio::ssl::context context(asio::ssl::context::tls_server);
  if (!options.certificate_file.empty()) {
    context.use_certificate_chain_file(options.certificate_file);
    context.use_private_key_file(options.key_file, asio::ssl::context::pem);
    return context;
  }
  const TlsIdentity identity = make_tls_identity(options.host_names, options.expired);
  context.use_certificate_chain(asio::buffer(identity.certificate_pem));
  context.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
  ca_pem = identity.ca_pem;
  return context;
}

}  // namespace

base::Secret demo_token() { return base::Secret("haingest-simulator-demo-token"); }

class HaServer::Impl {
 public:
  Impl(House house, ServerOptions options)
      : world_(std::move(house), std::move(options)),
        acceptor_(io_),
        tls_(make_tls(world_.options.tls, ca_pem_)) {
    const tcp::endpoint endpoint(asio::ip::make_address(world_.options.address),
                                 world_.options.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(io_, accept_all(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    io_.stop();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Runs `work` on the server's thread and waits; its exception comes back.
  void on_thread(const std::function<void()>& work) const {
    std::packaged_task<void()> task(work);
    std::future<void> done = task.get_future();
    asio::post(io_, [&task] { task(); });
    done.get();
  }

  void change(const std::function<void(House&)>& edit) {
    on_thread([&] {
      edit(world_.house);
      world_.rendered.clear();
      send_events();
    });
  }

  void drop_connections() {
    on_thread([&] {
      for (const auto& session : Sessions(sessions_)) session->cut();
    });
  }

  [[nodiscard]] std::string authority() const {
    const bool v6 = world_.options.address.find(':') != std::string::npos;
    return (v6 ? "[" + world_.options.address + "]" : world_.options.address) + ":" +
           std::to_string(port_);
  }

  mutable asio::io_context io_{1};
  World world_;  // the server's thread only; `options` but for faults and token never change
  Sessions sessions_;
  std::uint16_t port_ = 0;
  std::string ca_pem_;

 private:
  asio::awaitable<void> accept_all() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      if (error) continue;
      const std::size_t number = ++world_.counters.connections;
      ++world_.counters.open;
      asio::co_spawn(
          io_,
          serve_connection(std::move(socket), tls_ ? &*tls_ : nullptr, world_, sessions_, number),
          asio::detached);
    }
  }

  void send_events() {
    for (const HouseEvent& event : world_.house.take_events()) {
      for (const auto& session : sessions_) {
        std::vector<Outgoing> messages;
        session->protocol.deliver(event, messages);
        if (!messages.empty()) session->push(std::move(messages));
      }
    }
  }

  tcp::acceptor acceptor_;
  std::optional<asio::ssl::context> tls_;
  std::thread thread_;
};

HaServer::HaServer(House house, ServerOptions options) {
  try {
    impl_ = std::make_unique<Impl>(std::move(house), std::move(options));
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(std::string("the simulator cannot listen: ") + error.what());
  }
}
HaServer::~HaServer() = default;

std::uint16_t HaServer::port() const { return impl_->port_; }

std::string HaServer::url() const {
  const ServerOptions& options = impl_->world_.options;
  return (options.tls.enabled ? "https://" : "http://") + impl_->authority() + options.prefix +
         (options.supervisor ? "/core" : "");
}

std::string HaServer::websocket_url() const {
  const ServerOptions& options = impl_->world_.options;
  return (options.tls.enabled ? "wss://" : "ws://") + impl_->authority() + options.prefix +
         (options.supervisor ? "/core/websocket" : "/api/websocket");
}

base::Secret HaServer::token() const {
  base::Secret token;
  impl_->on_thread([&] { token = impl_->world_.options.token; });
  return token;
}

std::string HaServer::ca_pem() const { return impl_->ca_pem_; }

void HaServer::change(const std::function<void(House&)>& edit) { impl_->change(edit); }

House HaServer::house() const {
  std::optional<House> copy;
  impl_->on_thread([&] { copy.emplace(impl_->world_.house); });
  return std::move(*copy);
}

void HaServer::set_house(House house) {
  impl_->change([&](House& current) { current = std::move(house); });
}

void HaServer::set_faults(Faults faults) {
  impl_->on_thread([&] { impl_->world_.options.faults = std::move(faults); });
}

void HaServer::set_token(base::Secret token) {
  impl_->on_thread([&] { impl_->world_.options.token = std::move(token); });
}

void HaServer::drop_connections() { impl_->drop_connections(); }

Counters HaServer::counters() const {
  Counters counters;
  impl_->on_thread([&] { counters = impl_->world_.counters; });
  return counters;
}

}  // namespace haingest::fakes
