// SPDX-License-Identifier: MIT
#include "core/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

namespace haingest::net {
namespace asio = boost::asio;
namespace {

bool is_ssl_reason(const boost::system::error_code& error, int reason) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == reason;
}

}  // namespace

base::Result<asio::ssl::context> make_tls_context(const TlsOptions& options) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  if (!options.ca_file.empty()) {
    context.load_verify_file(options.ca_file, error);
    if (error) {
      return base::Error{base::ErrorKind::usage,
                         "the CA file " + options.ca_file +
                             " cannot be used: it must be readable and hold certificates in PEM",
                         "openssl x509 -noout -subject -in " + options.ca_file};
    }
  } else {
    // Without system certificates every verification fails later and says so.
    context.set_default_verify_paths(error);
  }
  context.set_verify_mode(options.verify ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
  return context;
}

bool expect_host(SSL* ssl, const std::string& host, bool verify) {
  boost::system::error_code not_numeric;
  static_cast<void>(asio::ip::make_address(host, not_numeric));
  const bool is_address = !not_numeric;
  // Neither a zone nor the dot of the DNS root stands in a certificate or in SNI.
  std::string plain = host.substr(0, host.find('%'));
  if (!is_address && plain.ends_with('.')) plain.pop_back();
  // RFC 6066: an address is no server name.
  if (!is_address && SSL_set_tlsext_host_name(ssl, plain.c_str()) != 1) return false;
  if (!verify) return true;
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, plain.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(wanted, plain.data(), plain.size()) == 1;
}

std::string distrust_of(SSL* ssl, const boost::system::error_code& error) {
  if (!is_ssl_reason(error, SSL_R_CERTIFICATE_VERIFY_FAILED)) return "";
  return X509_verify_cert_error_string(SSL_get_verify_result(ssl));
}

bool is_no_tls(const boost::system::error_code& error) {
  return is_ssl_reason(error, SSL_R_WRONG_VERSION_NUMBER) ||
         is_ssl_reason(error, SSL_R_HTTP_REQUEST);
}

}  // namespace haingest::net
