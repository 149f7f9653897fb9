// SPDX-License-Identifier: MIT
#include "tests/support/man_page.hpp"

#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/temp_dir.hpp"

namespace haingest::test {

namespace {

// On one line, without escapes of mdoc; `bold` stands for where bold text begins and ends.
std::string page_of(const std::string& name, const std::string& bold) {
  std::istringstream lines(read_file(HAINGEST_SOURCE_DIR "/man/" + name));
  std::string text;
  for (std::string line; std::getline(lines, line);) text += line + ' ';
  for (const auto& [escape, plain] :
       std::vector<std::pair<std::string, std::string>>{{"\\fB", bold},
                                                        {"\\fR", bold},
                                                        {"\\-", "-"},
                                                        {"\\&", ""},
                                                        {"\\ ", " "},
                                                        {"\\(aq", "'"}}) {
    for (std::size_t at = 0; (at = text.find(escape, at)) != std::string::npos;) {
      text.replace(at, escape.size(), plain);
    }
  }
  return text;
}

}  // namespace

std::string plain_page(const std::string& name) { return page_of(name, ""); }

std::string output_of(const std::string& command) {
  const std::string page = page_of("haingest.1", "*");
  const std::size_t section = page.find(".Sh OUTPUT");
  const std::size_t begin = page.find(".Ss " + command + ' ', section);
  if (begin == std::string::npos) throw std::runtime_error("no output of " + command);
  return page.substr(begin, page.find(".S", begin + 3) - begin);
}

std::vector<std::string> unnamed_fields(const std::string& output, const nlohmann::json& object) {
  std::vector<std::string> unnamed;
  for (const auto& [field, value] : object.items()) {
    const std::regex word("(It Li |, Li |[*]|[{,]\")" + field + "[* \"]");
    if (!std::regex_search(output, word)) unnamed.push_back(field);
  }
  return unnamed;
}

}  // namespace haingest::test
