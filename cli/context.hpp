// SPDX-License-Identifier: MIT
// What a command is given: its settings, its argument and the streams.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/terminal.hpp"
#include "core/ha/snapshot.hpp"

namespace haingest::cli {

class Context {
 public:
  Context(const Settings& given, std::string word, const Environment& variables,
          std::istream& input, std::ostream& output, std::ostream& err);

  const Settings& settings;
  const std::string argument;
  const Environment& environment;
  const Terminal terminal;
  std::istream& in;
  std::ostream& out;  // data and nothing else

  [[nodiscard]] Format format() const { return format_of(settings, terminal); }
  // In the format and with the columns that were asked for.
  void write(const Rows& rows) const;

  // --db, else in /var/lib/haingest where that can be written, else in the user's state folder.
  [[nodiscard]] std::string database_path() const;
  // The same for who writes: makes the default's folder, never one that was named.
  [[nodiscard]] std::string writable_database_path() const;
  // The one or the other, as --dry-run has it.
  [[nodiscard]] std::string database_path_to_change() const;
  // Where the default is the user's own: what to say of the services' database, which may be the
  // one that is meant ("; /var/lib/haingest …"); empty where there is none.
  [[nodiscard]] std::string other_database() const;

  // Where Home Assistant is, with which token, and how long it may take.
  [[nodiscard]] ha::ConnectOptions connect_options() const;

  // A line that says what is going on, on a terminal only; an empty one erases it.
  void progress(const std::string& line) const;
  // A line for whoever has asked for it, on standard error. Any thread.
  void tell(const std::string& line) const;

 private:
  std::ostream& err_;
};

// The same of a folder like /var/lib/haingest.
[[nodiscard]] std::string database_hint(const std::string& folder);

// That line, for as long as the object lives: an error must not be printed behind it.
class Progress {
 public:
  Progress(const Context& context, const std::string& line) : context_(context) {
    context_.progress(line);
  }
  ~Progress() { context_.progress(""); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  const Context& context_;
};

}  // namespace haingest::cli
