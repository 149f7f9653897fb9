// SPDX-License-Identifier: MIT
#include "cli/docs_man.hpp"

#include <algorithm>
#include <array>

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/options.hpp"

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;

std::string page_of(const Command& command) { return "haingest-" + std::string(command.name); }

// "Fl o , Fl Fl output Ar FORMAT".
std::string option_head(const Setting& option, std::string_view between) {
  std::string head;
  if (option.letter != 0) head = std::string("Fl ") + option.letter + std::string(between);
  head += "Fl Fl " + mdoc_word(option.flag);
  if (option.placeholder.empty()) return head;
  const std::string value = "Ar " + mdoc_word(option.placeholder);
  return head + (option.shape == Shape::optional_value ? " Op " : " ") + value;
}

// Help is a phrase, or sentences without the last full stop.
std::string sentence(std::string_view text) { return std::string(text) + '.'; }

std::string with_default(const Setting& setting) {
  std::string text = sentence(setting.help);
  if (!shown_default(setting).empty()) {
    text += "\nThe default is `" + std::string(shown_default(setting)) + "`.";
  }
  return text;
}

void write_options(Mdoc& page, const std::vector<Setting>& options) {
  page.begin_list();
  for (const Setting& option : options) page.item(option_head(option, " , "), with_default(option));
  page.end_list();
}

std::string variables_head(const std::vector<std::string>& names) {
  std::string head;
  for (const std::string& name : names) head += (head.empty() ? "Ev " : " , Ev ") + name;
  return head;
}

// What a variable does: the same as its option, where there is one.
std::string variable_text(const Setting& setting) {
  if (setting.flag.empty()) return with_default(setting);
  std::string text = "As " + long_name(setting) + '.';
  if (setting.shape == Shape::list) text += "\nSeveral values are separated by commas.";
  if (setting.shape == Shape::on_off) text += "\n`true` or `false`.";
  if (setting.shape == Shape::counted) text += "\nA number from 0 to 9.";
  return text;
}

void write_environment(Mdoc& page, std::uint8_t commands) {
  page.section("ENVIRONMENT");
  page.text(
      "The first name that is set counts; one that is empty is not set. An option on the "
      "command line counts over its variable. One that begins with HAINGEST_ and sets nothing is "
      "an error, as an unknown key of the configuration file is: a mistyped name must not write "
      "where it should have been a dry run. (Only what Kubernetes sets for a service called "
      "haingest is passed over.)");
  page.begin_list();
  for (const Setting& setting : settings()) {
    const std::vector<std::string> names = environment_names(setting);
    const bool here = setting.commands == k_every_command || (setting.commands & commands) != 0;
    if (here && !names.empty()) page.item(variables_head(names), variable_text(setting));
  }
  if ((commands & k_serve) != 0) {
    page.item("Ev DATA_API_HOST , Ev DATA_API_PORT",
              "The two halves of --listen, where `HAINGEST_LISTEN` is not set.");
  }
  page.item("Ev NO_COLOR , Ev TERM",
            "Colours are left out where `NO_COLOR` is set or `TERM` is `dumb`.");
  page.item("Ev XDG_CONFIG_HOME , Ev XDG_STATE_HOME , Ev HOME",
            "Where a user's configuration and database are; see FILES.");
  page.end_list();
}

struct PathText {
  std::string_view path;
  std::string_view text;
};

constexpr std::array k_config_files{
    PathText{"/etc/haingest/haingest.toml",
             "The configuration of the machine; the format is in `haingest.toml`(5)."},
    PathText{"$XDG_CONFIG_HOME/haingest/haingest.toml",
             "That of the user, which counts over it; `XDG_CONFIG_HOME` is by default ~/.config."},
};
constexpr std::array k_store_files{
    PathText{"/var/lib/haingest/metadata.db", "The database, where that folder can be written."},
    PathText{"$XDG_STATE_HOME/haingest/metadata.db",
             "The database elsewhere; `XDG_STATE_HOME` is by default ~/.local/state."},
    PathText{"metadata.db-lock", "Beside it: the lock of the one writer, with its process id."},
    PathText{"metadata.db-wal, metadata.db-shm", "Beside it: SQLite's own."},
    PathText{"metadata.db-watch", "Beside it: the lock of the one `watch`, with its process id."},
    PathText{"metadata.db-spool", "Beside it: what is on its way to InfluxDB."},
    PathText{"metadata.db-dead", "Beside it: the points that InfluxDB has refused; dead-letters."},
    PathText{"metadata.db-copy",
             "Beside it: how far a copy of a history is, until it is complete; its lock is "
             "metadata.db-copy-lock."},
    PathText{"metadata.db-rejects",
             "Beside it: the points that the target of the last copy has refused, as line protocol "
             "with reasons; those of the one before are in metadata.db-rejects.1, and so on."},
    PathText{"metadata.db.bak-TIME",
             "Beside it: the copy that is made before a database of `ha-ingestor` is adopted."},
};

template <class Paths>
void write_paths(Mdoc& page, const Paths& paths) {
  for (const PathText& file : paths) page.item("Pa " + mdoc_word(file.path), file.text);
}

