// SPDX-License-Identifier: MIT
// Options as the command line takes them and as help, man pages and completions show them: which
// ones a command has, how they are written, what their values may be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/setting.hpp"

namespace haingest::cli {

// Those that only this command, or not every one, has.
[[nodiscard]] std::vector<Setting> own_options(const Command& command);
// Those that stand before and after every command, --help and --version included.
[[nodiscard]] std::vector<Setting> common_options();
// Both.
[[nodiscard]] std::vector<Setting> all_options(const Command& command);

// "--output", "-o".
[[nodiscard]] std::string long_name(const Setting& option);
[[nodiscard]] std::string short_name(const Setting& option);  // empty without a letter
// "-o, --output FORMAT", "--to [URL]".
[[nodiscard]] std::string spelled(const Setting& option);

// Whether the word behind it is its value; that of an optional value is only behind a "=".
[[nodiscard]] bool takes_value(const Setting& option);
[[nodiscard]] bool repeatable(const Setting& option);
// The words that a value may be; none where it is anything else.
[[nodiscard]] std::vector<std::string_view> words_of(const Setting& option);

// What its key in the configuration file takes: "a number, or a text like \"20%\"".
[[nodiscard]] std::string type_of(const Setting& setting);

// The default, for people; empty where there is none or where it is "off".
[[nodiscard]] std::string_view shown_default(const Setting& setting);

// "a b c" of {"a", "b", "c"}.
[[nodiscard]] std::string joined(const std::vector<std::string_view>& words,
                                 std::string_view between = " ");

}  // namespace haingest::cli
