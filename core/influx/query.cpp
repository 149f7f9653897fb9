// SPDX-License-Identifier: MIT
#include "core/influx/query.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/text.hpp"
#include "core/influx/endpoint.hpp"

namespace haingest::influx {
namespace {

// Pieces of an answer on their way from the connection to who reads them.
class Pipe {
 public:
  // Waits for room. False when nobody reads any more.
  bool put(std::string_view piece) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || bytes_ < k_most_bytes; });
    if (closed_) return false;
    bytes_ += piece.size();
    pieces_.emplace_back(piece);
    changed_.notify_all();
    return true;
  }
  // Valid until the next call; "" behind the last.
  std::string_view take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || !pieces_.empty(); });
    piece_.clear();
    if (pieces_.empty()) return piece_;
    piece_ = std::move(pieces_.front());
    pieces_.pop_front();
    bytes_ -= piece_.size();
    changed_.notify_all();
    return piece_;
  }
  void end() { set(ended_); }
  void close() { set(closed_); }

 private:
  static constexpr std::size_t k_most_bytes = std::size_t{1} << 20U;

  void set(bool& flag) {
    {
      const std::lock_guard lock(mutex_);
      flag = true;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  std::size_t bytes_ = 0;
  bool ended_ = false;
  bool closed_ = false;
  std::string piece_;
};

// InfluxDB 3 has causes on lines of their own, and advice below an empty one.
std::string in_one_line(std::string text) {
  text.resize(std::min(text.find("\n\n"), text.size()));
  for (std::string_view between : {"\ncaused by\n", "\n"}) {
    for (std::size_t at = 0; (at = text.find(between, at)) != std::string::npos;) {
      text.replace(at, between.size(), between.size() > 1 ? ": " : " ");
    }
  }
  return text;
}

// ": request throttled, queue full"; nothing of a page of HTML.
std::string first_line_of(std::string_view body) {
  constexpr std::size_t k_longest = 200;
  const std::string_view line = body.substr(0, std::min(body.find_first_of("\r\n"), k_longest));
  return line.empty() || line.starts_with('<') ? "" : ": " + base::repair_utf8(line);
}

// Of an answer that is none of 2xx: 1.x has it in the asked form, 2.x and 3 in JSON, a proxy as it
// likes.
std::string words_of(const net::HttpResponse& answer) {
  std::string_view rest = answer.body;
  const auto packed = read_answer([&] { return std::exchange(rest, {}); }, {});
  if (!answer.body.starts_with('{') && packed.has_error() &&
      packed.error().kind == base::ErrorKind::failure &&
      answer.content_type.find("msgpack") != std::string::npos) {
    return packed.error().message;
  }
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  for (const char* key : {"message", "error"}) {
    if (body.is_object() && body.contains(key) && body[key].is_string()) {
      return in_one_line(body[key].get<std::string>());
    }
  }
  return "it answers " + std::to_string(answer.status) + first_line_of(answer.body);
}

base::Error refusal(const net::HttpResponse& answer) {
  const std::string words = words_of(answer);
  const bool credentials = answer.status == 401 || answer.status == 403;
  const bool passing = answer.status >= 500 || answer.status == 429;
  return base::Error{credentials ? base::ErrorKind::credentials
                     : passing   ? base::ErrorKind::unreachable
                                 : base::ErrorKind::failure,
                     words,
                     {}};
}

AnswerForm form_of(Flavour flavour) {
  return flavour == Flavour::influxdb3 ? AnswerForm::json : AnswerForm::message_pack;
}

}  // namespace

QueryClient::QueryClient(QueryOptions options)
    : options_(std::move(options)), client_(options_.tls) {}

base::Result<void> QueryClient::ask(const Scope& scope, const std::string& statement,
                                    const AnswerHandlers& handlers) {
  bool came = false;
  auto asked = ask_once(scope, statement, handlers, Chunks::yes, came);
  const bool lost = asked.has_error() && asked.error().kind == base::ErrorKind::unreachable;
  if (options_.flavour != Flavour::influxdb3 || came || !lost) return asked;
  // In chunks InfluxDB 3 sends nothing at all where there are no rows (read in its source), and an
  // answer that was lost on its way may look the same. Not in chunks it always says something.
  return ask_once(scope, statement, handlers, Chunks::no, came);
}

base::Result<void> QueryClient::ask_once(const Scope& scope, const std::string& statement,
                                         const AnswerHandlers& handlers, Chunks chunks,
                                         bool& came) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = query_url(options_.source, scope.database, scope.retention_policy);
  // Or all of it is in the server's memory first.
  if (chunks == Chunks::yes) request.url += "&chunked=true&chunk_size=10000";
  const AnswerForm form = form_of(options_.flavour);
  request.headers = {
      form == AnswerForm::json ? "Accept: application/json" : "Accept: application/x-msgpack",
      "Content-Type: application/x-www-form-urlencoded"};
  request.authorization = authorization_of(options_.source, options_.flavour);
  request.body = query_form(statement);
  request.timeout = options_.silence;
  request.max_response_bytes = std::size_t{1} << 20U;
  request.cancel = options_.cancel;
  Pipe pipe;
  request.on_body = [&](std::string_view piece) {
    came = true;
    return pipe.put(piece);
  };
  std::optional<base::Result<net::HttpResponse>> answer;
  std::thread connection([&] {
    answer = client_.send(request);
    pipe.end();
  });
  base::Result<void> read;
  std::exception_ptr thrown;
  try {
    read = read_answer([&] { return pipe.take(); }, handlers, form);
  } catch (...) {
    thrown = std::current_exception();
  }
  pipe.close();
  connection.join();
  if (thrown) std::rethrow_exception(thrown);
  const bool in_answer = read.has_error() && read.error().kind == base::ErrorKind::failure;
  if (in_answer) {  // it was ended because of it
    return base::Error{base::ErrorKind::failure, in_one_line(read.error().message), {}};
  }
  if (answer->has_error()) return answer->error();
  if (answer->value().status / 100 != 2) return refusal(answer->value());
  return read;
}

base::Result<std::string> QueryClient::get(const std::string& path) {
  net::HttpRequest request;
  request.url = address_of(options_.source, path);
  request.authorization = authorization_of(options_.source, options_.flavour);
  request.timeout = options_.silence;
  request.cancel = options_.cancel;
  auto answer = client_.send(request);
  if (!answer) return answer.error();
  if (answer->status / 100 != 2) return refusal(*answer);
  return std::move(answer->body);
}

std::string quoted_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? "\\n" : std::string(1, c);
  }
  return quoted + '"';
}

}  // namespace haingest::influx