void write_files(Mdoc& page) {
  page.section("FILES");
  page.begin_list();
  write_paths(page, k_config_files);
  write_paths(page, k_store_files);
  page.end_list();
}

void write_examples(Mdoc& page, const Command& command) {
  for (const Example& example : command.examples) {
    std::string says(example.says);
    if (says[0] >= 'a' && says[0] <= 'z') says[0] = static_cast<char>(says[0] - 'a' + 'A');
    page.text(says + ':');
    page.shell(example.command);
  }
}

// All pages but `self`, in the order that mandoc asks for: by section, then by name.
void write_see_also(Mdoc& page, const std::string& self) {
  std::vector<std::string> pages{"haingest 1"};
  for (const Command& command : commands()) pages.push_back(page_of(command) + " 1");
  std::ranges::sort(pages);
  pages.emplace_back("haingest.toml 5");
  std::erase(pages, self);
  page.section("SEE ALSO");
  for (const std::string& each : pages)
    page.macro("Xr " + each + (&each == &pages.back() ? "" : " ,"));
}

void write_synopsis(Mdoc& page, const Command& command) {
  page.section("SYNOPSIS");
  page.macro("Nm haingest");
  page.macro("Cm " + mdoc_word(command.name));
  for (const Setting& option : own_options(command)) {
    page.macro("Op " + option_head(option, " | "));
  }
  page.macro("Op Ar option ...");
  if (!command.argument.empty()) page.macro("Op Ar " + mdoc_word(command.argument));
}

std::string command_page(const Command& command) {
  Mdoc page(page_of(command), 1, command.summary);
  write_synopsis(page, command);
  page.section("DESCRIPTION");
  page.text(command.text);
  page.text("What is printed, and what may be relied on, is told in `haingest`(1).");
  page.section("OPTIONS");
  if (!command.argument.empty()) {
    page.begin_list();
    page.item("Ar " + mdoc_word(command.argument), sentence(command.argument_help));
    page.end_list();
  }
  write_options(page, own_options(command));
  page.subsection("Options of every command");
  write_options(page, common_options());
  write_environment(page, command.bit);
  write_files(page);
  page.section("EXIT STATUS");
  page.text("Those of `haingest`(1).");
  page.section("EXAMPLES");
  write_examples(page, command);
  write_see_also(page, page_of(command) + " 1");
  return page.take();
}

void write_commands(Mdoc& page) {
  page.section("COMMANDS");
  page.begin_list();
  for (const Command& command : commands()) {
    page.item("Cm " + mdoc_word(command.name),
              sentence(command.summary) + " See `" + page_of(command) + "`(1).");
  }
  page.end_list();
}

void write_exit_status(Mdoc& page) {
  page.section("EXIT STATUS");
  page.begin_list();
  for (const ExitCodeText& each : exit_codes()) {
    std::string text(each.meaning);
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
    page.item("Li " + std::to_string(static_cast<int>(each.code)), sentence(text));
  }
  page.end_list();
  page.text(
      "Where several apply, the first of 2, 4, 5, 7, 6, 1, 3.\n\n"
      "A reader that goes early, as in `haingest discover | head`, ends haingest like any filter: "
      "by SIGPIPE, which a shell shows as 141. A sync prints after its commit, so that the "
      "database is up to date all the same.");
}

std::string program_page() {
  Mdoc page("haingest", 1,
            "Home Assistant's devices and entities, kept in SQLite and served over HTTP");
  page.section("SYNOPSIS");
  page.macro("Nm");
  page.macro("Ar command");
  page.macro("Op Ar option ...");
  page.section("DESCRIPTION");
  page.text(
      "Keeps a SQLite database equal to what Home Assistant says about its devices, entities, "
      "areas, floors, labels and integrations, and answers questions about it over HTTP. Home "
      "Assistant is asked over its WebSocket API, with a long-lived access token.");
  write_commands(page);
  page.section("OPTIONS");
  page.text(
      "Every command takes these, before its name or behind it. What is not given on the command "
      "line is taken from the environment, then from the configuration files, then from the "
      "defaults; --show-config prints what holds and why. A token is never given on the command "
      "line, where everyone on the machine can read it, but in a file or in the environment.");
  write_options(page, common_options());
  write_output_section(page);
  write_guarantees_section(page);
  write_database_section(page);
  write_environment(page, k_every_command);
  write_files(page);
  write_exit_status(page);
  page.section("EXAMPLES");
  for (const Command& command : commands()) write_examples(page, command);
  write_see_also(page, "haingest 1");
  return page.take();
}

std::string key_text(const Setting& setting) {
  std::string text = sentence(setting.help) + "\n\nType: " + type_of(setting) + '.';
  if (!setting.fallback.empty()) text += "\nDefault: `" + std::string(setting.fallback) + "`.";
  if (!setting.flag.empty()) text += "\nOption: " + long_name(setting) + '.';
  std::string names;
  for (const std::string& name : environment_names(setting)) {
    names += (names.empty() ? "`" : ", `") + name + '`';
  }
  return names.empty() ? text : text + "\nEnvironment: " + names + '.';
}

