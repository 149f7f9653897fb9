// SPDX-License-Identifier: MIT
#include "core/net/http_client.hpp"

#include <curl/curl.h>
#include <string.h>  // explicit_bzero; NOLINT(*-deprecated-headers)

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <system_error>

#include "core/base/span.hpp"
#include "core/net/url.hpp"

namespace haingest::net {
namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  // The Authorization header stands in one of them.
  void operator()(curl_slist* list) const {
    for (curl_slist* one = list; one != nullptr; one = one->next) {
      ::explicit_bzero(one->data, std::strlen(one->data));
    }
    curl_slist_free_all(list);
  }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

void initialise_once() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) {
    throw base::Failure(base::ErrorKind::failure, "libcurl cannot be initialised");
  }
}

void append(List& list, const std::string& header) {
  curl_slist* longer = curl_slist_append(list.get(), header.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

constexpr std::size_t k_max_header_bytes = std::size_t{64} * 1024;

struct Receiver {
  CURL* easy = nullptr;
  const std::function<bool(std::string_view)>* on_body = nullptr;
  std::string body;
  std::size_t limit = 0;
  bool too_big = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t header_bytes = 0;
};

bool is_passed_on(const Receiver& receiver) {
  if (!*receiver.on_body) return false;
  long status = 0;
  curl_easy_getinfo(receiver.easy, CURLINFO_RESPONSE_CODE, &status);
  return status / 100 == 2;
}

std::size_t receive(char* data, std::size_t /*one*/, std::size_t size, void* user) noexcept {
  auto& receiver = *static_cast<Receiver*>(user);
  if (is_passed_on(receiver)) return (*receiver.on_body)({data, size}) ? size : 0;
  if (size > receiver.limit - receiver.body.size()) {
    receiver.too_big = true;
    return 0;
  }
  try {
    receiver.body.append(data, size);
  } catch (const std::bad_alloc&) {
    return 0;  // curl reports a write error
  }
  return size;
}

void take_header(std::string_view line, Receiver& receiver) {
  if (line.starts_with("HTTP/")) {  // "100 Continue" came before the answer
    receiver.headers.clear();
    receiver.header_bytes = 0;
    return;
  }
  const std::size_t colon = line.find(':');
  receiver.header_bytes += line.size();
  if (colon == std::string_view::npos || receiver.header_bytes > k_max_header_bytes) return;
  std::string name(line.substr(0, colon));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::string_view value = line.substr(colon + 1);
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  receiver.headers.emplace_back(std::move(name), value);
}

std::size_t receive_header(char* data, std::size_t /*one*/, std::size_t size, void* user) noexcept {
  try {
    take_header({data, size}, *static_cast<Receiver*>(user));
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size;
}

int count_send(void* user, char* /*peer*/, char* /*own*/, int /*peer_port*/,
               int /*own_port*/) noexcept {
  ++*static_cast<int*>(user);
  return CURL_PREREQFUNC_OK;
}

int is_cancelled(void* user, curl_off_t /*down*/, curl_off_t /*of*/, curl_off_t /*up*/,
                 curl_off_t /*of*/) noexcept {
  return *static_cast<const std::atomic<bool>*>(user) ? 1 : 0;
}

void set_method(CURL* easy, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method != "GET" || has_body) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

List headers_of(const HttpRequest& request) {
  List list;
  for (const std::string& header : request.headers) append(list, header);
  const auto append_secret = [&list](std::string header, const base::Secret& secret) {
    header.append(secret.reveal());
    append(list, header);
    ::explicit_bzero(header.data(), header.size());
  };
  if (!request.authorization.empty()) {
    append_secret("Authorization: ", request.authorization);
  } else if (!request.bearer_token.empty()) {
    append_secret("Authorization: Bearer ", request.bearer_token);
  }
  return list;
}

void set_timeout(CURL* easy, const HttpRequest& request) {
  const auto ms = std::clamp<std::chrono::milliseconds::rep>(request.timeout.count(), 1,
                                                             std::numeric_limits<long>::max());
  if (!request.on_body) {
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(ms));
    return;
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(ms));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>((ms + 999) / 1'000));
}

void set_policy(CURL* easy, const TlsOptions& tls) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A look-up that hangs is left behind at the deadline; otherwise libcurl waits for its thread.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (!tls.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "haingest/" HAINGEST_VERSION);
}

std::string connect_text(CURL* easy) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  if (number == ECONNREFUSED) return "connection refused; check that it runs and the port is right";
  if (number == 0) return "cannot connect; check the address and the network";
  return "cannot connect (" + std::generic_category().message(static_cast<int>(number)) +
         "); check the address and the network";
}

std::string text_of(CURLcode code, CURL* easy, const HttpRequest& request, const Url& url,
                    const Receiver& receiver, const TlsOptions& tls) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the name " + url.host + " has no address; check its spelling and the DNS";
    case CURLE_COULDNT_CONNECT:
      return connect_text(easy);
    case CURLE_OPERATION_TIMEDOUT:
      if (request.on_body) {
        return "nothing came for " + base::to_text(request.timeout) + "; try again later";
      }
      return "no complete answer within " + base::to_text(request.timeout) +
             "; try again later, or give more time with --timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "its certificate is not trusted; give the authority's certificate with --ca-file, or "
             "--insecure to skip the check";
    case CURLE_SSL_CACERT_BADFILE:
      return "the CA file " + tls.ca_file +
             " cannot be used: it must be readable and hold certificates in PEM";
    case CURLE_SSL_CONNECT_ERROR:
      return "TLS failed; check that the port speaks TLS";
    case CURLE_GOT_NOTHING:
      return "the connection ended without an answer; check the port, or try again later";
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return "the connection was cut in the middle; try again later";
    case CURLE_ABORTED_BY_CALLBACK:
      return "the request was given up";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return "the answer is no HTTP; check the port";
    case CURLE_WRITE_ERROR:
      if (receiver.too_big) {
        return "the answer is over our limit of " + std::to_string(request.max_response_bytes) +
               " bytes";
      }
      break;
    default:
      break;
  }
  return std::string("the request failed (") + curl_easy_strerror(code) +
         "); check the address and the network";
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

