// SPDX-License-Identifier: MIT
// A WebSocket client that knows nothing of haingest, so that it can bear witness: frames in, frames
// out, over plain TCP or TLS. Blocking; whatever takes longer than 20 s throws std::runtime_error.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace haingest::test {

using Json = nlohmann::ordered_json;

// The upgrade was answered with something else than 101.
struct Declined : std::runtime_error {
  Declined(unsigned the_status, std::string the_location)
      : std::runtime_error("HTTP " + std::to_string(the_status)),
        status(the_status),
        location(std::move(the_location)) {}
  unsigned status;
  std::string location;
};

// The connection has ended. `code` is that of the peer's close frame; 1006: it sent none.
struct Ended : std::runtime_error {
  Ended(const std::string& what, std::uint16_t the_code)
      : std::runtime_error(what), code(the_code) {}
  std::uint16_t code;
};

struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class HaClient {
 public:
  // `url` as a user gives it: "https://host:port/prefix"; the Supervisor's ends in /core. `ca_pem`
  // is the certificate to trust. Throws Declined, Ended (a peer that hangs up), TimedOut,
  // std::runtime_error.
  explicit HaClient(const std::string& url, const std::string& ca_pem = "",
                    std::chrono::milliseconds patience = std::chrono::seconds(20));
  ~HaClient();
  HaClient(const HaClient&) = delete;
  HaClient& operator=(const HaClient&) = delete;

  // The next text frame as it came. Throws Ended.
  [[nodiscard]] std::string receive_frame();
  // The next message; array frames are taken apart.
  [[nodiscard]] Json receive();
  void send_text(const std::string& frame);
  void send_binary(const std::string& frame);
  void send(const Json& message) { send_text(message.dump()); }
  // auth_required, auth, auth_ok; returns the last. Throws std::runtime_error when it is another.
  Json log_in(const std::string& token);
  // Sends {"id": next, "type": type, ...members} and returns the message with that id that is no
  // event; events and messages of others that come before it are kept for receive().
  [[nodiscard]] Json ask(const std::string& type, const Json& members = Json::object());
  // The same, and its `result`. Throws std::runtime_error with HA's words when it is an error.
  [[nodiscard]] Json result(const std::string& type, const Json& members = Json::object());
  // Reads on until the peer has ended the connection; returns the close code.
  [[nodiscard]] std::uint16_t wait_for_end();
  // Sends nothing and hears nothing for so long? (What arrives is kept.)
  [[nodiscard]] bool silent_for(int milliseconds);

  [[nodiscard]] int last_id() const { return last_id_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<Json> waiting_;
  int last_id_ = 0;
};

struct HttpReply {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

// A request for a path below the URL, without TLS; `token` empty: no Authorization.
[[nodiscard]] HttpReply http_send(const std::string& method, const std::string& url,
                                  const std::string& path, const std::string& token,
                                  const std::string& body = "");
[[nodiscard]] HttpReply http_get(const std::string& url, const std::string& path,
                                 const std::string& token);

}  // namespace haingest::test
