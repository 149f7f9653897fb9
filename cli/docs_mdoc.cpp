// SPDX-License-Identifier: MIT
#include "cli/docs_mdoc.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace haingest::cli {
namespace {

// The pages are the same whenever and wherever they are made.
constexpr std::string_view k_date = "November 1, 2026";
constexpr std::size_t k_line = 78;
constexpr std::size_t k_literal_line = 68;

// The hyphens of options and commands are escaped, or some readers show (and copy) typographic
// ones.
std::string escaped(std::string_view text, bool keep_hyphens) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '-':
        out += keep_hyphens ? "\\-" : "-";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A line of text must not look like a macro.
std::string guarded(const std::string& line) {
  return line.starts_with('.') || line.starts_with('\'') ? "\\&" + line : line;
}

bool is_option_letter(char c) { return (c >= 'a' && c <= 'z') || c == '-'; }

std::string bold(std::string_view text) {
  std::string out = "\\fB";
  for (const char c : escaped(text, true)) out += c == ' ' ? "\\ " : std::string{c};
  return out + "\\fR";
}

// "say `make docs`," with what stands between backticks in bold.
std::string marked_literals(std::string_view word) {
  std::string out;
  for (bool literal = false;; literal = !literal) {
    const std::size_t end = std::min(word.find('`'), word.size());
    out += literal ? bold(word.substr(0, end)) : escaped(word.substr(0, end), false);
    if (end == word.size()) return out;
    word.remove_prefix(end + 1);
  }
}

// "(--ha-url," with the option in bold.
std::string marked(std::string_view word) {
  if (word.find('`') != std::string_view::npos) return marked_literals(word);
  const std::size_t start = std::min(word.find("--"), word.size());
  std::size_t end = start;
  while (end < word.size() && is_option_letter(word[end])) ++end;
  if (end < start + 3) return escaped(word, word.starts_with('-'));
  return escaped(word.substr(0, start), false) + bold(word.substr(start, end - start)) +
         escaped(word.substr(end), false);
}

// Splits at spaces, but not at those between backticks.
std::vector<std::string> words_of_text(std::string_view text) {
  std::vector<std::string> words(1);
  bool literal = false;
  for (const char c : text) {
    if (c == '`') literal = !literal;
    if (!literal && (c == ' ' || c == '\n')) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  std::erase(words, "");
  return words;
}

bool ends_sentence(const std::string& word) {
  return word.ends_with('.') || word.ends_with(".)") || word.ends_with('?');
}

}  // namespace

std::string mdoc_word(std::string_view word) {
  // Two letters may be the name of a macro, and punctuation alone is set apart.
  const bool special = word.size() <= 3;
  std::string out = (special ? "\\&" : "") + escaped(word, true);
  return out.find(' ') == std::string::npos ? out : '"' + out + '"';
}

Mdoc::Mdoc(std::string_view name, int number, std::string_view summary) {
  std::string title(name);
  std::ranges::transform(title, title.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  macro("\\\" Written by haingest-gendocs out of cli/; `make docs` writes it anew.");
  macro("Dd " + std::string(k_date));
  macro("Dt " + title + ' ' + std::to_string(number));
  macro("Os \"haingest " HAINGEST_VERSION "\"");
  section("NAME");
  macro("Nm " + std::string(name));
  macro("Nd " + escaped(summary, false));
}

void Mdoc::macro(const std::string& line) {
  out_ += '.' + line + '\n';
  fresh_ = false;
}

void Mdoc::section(std::string_view title) {
  macro("Sh " + std::string(title));
  fresh_ = true;
}

void Mdoc::subsection(std::string_view title) {
  macro("Ss " + escaped(title, true));
  fresh_ = true;
}

void Mdoc::text(std::string_view paragraphs) {
  while (!paragraphs.empty()) {
    const std::size_t end = std::min(paragraphs.find("\n\n"), paragraphs.size());
    if (!fresh_) macro("Pp");
    paragraph(paragraphs.substr(0, end));
    fresh_ = false;
    paragraphs.remove_prefix(std::min(end + 2, paragraphs.size()));
  }
}

void Mdoc::paragraph(std::string_view text) {
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out_ += guarded(line) + '\n';
    line.clear();
  };
  for (const std::string& plain : words_of_text(text)) {
    const std::string word = marked(plain);
    if (!line.empty() && line.size() + 1 + word.size() > k_line) flush();
    line += (line.empty() ? "" : " ") + word;
    if (ends_sentence(plain)) flush();
  }
  flush();
}

void Mdoc::literal(std::string_view lines) {
  macro("Bd -literal -offset 2n");
  std::istringstream all{std::string(lines)};
  for (std::string line; std::getline(all, line);) out_ += guarded(escaped(line, true)) + '\n';
  macro("Ed");
}

void Mdoc::shell(std::string_view command) {
  std::string lines(command);
  if (lines.size() > k_literal_line) {
    const std::size_t space = lines.rfind(" -", k_literal_line);
    if (space != std::string::npos) lines.replace(space, 1, " \\\n    ");
  }
  literal(lines);
}

void Mdoc::begin_list() { macro("Bl -tag -width 4n"); }

void Mdoc::item(const std::string& head, std::string_view text) {
  macro("It " + head);
  fresh_ = true;
  Mdoc::text(text);
}

void Mdoc::end_list() { macro("El"); }

}  // namespace haingest::cli
