// SPDX-License-Identifier: MIT
#include "tests/fakes/faulty_proxy.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "tests/fakes/http_wire.hpp"

namespace haingest::fakes {
namespace {

// The head with "Connection: close" instead of what it says.
std::string closing(const WireHead& head) {
  std::string text = head.bytes.substr(0, head.bytes.find("\r\n") + 2);
  for (const auto& [name, value] : head.headers) {
    if (name == "connection" || name == "expect") continue;
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
  }
  return text + "Connection: close\r\n\r\n";
}

}  // namespace

struct FaultyProxy::Impl {
  explicit Impl(const std::string& url)
      : server(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))) {}

  const std::uint16_t server;
  std::mutex mutex;
  std::condition_variable released;
  // All of it is guarded by mutex.
  std::function<ProxyPlan(const ProxiedRequest&)> plan;
  std::function<void(const ProxiedRequest&, const std::string&)> observer;
  std::size_t requests = 0;
  std::uint64_t releases = 0;
  bool ending = false;
  WireListener listener{[this](Wire& wire) { serve(wire); }};

  void serve(Wire& client) {
    const WireHead head = client.read_head();
    ProxiedRequest request{head.method, head.target};
    ProxyPlan plan_for_it;
    {
      const std::lock_guard lock(mutex);
      request.number = ++requests;
      if (plan) plan_for_it = plan(request);
    }
    carry_out(client, head, request, plan_for_it);
  }

  void carry_out(Wire& client, const WireHead& head, const ProxiedRequest& request,
                 const ProxyPlan& with) {
    if (with.fault == ProxyFault::reset_before_body) client.reset();
    const std::string body = client.read_body(head);
    {
      const std::lock_guard lock(mutex);
      if (observer) observer(request, body);
    }
    switch (with.fault) {
      case ProxyFault::reset_before_body:
        return;
      case ProxyFault::reset_after_body:
        client.reset();
        return;
      case ProxyFault::hang:
        hang();
        return;
      case ProxyFault::answer:
        client.send("HTTP/1.1 " + std::to_string(with.status) + " Told so\r\n" + with.headers +
                    "Connection: close\r\nContent-Length: " + std::to_string(with.body.size()) +
                    "\r\n\r\n" + with.body);
        return;
      case ProxyFault::none:
      case ProxyFault::swallow:
      case ProxyFault::hang_answered:
      case ProxyFault::truncate:
      case ProxyFault::stall:
      case ProxyFault::change:
        break;
    }
    const std::string answer = ask(closing(head) + body);
    if (with.fault == ProxyFault::swallow) return;
    if (with.fault == ProxyFault::hang_answered) return hang();
    if (with.fault == ProxyFault::change) return client.send(with.change(answer));
    const bool half = with.fault == ProxyFault::truncate || with.fault == ProxyFault::stall;
    client.send(half ? answer.substr(0, answer.size() / 2) : answer);
    if (with.fault == ProxyFault::stall) hang();
  }

  // The server's whole answer; an end without one is passed on as such.
  [[nodiscard]] std::string ask(const std::string& request) const {
    Wire upstream(connect_to(server));
    upstream.send(request);
    const WireHead head = upstream.read_head();
    return closing(head) + upstream.read_body(head);
  }

  void hang() {
    std::unique_lock lock(mutex);
    released.wait_for(lock, std::chrono::hours(1),
                      [this, before = releases] { return ending || releases != before; });
  }

  void release_all(bool end) {
    {
      const std::lock_guard lock(mutex);
      ++releases;
      ending = end;
    }
    released.notify_all();
  }
};

FaultyProxy::FaultyProxy(const std::string& url) : impl_(std::make_unique<Impl>(url)) {}
FaultyProxy::~FaultyProxy() { impl_->release_all(true); }

std::string FaultyProxy::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->listener.port());
}

void FaultyProxy::plan(std::function<ProxyPlan(const ProxiedRequest&)> plan) {
  const std::lock_guard lock(impl_->mutex);
  impl_->plan = std::move(plan);
}

void FaultyProxy::observe(std::function<void(const ProxiedRequest&, const std::string&)> observer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->observer = std::move(observer);
}

void FaultyProxy::release() { impl_->release_all(false); }

void FaultyProxy::refuse() {
  impl_->release_all(true);
  impl_->listener.close();
}

void FaultyProxy::listen() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = false;
  }
  impl_->listener.open();
}

std::size_t FaultyProxy::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

}  // namespace haingest::fakes
