// SPDX-License-Identifier: MIT
// How the simulated Home Assistant can be told to misbehave; one option of the library and one
// `--fault NAME[=ARGUMENT]` of the program each. Several at once are fine.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace haingest::fakes {

struct Faults {
  enum class Stage { none, accept, upgrade, auth };
  struct Failure {
    std::string code;
    std::string message;
  };
  struct Close {
    std::size_t after = 0;  // answers that are still sent
    std::uint16_t code = 1000;
    std::string reason;
  };
  struct Huge {
    std::string command;
    std::size_t bytes = 0;
  };

  // --- before Home Assistant's protocol starts ---
  std::size_t refuse = 0;         // the first N connections are accepted and reset
  Stage silent = Stage::none;     // nothing more is said after this stage
  int http_status = 0;            // the answer to every upgrade
  std::string redirect;           // the answer to every upgrade: 302 to this place
  bool ban = false;               // after one bad token every request of anyone gets a 403
  std::string auth_invalid;       // the answer to every token, even the right one
  bool close_after_auth = false;  // the Supervisor's proxy while Core starts
  // --- answers ---
  std::optional<Close> close;
  std::optional<std::size_t> cut;  // after N answers TCP is cut in the middle of a frame
  std::map<std::string, Failure, std::less<>> fail;
  std::set<std::string, std::less<>> no_answer;   // commands; "ping" too
  std::set<std::string, std::less<>> malformed;   // a result that is no JSON
  std::set<std::string, std::less<>> wrong_type;  // a result that is a string
  std::optional<Huge> huge;                       // a result with that much padding
  bool reversed = false;                          // answers in the opposite order
  bool chatter = false;  // other frames between the answers: events nobody asked for, a pong
  bool arrays = false;   // every message in an array frame, asked for or not
  // --- transport ---
  std::size_t bytes_per_second = 0;
  std::size_t fragment_bytes = 0;
  // --- a Home Assistant that is not there yet ---
  std::chrono::milliseconds starting_for{0};  // counted from the server's start
  std::size_t starting_connections = 0;       // or: for the first N connections

  // Everything but `refuse` and the two above holds for the first N connections only; 0: for all.
  std::size_t only_first = 0;
};

// Adds what `text` ("http=503", "fail=get_states:unknown_error") names; throws
// std::invalid_argument that says what is known.
void add_fault(Faults& faults, std::string_view text);

// One line per fault, for the program's help.
[[nodiscard]] std::string fault_help();

}  // namespace haingest::fakes
