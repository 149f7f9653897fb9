// SPDX-License-Identifier: MIT
// The pages in man/ as tests read them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace haingest::test {

// As a reader sees it: no escapes of mdoc, on one line.
[[nodiscard]] std::string plain_page(const std::string& name);

// The part of haingest(1) below this heading of OUTPUT, with "*" around what is bold. Throws
// std::runtime_error when there is none.
[[nodiscard]] std::string output_of(const std::string& command);

// The fields of the object that no item, bold word or object in the part is.
[[nodiscard]] std::vector<std::string> unnamed_fields(const std::string& output,
                                                      const nlohmann::json& object);

}  // namespace haingest::test