struct HttpClient::Impl {
  TlsOptions tls;
  Easy easy;
  HttpAttempt attempt;
  // The origin that the kept connections belong to is curl's business; it keeps several.
};

HttpClient::HttpClient(TlsOptions tls) : impl_(std::make_unique<Impl>()) {
  initialise_once();
  impl_->tls = std::move(tls);
  impl_->easy.reset(curl_easy_init());
  if (!impl_->easy) throw std::bad_alloc();
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

const HttpAttempt& HttpClient::last_attempt() const { return impl_->attempt; }

base::Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  HttpAttempt& attempt = impl_->attempt = {};
  const base::Result<Url> url = parse_url(request.url);
  if (!url) return url.error();
  if (!url->scheme.starts_with("http")) {
    return base::Error{base::ErrorKind::usage,
                       origin_of(*url) + " is no HTTP URL; it must start with http:// or https://",
                       {}};
  }
  CURL* easy = impl_->easy.get();
  curl_easy_reset(easy);  // keeps the connections
  Receiver receiver;
  receiver.limit = request.max_response_bytes;
  receiver.easy = easy;
  receiver.on_body = &request.on_body;
  const List headers = headers_of(request);
  set_policy(easy, impl_->tls);
  set_timeout(easy, request);
  set_method(easy, request);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &receiver);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, count_send);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &attempt.sends);
  if (request.cancel != nullptr) {
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, is_cancelled);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, request.cancel);
  }
  const CURLcode code = curl_easy_perform(easy);
  if (code != CURLE_OK) {
    const bool ours = code == CURLE_SSL_CACERT_BADFILE;
    const std::string text = text_of(code, easy, request, *url, receiver, impl_->tls);
    attempt.timed_out = code == CURLE_OPERATION_TIMEDOUT;
    attempt.cut = code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
                  code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
    attempt.reason = text.substr(0, text.find("; "));
    return base::Error{ours ? base::ErrorKind::usage : base::ErrorKind::unreachable,
                       ours ? text : request.method + " " + origin_of(*url) + ": " + text,
                       {}};
  }
  HttpResponse response;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
  const char* content_type = nullptr;
  curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &content_type);
  if (content_type != nullptr) response.content_type = content_type;
  response.headers = std::move(receiver.headers);
  response.body = std::move(receiver.body);
  return response;
}

}  // namespace haingest::net
