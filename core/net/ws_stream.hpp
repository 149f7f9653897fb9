// SPDX-License-Identifier: MIT
// A WebSocket to one peer: text messages, each step of connecting under a deadline, and failures as
// values that say which step failed and how. One object belongs to one io_context on one thread;
// one read and one write may be under way at a time, close() and cut() beside them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/deadline.hpp"
#include "core/net/http_client.hpp"
#include "core/net/url.hpp"

namespace haingest::net {

enum class WsStep { resolve, connect, tls, upgrade, read, write };

struct WsFailure {
  enum class What {
    timeout,        // `limit` passed
    no_address,     // the name has none; `detail` in the resolver's words
    not_connected,  // no address took the connection; `detail` in the system's words
    bad_ca_file,    // `detail` is the whole message
    untrusted,      // the certificate; `detail` in OpenSSL's words
    no_tls,         // the peer does not speak TLS
    tls_failed,     // TLS failed otherwise; `detail` in OpenSSL's words
    declined,       // answered the upgrade with `http_status`
    no_http,        // answered it with something that is no HTTP, or no proper upgrade
    closed,         // the peer closed with `close_code` and the reason `detail`
    lost,           // the connection ended without a close; `detail` in the system's words
    too_big,        // a message over our limit of `limit_bytes`
    not_text,       // a binary message, or text that is no UTF-8
    bad_frame,      // what is no WebSocket frame; `detail` in Beast's words
  };

  What what{};
  WsStep step{};
  std::string detail = {};
  unsigned http_status = 0;
  std::string location = {};  // of a redirect
  unsigned close_code = 0;    // 1005: the peer gave none
  std::chrono::milliseconds limit{0};
  std::size_t limit_bytes = 0;
};

template <class T>
using WsResult = boost::system::result<T, WsFailure>;

struct WsOptions {
  Url url;
  std::string target;  // path and query of the upgrade request
  TlsOptions tls;
  std::string user_agent;
  std::size_t max_message_bytes = std::size_t{64} * 1024 * 1024;
  // Over each step: resolve, connect (all addresses), TLS, upgrade.
  std::chrono::milliseconds step_timeout{30'000};
  Deadline whole;  // over all of them
  // WebSocket pings go out when nothing was heard for half of this; after all of it the connection
  // is lost.
  std::chrono::milliseconds idle_timeout{60'000};
};

class WsStream {
 public:
  // Bytes that may be read behind a message (they are zero): what simdjson asks for.
  static constexpr std::size_t k_padding = 64;

  virtual ~WsStream() = default;

  // The next text message; the view is good until the next read. Pings and closes are answered.
  [[nodiscard]] virtual boost::asio::awaitable<WsResult<std::string_view>> read() = 0;
  // `text` must live until it is done.
  [[nodiscard]] virtual boost::asio::awaitable<WsResult<void>> write(std::string_view text) = 0;
  // For reads and writes that start from now on.
  virtual void expires(const Deadline& deadline) = 0;
  virtual void never_expires() = 0;
  // Says goodbye and waits for the peer's; whoever is reading sees `closed`. Cuts at the deadline.
  [[nodiscard]] virtual boost::asio::awaitable<void> close(Deadline deadline) = 0;
  // Ends the connection at once; what is under way completes with `lost`.
  virtual void cut() = 0;
  // All bytes from the peer so far: a big message on a slow link is no silence.
  [[nodiscard]] virtual std::uint64_t bytes_received() const = 0;
  // What the buffer of messages holds now; falls back with a small one after a big one.
  [[nodiscard]] virtual std::size_t buffered_capacity() const = 0;
};

[[nodiscard]] boost::asio::awaitable<WsResult<std::unique_ptr<WsStream>>> connect_ws(
    WsOptions options);

}  // namespace haingest::net
