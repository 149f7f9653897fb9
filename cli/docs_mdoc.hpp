// SPDX-License-Identifier: MIT
// Writes one page in the mdoc language, which mandoc and groff read. Takes plain text: a word that
// is an option comes out bold, and so does what stands between backticks.
#pragma once

#include <string>
#include <string_view>

namespace haingest::cli {

class Mdoc {
 public:
  // "haingest-sync", 1, "Bring the database …".
  Mdoc(std::string_view name, int number, std::string_view summary);

  void section(std::string_view title);
  void subsection(std::string_view title);
  // Paragraphs are separated by empty lines; each sentence gets a line of its own.
  void text(std::string_view paragraphs);
  // Lines that stay as they are.
  void literal(std::string_view lines);
  // One to copy; broken with a backslash where it is too long for a page.
  void shell(std::string_view command);

  void begin_list();
  // `head` in mdoc, as the functions below make it.
  void item(const std::string& head, std::string_view text);
  void end_list();

  // A line in mdoc.
  void macro(const std::string& line);
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void paragraph(std::string_view text);

  std::string out_;
  bool fresh_ = false;  // right behind a heading, an item: no vertical space
};

// One argument of a macro.
[[nodiscard]] std::string mdoc_word(std::string_view word);

}  // namespace haingest::cli
