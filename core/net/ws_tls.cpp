// SPDX-License-Identifier: MIT
#include "core/net/tls.hpp"
#include "core/net/ws_upgrade.hpp"

namespace haingest::net {
namespace {

using What = WsFailure::What;
// A pointer, because Beast's stream claims to be constructible from anything, errors included.
using TlsResult = WsResult<std::unique_ptr<Tls>>;

WsFailure tls_failure(SSL* ssl, const boost::system::error_code& error, const Deadline& deadline) {
  if (error == beast::error::timeout) return timed_out(WsStep::tls, deadline);
  WsFailure failure{.what = What::tls_failed, .step = WsStep::tls, .detail = words_of(error)};
  const std::string distrust = distrust_of(ssl, error);
  if (!distrust.empty()) {
    failure.what = What::untrusted;
    failure.detail = distrust;
  } else if (is_no_tls(error)) {
    failure.what = What::no_tls;
  }
  return failure;
}

asio::awaitable<TlsResult> connect_tls(Tcp tcp, const WsOptions& options) {
  const Deadline deadline = options.whole.step(options.step_timeout);
  base::Result<asio::ssl::context> context = make_tls_context(options.tls);
  if (!context) {
    co_return WsFailure{
        .what = What::bad_ca_file, .step = WsStep::tls, .detail = context.error().message};
  }
  // It keeps the context's OpenSSL object by reference counting.
  auto tls = std::make_unique<Tls>(std::move(tcp), *context);
  if (!expect_host(tls->native_handle(), options.url.host, options.tls.verify)) {
    co_return WsFailure{.what = What::tls_failed,
                        .step = WsStep::tls,
                        .detail = "this host name cannot be used with TLS"};
  }
  beast::get_lowest_layer(*tls).expires_at(deadline.at);
  const auto [error] = co_await tls->async_handshake(asio::ssl::stream_base::client, k_await);
  if (error) co_return tls_failure(tls->native_handle(), error, deadline);
  co_return std::move(tls);
}

}  // namespace

asio::awaitable<Opened> open_tls(Tcp tcp, const WsOptions& options) {
  TlsResult tls = co_await connect_tls(std::move(tcp), options);
  if (!tls) co_return tls.error();
  co_return co_await upgrade(std::move(**tls), options);
}

}  // namespace haingest::net
