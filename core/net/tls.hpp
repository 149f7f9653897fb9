// SPDX-License-Identifier: MIT
// What TLS is made of on our side of a connection; for the .cpp files of this room.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <string>

#include "core/base/error.hpp"
#include "core/net/http_client.hpp"

namespace haingest::net {

// TLS 1.2 or newer; verifies against `ca_file`, else against the system's certificates. Fails with
// `usage` when the CA file cannot be read.
[[nodiscard]] base::Result<boost::asio::ssl::context> make_tls_context(const TlsOptions& options);

// Sets the server's name: SNI for a name, and what its certificate must be for (name or address).
// False when OpenSSL refuses the name.
[[nodiscard]] bool expect_host(SSL* ssl, const std::string& host, bool verify);

// OpenSSL's word on the certificate ("self-signed certificate", "hostname mismatch"); "" when the
// handshake did not fail for that.
[[nodiscard]] std::string distrust_of(SSL* ssl, const boost::system::error_code& error);

// Whether the other side answered with something that is no TLS at all, as a plain HTTP server
// does.
[[nodiscard]] bool is_no_tls(const boost::system::error_code& error);

}  // namespace haingest::net
