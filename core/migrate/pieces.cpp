// SPDX-License-Identifier: MIT
#include "core/migrate/pieces.hpp"

#include <string_view>
#include <utility>

#include "core/migrate/statement.hpp"

namespace haingest::migrate {
namespace {

// Nobody has so many files of two seconds.
constexpr std::uint64_t k_shortest = 2'000'000'000;

bool is_too_much(const base::Error& error) {
  return error.message.find("exceeding the file limit") != std::string::npos;
}

std::uint64_t length_of(const Span& span) {
  return static_cast<std::uint64_t>(span.end) - static_cast<std::uint64_t>(span.begin);
}

}  // namespace

base::Result<bool> ask_in_pieces(const Span& whole, Order order,
                                 const std::function<base::Result<bool>(const Span&)>& ask) {
  auto asked = ask(whole);
  const std::uint64_t length = length_of(whole);
  if (asked || !is_too_much(asked.error()) || length < k_shortest) return asked;
  const std::int64_t middle = whole.begin + static_cast<std::int64_t>(length / 2);
  Span first{whole.begin, middle};
  Span second{middle, whole.end};
  if (order == Order::newest_first) std::swap(first, second);
  auto goes_on = ask_in_pieces(first, order, ask);
  if (!goes_on || !*goes_on) return goes_on;
  return ask_in_pieces(second, order, ask);
}

std::string within(const Span& span) {
  return span == k_all_times ? "" : where_between(span.begin, span.end);
}

}  // namespace haingest::migrate
