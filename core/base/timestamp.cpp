// SPDX-License-Identifier: MIT
#include "core/base/timestamp.hpp"

#include <charconv>
#include <cmath>

namespace haingest::base {
namespace {

struct Civil {
  int year;
  unsigned month, day;
  int hour, minute, second, micros;
};

Civil to_civil(Timestamp moment) {
  using namespace std::chrono;
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> time{moment - day};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count()),
          static_cast<int>(time.subseconds().count())};
}

// Writes `value` over the `places` characters at `at`. By hand: a registry has two moments a
// record, and snprintf was a twelfth of a sync's instructions.
void put(std::string& text, std::size_t at, std::size_t places, unsigned value) {
  for (std::size_t i = at + places; i-- > at; value /= 10) {
    text[i] = static_cast<char>('0' + value % 10);
  }
}

// `text` is "YYYY-MM-DD hh:mm:ss.ffffff" with anything behind.
std::string filled(std::string text, Timestamp moment) {
  const Civil c = to_civil(moment);
  put(text, 0, 4, static_cast<unsigned>(c.year));
  put(text, 5, 2, c.month);
  put(text, 8, 2, c.day);
  put(text, 11, 2, static_cast<unsigned>(c.hour));
  put(text, 14, 2, static_cast<unsigned>(c.minute));
  put(text, 17, 2, static_cast<unsigned>(c.second));
  put(text, 20, 6, static_cast<unsigned>(c.micros));
  return text;
}

// Takes `digits` digits off the front of `text`; -1 when they are not there.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || value < 0) return -1;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Up to nine decimals, of which six are kept; -1 when there is no digit behind the point.
int take_micros(std::string_view& text) {
  int micros = 0;
  int places = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9' && places < 9) {
    if (places < 6) micros = micros * 10 + (text.front() - '0');
    ++places;
    text.remove_prefix(1);
  }
  if (places == 0) return -1;
  for (; places < 6; ++places) micros *= 10;
  return micros;
}

// The years of four digits, which all of haingest's formats have.
constexpr Timestamp k_year_1 = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
constexpr Timestamp k_year_10000 = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};

// "", "Z" or "+hh:mm"; none when something else stands there.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (text.empty() || take(text, "Zz")) {
    return text.empty() ? std::optional{std::chrono::minutes{0}} : std::nullopt;
  }
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const int hours = take_number(text, 2);
  take(text, ":");
  const int minutes = take_number(text, 2);
  if (hours < 0 || minutes < 0 || !text.empty()) return std::nullopt;
  return std::chrono::minutes{sign * (hours * 60 + minutes)};
}

// The digits from `at` to `end`; sets `wrong` where something else stands.
int number_at(std::string_view text, std::size_t at, std::size_t end, bool& wrong) {
  int value = 0;
  for (; at < end; ++at) {
    const auto digit = static_cast<unsigned>(text[at] - '0');
    wrong = wrong || digit > 9;
    value = value * 10 + static_cast<int>(digit);
  }
  return value;
}

// What Home Assistant writes, three times an event: "2026-11-25T01:30:00.123456+00:00". A tenth of
// the instructions that the other forms take; none for what only they can read, or nobody.
std::optional<Timestamp> parse_usual(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view form = "0000-00-00T00:00:00.000000+00:00";
  if (text.size() != form.size() || text.substr(26) != form.substr(26)) return std::nullopt;
  for (const std::size_t at : {4U, 7U, 10U, 13U, 16U, 19U}) {
    if (text[at] != form[at]) return std::nullopt;
  }
  bool wrong = false;
  const year_month_day date{year{number_at(text, 0, 4, wrong)},
                            month{static_cast<unsigned>(number_at(text, 5, 7, wrong))},
                            day{static_cast<unsigned>(number_at(text, 8, 10, wrong))}};
  const hours hour{number_at(text, 11, 13, wrong)};
  const minutes minute{number_at(text, 14, 16, wrong)};
  const seconds second{number_at(text, 17, 19, wrong)};
  const microseconds micros{number_at(text, 20, 26, wrong)};
  if (wrong || !date.ok() || date.year() < year{1}) return std::nullopt;
  if (hour.count() > 23 || minute.count() > 59 || second.count() > 59) return std::nullopt;
  return sys_days{date} + hour + minute + second + micros;
}

}  // namespace

Timestamp system_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string to_sqlite_text(Timestamp moment) {
  return filled("0000-00-00 00:00:00.000000", moment);
}

std::string to_iso_text(Timestamp moment) {
  return filled("0000-00-00T00:00:00.000000+00:00", moment);
}

std::string to_file_text(Timestamp moment) {
  std::string text = to_sqlite_text(moment).substr(0, 19);
  text[10] = 'T';
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + 'Z';
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  if (const std::optional<Timestamp> usual = parse_usual(text)) return usual;
  const int y = take_number(text, 4);
  const bool dash1 = take(text, "-");
  const int m = take_number(text, 2);
  const bool dash2 = take(text, "-");
  const int d = take_number(text, 2);
  if (y < 0 || m < 0 || d < 0 || !dash1 || !dash2) return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || !take(text, " T")) return std::nullopt;
  const int hour = take_number(text, 2);
  const bool colon = take(text, ":");
  const int minute = take_number(text, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !colon) return std::nullopt;
  int second = 0;
  int micros = 0;
  if (take(text, ":")) second = take_number(text, 2);
  if (second < 0 || second > 60) return std::nullopt;
  if (take(text, ".,")) micros = take_micros(text);
  if (micros < 0) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  const Timestamp moment = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} +
                           microseconds{micros} - *offset;
  // A leap second or an offset may have carried it over the end of what can be written.
  if (moment < k_year_1 || moment >= k_year_10000) return std::nullopt;
  return moment;
}

std::optional<Timestamp> from_epoch_seconds(double seconds) {
  const auto in_seconds = [](Timestamp moment) {
    return std::chrono::duration<double>(moment.time_since_epoch()).count();
  };
  if (!(seconds >= in_seconds(k_year_1) && seconds < in_seconds(k_year_10000))) return std::nullopt;
  // As Python rounds, and so Home Assistant for the same moment's text: the fraction, half to even.
  // Home Assistant keeps moments finer than a microsecond; the whole times 1e6 would be off by one.
  const double whole = std::floor(seconds);
  return Timestamp{std::chrono::microseconds{static_cast<std::int64_t>(whole) * 1'000'000 +
                                             std::llrint((seconds - whole) * 1e6)}};
}

}  // namespace haingest::base
