// SPDX-License-Identifier: MIT
// Home Assistant's side of one WebSocket connection, without the socket: texts in, texts out. Used
// on the server's thread only. Private to the fakes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/faults.hpp"
#include "tests/fakes/ha_fields.hpp"
#include "tests/fakes/ha_world.hpp"

namespace haingest::fakes {

struct Outgoing {
  std::string text;
  bool answer = false;  // to a command: result or pong
};

struct Reply {
  std::vector<Outgoing> messages;
  bool close = false;  // after the messages have been sent
};

class Protocol {
 public:
  Protocol(World& world, std::size_t connection, const Faults& faults)
      : world_(world), connection_(connection), faults_(faults) {}

  // The first frame: auth_required.
  [[nodiscard]] std::string greeting() const;
  [[nodiscard]] Reply receive(std::string_view frame);
  // The frames that this connection's subscriptions make of an event.
  void deliver(const HouseEvent& event, std::vector<Outgoing>& out) const;

  [[nodiscard]] bool authenticated() const { return authenticated_; }
  [[nodiscard]] bool coalesces() const { return coalesces_ || faults_.arrays; }

 private:
  void authenticate(const Json& message, Reply& reply);
  void refuse_auth(std::string_view text, Reply& reply);
  void handle(const Json& message, Reply& reply);
  void run(std::int64_t id, const std::string& type, const Json& message, Reply& reply);
  [[nodiscard]] std::string result_of(std::int64_t id, const std::string& type, const Json& message,
                                      Reply& reply);
  void check_event_access(const std::string& event_type) const;
  void unsubscribe(const Json& message);

  World& world_;
  std::size_t connection_;
  const Faults& faults_;
  bool authenticated_ = false;
  bool coalesces_ = false;
  std::int64_t last_id_ = 0;
  std::map<std::int64_t, std::string> subscriptions_;  // id -> event type, "*" for all
};

}  // namespace haingest::fakes
