// SPDX-License-Identifier: MIT
// Home Assistant's WebSocket frames <-> messages. Pure: bytes in, values out; no frame, however
// broken, is more than a value that says so. Sources: developers.home-assistant, api/websocket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"

namespace haingest::ha {

struct Message {
  enum class Type {
    auth_required,
    auth_ok,
    auth_invalid,
    result,
    event,
    pong,
    other,      // well-formed, of a type that haingest does not know
    malformed,  // its end could not be found or its type could not be read; `id` if that came first
  };

  Type type = Type::other;
  std::int64_t id = 0;  // 0: none (ids start at 1)
  bool success = false;
  // Of a result its `result`, of an event its `event`: raw JSON, a view into the frame. Balanced,
  // not validated further. Empty: there was none.
  std::string_view json = {};
  std::string error_code = {};  // of a result without success
  std::string text = {};        // the error's or auth_invalid's `message`
  std::string ha_version = {};  // of auth_required and auth_ok
};

// Keeps the parser's memory from one frame to the next (and gives it back with a small one after a
// big one); one thread.
class FrameSplitter {
 public:
  FrameSplitter();
  ~FrameSplitter();
  FrameSplitter(FrameSplitter&&) noexcept;
  FrameSplitter& operator=(FrameSplitter&&) noexcept;

  // The messages of a frame: of a bare object one, of a coalesced array all. Behind a malformed
  // message nothing of its frame is found. The messages' views point into `frame`, which needs
  // `readable_behind` bytes that may be read after its end; with fewer than 64 it is copied, and
  // the views are good until the next call.
  [[nodiscard]] const std::vector<Message>& split(std::string_view frame,
                                                  std::size_t readable_behind = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// {"type":"auth","access_token":…}: no id and no other key, HA refuses both. It holds the token.
[[nodiscard]] std::string auth_frame(const base::Secret& token);

// {"id":7,"type":"get_states"}; `members` is more of the object, as in "\"domain\":\"mqtt\"".
[[nodiscard]] std::string command_frame(std::int64_t id, std::string_view type,
                                        std::string_view members = {});

// The first command of a connection, for a Home Assistant that can send several messages a frame.
inline constexpr std::string_view k_supported_features = "supported_features";
inline constexpr std::string_view k_coalesce = "\"features\":{\"coalesce_messages\":1}";

// Whether the version ("2026.9.0b3", "2026.11.0.dev0", "0.118.5") is year.month or later.
[[nodiscard]] bool at_least(std::string_view ha_version, int year, int month);

}  // namespace haingest::ha
