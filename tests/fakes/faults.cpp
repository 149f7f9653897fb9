// SPDX-License-Identifier: MIT
#include "tests/fakes/faults.hpp"

#include <array>
#include <charconv>
#include <stdexcept>
#include <vector>

namespace haingest::fakes {
namespace {

// "a:b:c" cut at the first count-1 colons.
std::vector<std::string> parts_of(std::string_view text, std::size_t count) {
  std::vector<std::string> parts;
  while (parts.size() + 1 < count) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) break;
    parts.emplace_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  parts.emplace_back(text);
  return parts;
}

template <class Number>
Number number_of(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) {
    throw std::invalid_argument("no number: \"" + std::string(text) + "\"");
  }
  return number;
}

std::string or_else(std::string_view text, std::string_view otherwise) {
  return std::string(text.empty() ? otherwise : text);
}

void set_silent(Faults& faults, std::string_view stage) {
  if (stage == "accept") {
    faults.silent = Faults::Stage::accept;
  } else if (stage == "upgrade") {
    faults.silent = Faults::Stage::upgrade;
  } else if (stage == "auth") {
    faults.silent = Faults::Stage::auth;
  } else {
    throw std::invalid_argument("silent=accept, silent=upgrade or silent=auth");
  }
}

void set_fail(Faults& faults, std::string_view argument) {
  const std::vector<std::string> parts = parts_of(argument, 3);
  if (parts.size() < 2) throw std::invalid_argument("fail=COMMAND:CODE[:MESSAGE]");
  faults.fail[parts[0]] = {parts[1], parts.size() > 2 ? parts[2] : "Told to fail"};
}

void set_close(Faults& faults, std::string_view argument) {
  const std::vector<std::string> parts = parts_of(argument, 3);
  Faults::Close close;
  close.after = number_of<std::size_t>(parts[0]);
  if (parts.size() > 1) close.code = number_of<std::uint16_t>(parts[1]);
  if (parts.size() > 2) close.reason = parts[2];
  faults.close = close;
}

void set_huge(Faults& faults, std::string_view argument) {
  const std::vector<std::string> parts = parts_of(argument, 2);
  faults.huge = {parts.size() > 1 ? parts[1] : "config/entity_registry/list",
                 number_of<std::size_t>(parts[0]) << 20U};
}

using Setter = void (*)(Faults&, std::string_view);
struct Known {
  std::string_view name;
  std::string_view usage;
  Setter set;
};

using F = Faults;
using T = std::string_view;
constexpr std::array k_known{
    Known{"refuse", "refuse=N  reset the first N connections",
          [](F& f, T a) { f.refuse = number_of<std::size_t>(a); }},
    Known{"silent", "silent=accept|upgrade|auth  say nothing more after that", set_silent},
    Known{"http", "http=STATUS  answer the upgrade with this status (403, 404, 500, 502)",
          [](F& f, T a) { f.http_status = number_of<int>(a); }},
    Known{"redirect", "redirect[=URL]  answer the upgrade with 302",
          [](F& f, T a) { f.redirect = or_else(a, "https://elsewhere.invalid/api/websocket"); }},
    Known{"ban", "ban  after one bad token answer everything with 403",
          [](F& f, T) { f.ban = true; }},
    Known{"auth_invalid", "auth_invalid[=MESSAGE]  refuse every token",
          [](F& f, T a) { f.auth_invalid = or_else(a, "Invalid access token or password"); }},
    Known{"close_after_auth", "close_after_auth  auth_ok, then close",
          [](F& f, T) { f.close_after_auth = true; }},
    Known{"close", "close=N[:CODE[:REASON]]  close after N answers", set_close},
    Known{"cut", "cut=N  after N answers cut TCP in the middle of a frame",
          [](F& f, T a) { f.cut = number_of<std::size_t>(a); }},
    Known{"fail", "fail=COMMAND:CODE[:MESSAGE]  answer that command with an error", set_fail},
    Known{"no_answer", "no_answer=COMMAND  never answer that command",
          [](F& f, T a) { f.no_answer.emplace(a); }},
    Known{"malformed", "malformed=COMMAND  answer with a result that is no JSON",
          [](F& f, T a) { f.malformed.emplace(a); }},
    Known{"wrong_type", "wrong_type=COMMAND  answer with a string",
          [](F& f, T a) { f.wrong_type.emplace(a); }},
    Known{"huge", "huge=MIB[:COMMAND]  pad that command's result", set_huge},
    Known{"reversed", "reversed  answer in the opposite order", [](F& f, T) { f.reversed = true; }},
    Known{"chatter", "chatter  mix unasked frames between the answers",
          [](F& f, T) { f.chatter = true; }},
    Known{"arrays", "arrays  put every message into an array frame",
          [](F& f, T) { f.arrays = true; }},
    Known{"slow", "slow=BYTES  send at most that many bytes a second",
          [](F& f, T a) { f.bytes_per_second = number_of<std::size_t>(a); }},
    Known{"fragments", "fragments=BYTES  send frames in fragments of that size",
          [](F& f, T a) { f.fragment_bytes = number_of<std::size_t>(a); }},
    Known{"starting", "starting=SECONDS  be STARTING that long: 3 devices, commands missing",
          [](F& f, T a) { f.starting_for = std::chrono::seconds(number_of<int>(a)); }},
    Known{"starting_connections", "starting_connections=N  the same for the first N connections",
          [](F& f, T a) { f.starting_connections = number_of<std::size_t>(a); }},
    Known{"first", "first=N  the other faults hold for the first N connections only",
          [](F& f, T a) { f.only_first = number_of<std::size_t>(a); }},
};

}  // namespace

void add_fault(Faults& faults, std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view argument =
      equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
  for (const Known& known : k_known) {
    if (known.name != name) continue;
    known.set(faults, argument);
    return;
  }
  throw std::invalid_argument("no fault " + std::string(name) + "; there are:\n" + fault_help());
}

std::string fault_help() {
  std::string out;
  for (const Known& known : k_known) out += "  " + std::string(known.usage) + "\n";
  return out;
}

}  // namespace haingest::fakes
