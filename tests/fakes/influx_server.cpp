// SPDX-License-Identifier: MIT
#include "tests/fakes/influx_server.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>
#include <sstream>

#include "tests/fakes/http_wire.hpp"
#include "tests/fakes/influx_request.hpp"
#include "tests/fakes/influx_store.hpp"

namespace haingest::fakes {
namespace {

std::string inflated(const std::string& gzipped) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzipped.data()));
  stream.avail_in = static_cast<uInt>(gzipped.size());
  std::string out;
  std::array<char, 65'536> part{};
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(part.data(), part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return out;
}

std::string text_of(const InfluxAnswer& answer) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\n";
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
  if (answer.status != 204) {
    text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  return text + "\r\n" + (answer.status == 204 ? "" : answer.body);
}

std::string write_path(InfluxKind kind) {
  switch (kind) {
    case InfluxKind::influxdb2:
      return "/api/v2/write";
    case InfluxKind::influxdb3:
      return "/api/v3/write_lp";
    case InfluxKind::influxdb1:
    case InfluxKind::victoria_metrics:
      break;
  }
  return "/write";
}

// What the kinds say of themselves.
InfluxAnswer greeting(InfluxKind kind, const std::string& path, int start) {
  const auto json = [](int status, const std::string& body) {
    return InfluxAnswer{status, body, {{"Content-Type", "application/json"}}};
  };
  const auto not_found = InfluxAnswer{404, "404 page not found\n", {}};
  const bool v1 = kind == InfluxKind::influxdb1;
  const bool v3 = kind == InfluxKind::influxdb3;
  if (kind == InfluxKind::victoria_metrics) {
    const std::vector<std::pair<std::string, std::string>> host{{"X-Server-Hostname", "fake"}};
    if (path == "/ping") return {204, "", host};
    if (path == "/health") return {200, "OK", host};
    if (path != "/metrics") return not_found;
    return {200,
            "process_resident_memory_bytes 1\nprocess_start_time_seconds " +
                std::to_string(1'764'000'000 + start) + "\n",
            host};
  }
  if (path == "/ping") {
    if (v3) {
      InfluxAnswer answer = json(200, R"({"product_name":"InfluxDB 3 Core","version":"3.9.0"})");
      answer.headers.emplace_back("X-Influxdb-Version", "3.9.0");
      return answer;
    }
    return {204,
            "",
            {{"X-Influxdb-Build", "OSS"}, {"X-Influxdb-Version", v1 ? "1.6.7~rc0" : "v2.7.12"}}};
  }
  if (path == "/health" && v3) return {200, "OK", {}};
  if (v1 || v3) return not_found;
  if (path == "/health") {
    return json(200, R"({"name":"influxdb","status":"pass","version":"v2.7.12","commit":"abc"})");
  }
  return path == "/api/v2/setup" ? json(200, R"({"allowed":false})") : not_found;
}

}  // namespace

struct InfluxServer::Impl {
  explicit Impl(InfluxKind first) : kind(first), store(first) {}

  mutable std::mutex mutex;
  std::condition_variable released;
  // All of it is guarded by mutex.
  InfluxKind kind;
  InfluxStore store;
  Script script;
  std::string authorization;
  std::vector<InfluxRequest> writes;
  std::set<std::size_t> on_their_way;  // by number
  int starts = 0;
  std::uint64_t releases = 0;
  bool ending = false;
  WireListener listener{[this](Wire& wire) { serve(wire); }};

  void serve(Wire& wire) {
    for (;;) {
      const WireHead head = wire.read_head();
      InfluxRequest request = request_of(head);
      if (request.method == "POST") {
        const Busy busy(*this, request);
        answer_write(wire, head, std::move(request));
      } else {
        static_cast<void>(wire.read_body(head));
        std::unique_lock lock(mutex);
        const std::string text = text_of(greeting(kind, request.path, starts));
        lock.unlock();
        wire.send(text);
      }
    }
  }

  // A write that is on its way.
  struct Busy {
    Busy(Impl& server, InfluxRequest& request) : impl(server) {
      const std::lock_guard lock(impl.mutex);
      number = request.number = impl.writes.size() + 1;
      impl.writes.push_back(request);
      impl.on_their_way.insert(number);
      for (const std::size_t one : impl.on_their_way) {
        std::size_t& most = impl.writes.at(one - 1).at_once;
        most = std::max(most, impl.on_their_way.size());
      }
    }
    ~Busy() {
      const std::lock_guard lock(impl.mutex);
      impl.on_their_way.erase(number);
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    Impl& impl;
    std::size_t number = 0;
  };

