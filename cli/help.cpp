// SPDX-License-Identifier: MIT
#include "cli/help.hpp"

#include <algorithm>
#include <sstream>

#include "cli/options.hpp"
#include "cli/terminal.hpp"

namespace haingest::cli {
namespace {

constexpr std::size_t k_widest = 80;
constexpr std::size_t k_narrowest = 48;
// Where the explanations begin; a narrow terminal leaves them more room.
constexpr std::size_t k_text_column = 29;
constexpr std::size_t k_narrow_text_column = 10;
constexpr std::size_t k_narrow = 66;

class Page {
 public:
  explicit Page(std::size_t columns)
      : width_(columns == 0 ? k_widest : std::clamp(columns, k_narrowest, k_widest)) {}

  void line(std::string_view text) { (out_ += text) += '\n'; }
  void usage(std::string_view text) { wrap(text, 7, 0, 0); }
  void heading(std::string_view text) { ((out_ += '\n') += text) += ":\n"; }

  // Paragraphs are separated by empty lines.
  void paragraphs(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find("\n\n"), text.size());
      out_ += '\n';
      wrap(text.substr(0, end), 0, 0);
      text.remove_prefix(std::min(end + 2, text.size()));
    }
  }

  // A name and what it means, beside it where the name leaves room.
  void entry(const std::string& name, std::string_view text) {
    const std::size_t column = width_ < k_narrow ? k_narrow_text_column : k_text_column;
    out_ += "  " + name;
    std::size_t used = 2 + width_of(name);
    if (used + 2 > column) {
      out_ += '\n';
      used = 0;
    }
    wrap(text, column, used);
  }

  void example(const Example& example) {
    line("  " + std::string(example.command));
    wrap(example.says, 6, 0);
  }

  std::string take() { return std::move(out_); }

 private:
  // Words from column `indent` on; `used` columns of the first line are taken already.
  void wrap(std::string_view text, std::size_t indent, std::size_t used) {
    wrap(text, indent, used, indent);
  }
  void wrap(std::string_view text, std::size_t indent, std::size_t used, std::size_t first_indent) {
    std::istringstream words{std::string(text)};
    bool first = true;
    for (std::string word; words >> word; first = false) {
      const bool full = !first && used + 1 + width_of(word) > width_;
      if (full) {
        out_ += '\n';
        used = 0;
      }
      const std::size_t gap = first ? first_indent - used : full ? indent : 1;
      out_ += std::string(gap, ' ') + word;
      used += gap + width_of(word);
    }
    out_ += '\n';
  }

  std::size_t width_;
  std::string out_;
};

void add_options(Page& page, std::string_view heading, const std::vector<Setting>& options) {
  if (options.empty()) return;
  page.heading(heading);
  for (const Setting& option : options) {
    std::string text(option.help);
    if (!shown_default(option).empty())
      text += " (default: " + std::string(shown_default(option)) + ")";
    page.entry((option.letter == 0 ? "    " : "") + spelled(option), text);
  }
}

}  // namespace

std::string program_help(std::size_t columns) {
  Page page(columns);
  page.line("Usage: haingest COMMAND [OPTION...]");
  page.paragraphs(
      "Home Assistant's devices and entities, kept in SQLite and served over HTTP; its states in "
      "InfluxDB.");
  page.heading("Commands");
  for (const Command& command : commands()) page.entry(std::string(command.name), command.summary);
  add_options(page, "Everywhere", common_options());
  page.heading("Example");
  page.example({"HA_TOKEN=... haingest sync --ha-url http://homeassistant.local:8123",
                "everything into the database, once"});
  page.paragraphs(
      "haingest COMMAND --help tells about one command, man haingest about everything.");
  return page.take();
}

std::string command_help(const Command& command, std::size_t columns) {
  Page page(columns);
  const std::string name(command.name);
  page.usage("Usage: haingest " + name + " [OPTION...]" +
             (command.argument.empty() ? "" : " [" + std::string(command.argument) + "]"));
  page.paragraphs(std::string(command.summary) + ".");
  page.paragraphs(command.text);
  if (!command.argument.empty()) {
    page.heading("Argument");
    page.entry(std::string(command.argument), command.argument_help);
  }
  add_options(page, "Options", own_options(command));
  add_options(page, "Everywhere", common_options());
  page.heading("Examples");
  for (const Example& example : command.examples) page.example(example);
  page.paragraphs("man haingest-" + name + " tells more; exit codes are in man haingest.");
  return page.take();
}

}  // namespace haingest::cli
