// SPDX-License-Identifier: MIT
#include "core/model/portable_json.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"
#include "core/model/json_scan.hpp"

namespace haingest::model {
namespace {

// Asked only of what is long enough to be one ("1e309").
bool no_double_holds(std::string_view number) {
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return error == std::errc::result_out_of_range;
}

class Rewriter {
 public:
  explicit Rewriter(std::string json) : json_(std::move(json)) {}

  std::string rewritten() {
    escapes_ = json_.find('\\') != std::string::npos;
    for (std::size_t at = 0; at < json_.size();) {
      if (json_[at] == '"') {
        at = behind_string(at + 1);
      } else if (json_[at] == '-' || is_digit(json_[at])) {
        at = behind_number(at);
      } else {
        ++at;
      }
    }
    if (copied_ == 0) return std::move(json_);
    return out_.append(json_, copied_);
  }

 private:
  void replace(std::size_t from, std::size_t to, std::string_view by) {
    out_.append(json_, copied_, from - copied_).append(by);
    copied_ = to;
  }

  // `at` is behind the opening quote.
  std::size_t behind_string(std::size_t at) {
    if (!escapes_) return std::min(json_.find('"', at), json_.size() - 1) + 1;
    while (at < json_.size() && json_[at] != '"') {
      at = json_[at] == '\\' ? behind_escape(at) : at + 1;
    }
    return at + 1;
  }

  std::size_t behind_escape(std::size_t at) {
    constexpr std::size_t length = 6;  // of "\uXXXX"
    const std::string_view escape = std::string_view{json_}.substr(at + 1);
    const int unit = code_unit(escape);
    if (unit < 0) return at + 2;
    if (unit < 0xD800 || unit > 0xDFFF) return at + length;
    const bool high = unit <= 0xDBFF && escape.size() > length && escape[length - 1] == '\\';
    const int next = high ? code_unit(escape.substr(length)) : -1;
    if (next >= 0xDC00 && next <= 0xDFFF) return at + 2 * length;
    replace(at, at + length, base::k_replacement);
    return at + length;
  }

  std::size_t behind_number(std::size_t at) {
    constexpr std::string_view k_characters = "0123456789+-.eE";
    const std::size_t end = std::min(json_.find_first_not_of(k_characters, at), json_.size());
    const std::string_view number = std::string_view{json_}.substr(at, end - at);
    if (number.size() >= 5 && no_double_holds(number)) {
      replace(at, end, "\"" + std::string{number} + "\"");
    }
    return end;
  }

  std::string json_;
  bool escapes_ = false;
  std::string out_;
  std::size_t copied_ = 0;  // how much of json_ stands in out_
};

}  // namespace

std::string portable_json(std::string json) { return Rewriter{std::move(json)}.rewritten(); }

}  // namespace haingest::model
