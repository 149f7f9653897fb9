// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace haingest::ha {

// What became of a command.
struct Reply {
  enum class Outcome {
    pending,
    answered,  // success: `json` is the result as HA sent it ("" for a pong)
    refused,   // HA's error: `code` and `text`
    timeout,   // no answer in time; `code` is "timeout", `text` says within what
    broken,    // an answer that is no JSON; `code` is "invalid_json"
    closed,    // the connection ended first; `text` says how
  };
  Outcome outcome = Outcome::pending;
  std::string json = {};
  std::string code = {};
  std::string text = {};
};

}  // namespace haingest::ha