  void answer_write(Wire& wire, const WireHead& head, InfluxRequest request) {
    {
      const std::lock_guard lock(mutex);
      const auto early = script ? script(request) : std::nullopt;
      if (early && early->fault == InfluxFault::reset_before_body) wire.reset();
    }
    std::string body = read_plain_body(wire, head);
    request.wire_bytes = body.size();
    request.body = head.header("content-encoding") == "gzip" ? inflated(body) : std::move(body);
    std::unique_lock lock(mutex);
    request.at_once = writes.at(request.number - 1).at_once;
    writes.at(request.number - 1) = request;
    const auto scripted = script ? script(request) : std::nullopt;
    InfluxAnswer answer = scripted ? *scripted : InfluxAnswer{};
    if (!scripted || stores(answer)) {
      const InfluxAnswer own = own_answer(request);
      if (!scripted) answer = own;
    }
    say(wire, answer, request.number, lock);
  }

  static bool stores(const InfluxAnswer& answer) {
    return answer.fault == InfluxFault::swallow || answer.fault == InfluxFault::hang_stored ||
           answer.fault == InfluxFault::truncate ||
           (answer.fault == InfluxFault::none && answer.status / 100 == 2);
  }

  // With mutex.
  InfluxAnswer own_answer(const InfluxRequest& request) {
    if (request.path != write_path(kind)) return {404, "404 page not found\n", {}};
    const auto given = request.headers.find("authorization");
    if (!authorization.empty() &&
        (given == request.headers.end() || given->second != authorization)) {
      return not_let_in(kind);
    }
    return store.write(request.body);
  }

  void say(Wire& wire, const InfluxAnswer& answer, std::size_t number,
           std::unique_lock<std::mutex>& lock) {
    const auto wait = [&](std::chrono::milliseconds limit) {
      released.wait_for(lock, limit,
                        [this, before = releases] { return ending || releases != before; });
    };
    if (answer.delay.count() > 0) wait(answer.delay);
    // Before the client can know: it may send the next one at once.
    on_their_way.erase(number);
    const std::string text = text_of(answer);
    switch (answer.fault) {
      case InfluxFault::none:
        lock.unlock();
        wire.send(text);
        return;
      case InfluxFault::reset_before_body:
      case InfluxFault::reset_after_body:
        lock.unlock();
        wire.reset();
        return;
      case InfluxFault::hang:
      case InfluxFault::hang_stored:
        wait(std::chrono::hours(1));
        throw Wire::Gone{};
      case InfluxFault::truncate:
        lock.unlock();
        wire.send(text.substr(0, text.size() / 2));
        throw Wire::Gone{};
      case InfluxFault::swallow:
        throw Wire::Gone{};
    }
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

InfluxServer::InfluxServer(InfluxKind kind) : impl_(std::make_unique<Impl>(kind)) {}
InfluxServer::~InfluxServer() { impl_->release_all(true); }

std::string InfluxServer::url() const { return "http://127.0.0.1:" + std::to_string(port()); }
std::uint16_t InfluxServer::port() const { return impl_->listener.port(); }

void InfluxServer::script(Script script) {
  const std::lock_guard lock(impl_->mutex);
  impl_->script = std::move(script);
}

void InfluxServer::require(std::string authorization) {
  const std::lock_guard lock(impl_->mutex);
  impl_->authorization = std::move(authorization);
}

void InfluxServer::expire_before(std::int64_t nanoseconds) {
  const std::lock_guard lock(impl_->mutex);
  impl_->store.expired_before = nanoseconds;
}

void InfluxServer::release() { impl_->release_all(false); }

void InfluxServer::stop() {
  impl_->release_all(true);
  impl_->listener.close();
}

void InfluxServer::start() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = false;
    ++impl_->starts;
  }
  impl_->listener.open();
}

void InfluxServer::crash() {
  stop();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->store.samples.resize(impl_->store.flushed);
  }
  start();
}

void InfluxServer::flush() {
  const std::lock_guard lock(impl_->mutex);
  impl_->store.flushed = impl_->store.samples.size();
}

void InfluxServer::become(InfluxKind kind) {
  stop();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->kind = kind;
    impl_->store = InfluxStore(kind);
  }
  start();
}

InfluxRows InfluxServer::rows() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.rows;
}

std::size_t InfluxServer::samples() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.samples.size();
}

std::vector<InfluxRequest> InfluxServer::writes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->writes;
}

}  // namespace haingest::fakes