// "ha.url" belongs to the table "ha", "db" to none.
std::string table_of(const Setting& setting) {
  const std::size_t dot = setting.file_key.find('.');
  return dot == std::string_view::npos ? "" : std::string(setting.file_key.substr(0, dot));
}

constexpr std::string_view k_targets_text =
    "Where state changes go. For several targets at once write `[[influx]]` in its place, once for "
    "each, with the same keys; each gets every point, in its own time: one that is away holds up "
    "no other. There may be 32 of them. Each has a url, and a name of its own; one may be without "
    "the name and is `influx` then. A target whose table goes is forgotten with what waits for it, "
    "which the log says; a new one begins with what is in the spool.\n\n"
    "Options and variables are for a single target. They count over the one table of a file, "
    "whether `[influx]` or `[[influx]]`; where a file has several, one that is given is an error. "
    "Where two files are read, `[[influx]]` tables of the user's replace what the machine's says "
    "of targets; an `[influx]` there above several is an error.";

void write_keys(Mdoc& page) {
  std::vector<std::string> tables;
  for (const Setting& setting : settings()) {
    const std::string table = table_of(setting);
    const bool new_one = std::ranges::find(tables, table) == tables.end();
    if (!setting.file_key.empty() && new_one) tables.push_back(table);
  }
  // TOML wants the keys without a table first.
  std::stable_partition(tables.begin(), tables.end(),
                        [](const std::string& table) { return table.empty(); });
  for (const std::string& table : tables) {
    page.subsection(table.empty() ? "Before every table" : "[" + table + "]");
    if (table == "influx") page.text(k_targets_text);
    page.begin_list();
    for (const Setting& setting : settings()) {
      if (setting.file_key.empty() || table_of(setting) != table) continue;
      const std::string_view key = setting.file_key.substr(table.empty() ? 0 : table.size() + 1);
      page.item("Ic " + mdoc_word(key), key_text(setting));
    }
    page.end_list();
  }
}

void write_retired_keys(Mdoc& page) {
  if (retired_keys().empty()) return;
  page.subsection("Retired keys");
  page.text("These are ignored, with a warning.");
  page.begin_list();
  for (const RetiredKey& key : retired_keys()) {
    page.item("Ic " + mdoc_word(key.file_key), "Set `" + std::string(key.advice) + "` instead.");
  }
  page.end_list();
}

constexpr std::string_view k_config_example =
    "[ha]\n"
    "url = [\"http://homeassistant.local:8123\", \"https://home.example.org\"]\n"
    "token_file = \"/etc/haingest/ha-token\"\n"
    "\n"
    "[sync]\n"
    "max_removals = \"20%\"\n"
    "\n"
    "[serve]\n"
    "listen = [\"127.0.0.1:8006\", \"[::1]:8006\"]\n"
    "allowed_host = [\"ha.example.org\"]\n"
    "\n"
    "[[influx]]\n"
    "url = \"http://localhost:8086\"\n"
    "database = \"home_assistant_events\"\n"
    "\n"
    "[[influx]]\n"
    "name = \"archive\"\n"
    "url = \"https://influx.example.org\"\n"
    "org = \"home\"\n"
    "token_file = \"/etc/haingest/archive-token\"\n"
    "\n"
    "[api]\n"
    "token_file = \"/etc/haingest/api-token\"\n";

std::string config_page() {
  Mdoc page("haingest.toml", 5, "configuration of haingest");
  page.section("DESCRIPTION");
  page.text(
      "A file in TOML. All keys are optional; one that is not known is an error, with the one that "
      "was probably meant where one is close. The environment and the command line count over the "
      "file; "
      "`haingest --show-config` prints what holds and where it comes from.\n\n"
      "A file's name that begins with ~/ is in the home folder, here as in the environment and "
      "on the command line.\n\n"
      "Tokens do not stand in it, only the names of the files that hold them: so everyone may "
      "read it. Such a file holds the token and nothing else, and nobody but its user may read it "
      "(mode 600).\n\n"
      "The systemd units run as a user of their own, who cannot read a file that is root's: there "
      "`ha.token_file` and `api.token_file` stay unset, and the unit's `LoadCredential` names the "
      "file.");
  page.section("KEYS");
  write_keys(page);
  write_retired_keys(page);
  page.section("FILES");
  page.begin_list();
  write_paths(page, k_config_files);
  page.end_list();
  page.text(
      "With --config, or with `HAINGEST_CONFIG` in the environment, that file is read instead "
      "of both.");
  page.section("EXAMPLES");
  page.literal(k_config_example);
  write_see_also(page, "haingest.toml 5");
  return page.take();
}

}  // namespace

std::vector<GeneratedFile> man_pages() {
  std::vector<GeneratedFile> pages{{"man/haingest.1", program_page()}};
  for (const Command& command : commands()) {
    pages.push_back({"man/" + page_of(command) + ".1", command_page(command)});
  }
  pages.push_back({"man/haingest.toml.5", config_page()});
  return pages;
}

}  // namespace haingest::cli
