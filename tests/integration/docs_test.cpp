// SPDX-License-Identifier: MIT
// Help, man pages and completions: what is checked in is what cli/ says, mandoc has no complaint,
// and the three shells complete with it.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/left_out.hpp"
#include "tests/support/man_page.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sql.hpp"
#include "tests/support/temp_dir.hpp"

using namespace haingest;
using namespace haingest::test;
using nlohmann::json;

namespace {

const std::string k_source = HAINGEST_SOURCE_DIR;

// A program of another package; where it is missing the test case is left out, or fails with
// HAINGEST_TEST_REQUIRE=all.
std::string have_program(const std::string& name) {
  for (const char* const folder : {"/usr/bin/", "/bin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  left_out(name, "it is not installed");
  return "";
}

Outcome run_in(const TempDir& folder, const std::vector<std::string>& argv,
               const std::string& input = "") {
  test::Command command;
  command.argv = argv;
  command.environment = {{"HOME", folder.path()},
                         {"PATH", "/usr/bin:/bin"},
                         {"TERM", "dumb"},
                         {"LC_ALL", "C.UTF-8"},
                         {"XDG_CONFIG_HOME", folder.file("config")},
                         {"XDG_DATA_HOME", folder.file("data")}};
  command.input = input;
  return run(command);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

using Words = std::set<std::string>;
using Lines = std::vector<std::string>;

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> page_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(k_source + "/man")) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// What stands under the folder: relative path and content.
std::map<std::string, std::string> files_under(const std::filesystem::path& root,
                                               const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), root)] = read_file(entry.path());
  }
  return files;
}

const std::string k_snapshot =
    R"({"ha":{"url":"http://ha","version":"2026.11.0","location":"Home","state":"RUNNING",)"
    R"("when":"2026-11-01T00:00:00Z"},"devices":[{"id":"d1","name":"Lamp"}],)"
    R"("missing":{"floors":"unknown_command"}})";

}  // namespace

TEST_CASE("docs: what is checked in is what haingest-gendocs writes") {
  const TempDir folder;
  const Outcome outcome = run_in(folder, {HAINGEST_GENDOCS, folder.file("out")});
  INFO("make docs writes them anew");
  REQUIRE(outcome.err == "");
  REQUIRE(outcome.exit_code == 0);
  for (const std::string part : {"man", "completions"}) {
    const auto written = files_under(folder.file("out"), part);
    const auto checked_in = files_under(k_source, part);
    CHECK(written.size() == checked_in.size());
    for (const auto& [path, content] : written) {
      INFO(path);
      REQUIRE(checked_in.count(path) == 1);
      CHECK(checked_in.at(path) == content);
    }
  }
}

TEST_CASE("docs: haingest-gendocs says what it could not do") {
  const TempDir folder;
  CHECK(run_in(folder, {HAINGEST_GENDOCS}).exit_code == 2);
  write_file(folder.file("file"), "");
  const Outcome outcome = run_in(folder, {HAINGEST_GENDOCS, folder.file("file")});
  CHECK(outcome.exit_code == 1);
  CHECK(holds(outcome.err, "haingest-gendocs: "));
}

TEST_CASE("docs: mandoc has nothing to say about the pages") {
  const std::string mandoc = have_program("mandoc");
  if (mandoc.empty()) return;
  const TempDir folder;
  for (const std::string& name : page_names()) {
    INFO(name);
    const Outcome lint =
        run_in(folder, {mandoc, "-T", "lint", "-W", "warning", k_source + "/man/" + name});
    CHECK(lint.out == "");
    CHECK(lint.exit_code == 0);
  }
}

TEST_CASE("docs: every page has its sections") {
  for (const std::string& name : page_names()) {
    const std::string page = read_file(k_source + "/man/" + name);
    std::vector<std::string> sections{"NAME", "DESCRIPTION", "FILES", "EXAMPLES", "SEE ALSO"};
    if (name.ends_with(".1")) {
      sections.insert(sections.end(), {"SYNOPSIS", "OPTIONS", "ENVIRONMENT", "EXIT STATUS"});
    }
    for (const std::string& section : sections) {
      INFO(name << ": " << section);
      CHECK(holds(page, "\n.Sh " + section + "\n"));
    }
  }
}

TEST_CASE("docs: every command has help and a page, with all its options and variables") {
  const TempDir folder;
  const std::string program_page = plain_page("haingest.1");
  const std::string program_help = run_in(folder, {HAINGEST_BINARY, "--help"}).out;
  for (const cli::Command& command : cli::commands()) {
    const std::string name(command.name);
    const std::string page = plain_page("haingest-" + name + ".1");
    const Outcome help = run_in(folder, {HAINGEST_BINARY, name, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err == "");
    CHECK(help.out == cli::command_help(command, 0));
    CHECK(holds(program_help, "\n  " + name + ' '));
    CHECK(holds(program_page, ".It Cm " + name + ' '));
    for (const cli::Setting& option : cli::all_options(command)) {
      INFO(name << " --" << option.flag);
      CHECK(holds(help.out, cli::spelled(option)));
      const std::string letter =
          option.letter == 0 ? "" : std::string("Fl ") + option.letter + " , ";
      CHECK(holds(page, ".It " + letter + "Fl Fl " + std::string(option.flag) + ' '));
    }
    for (const cli::Setting& setting : cli::settings()) {
      const bool here = (setting.commands & command.bit) != 0;
      for (const std::string& variable : cli::environment_names(setting)) {
        INFO(name << ' ' << variable);
        CHECK(holds(page, "Ev " + variable + ' ') == here);
        CHECK(holds(program_page, "Ev " + variable + ' '));
      }
    }
  }
}

TEST_CASE("docs: haingest.toml(5) has every key") {
  const std::string page = plain_page("haingest.toml.5");
  for (const cli::Setting& setting : cli::settings()) {
    if (setting.file_key.empty()) continue;
    const std::string key(setting.file_key);
    INFO(key);
    const std::size_t dot = key.find('.');
    const std::string table = dot == std::string::npos ? "" : key.substr(0, dot);
    if (!table.empty()) CHECK(holds(page, ".Ss [" + table + "] "));
    CHECK(holds(page, ".It Ic " + key.substr(table.empty() ? 0 : dot + 1) + ' '));
    if (!setting.flag.empty()) CHECK(holds(page, "Option: --" + std::string(setting.flag) + '.'));
    for (const std::string& variable : cli::environment_names(setting)) {
      CHECK(holds(page, variable));
    }
  }
}

TEST_CASE("docs: the example of haingest.toml(5) is a configuration") {
  const TempDir folder;
  const std::string page = read_file(k_source + "/man/haingest.toml.5");
  const std::string begin = ".Bd -literal -offset 2n\n";
  const std::size_t start = page.find(begin) + begin.size();
  std::string example = page.substr(start, page.find(".Ed\n", start) - start);
  for (std::size_t at = 0; (at = example.find("\\-", at)) != std::string::npos;) {
    example.erase(at, 1);
  }
  write_file(folder.file("haingest.toml"), example);
  const Outcome outcome =
      run_in(folder, {HAINGEST_BINARY, "--config", folder.file("haingest.toml"), "--show-config"});
  CHECK(outcome.err == "");
  REQUIRE(outcome.exit_code == 0);
  CHECK(holds(outcome.out, R"({"setting":"listen","value":"127.0.0.1:8006,[::1]:8006","origin":")" +
                               folder.file("haingest.toml") + ": serve.listen\"}"));
}

TEST_CASE("docs: haingest(1) lists the exit codes") {
  const std::string page = plain_page("haingest.1");
  const std::size_t start = page.find(".Sh EXIT STATUS");
  for (const cli::ExitCodeText& each : cli::exit_codes()) {
    const std::string code = std::to_string(static_cast<int>(each.code));
    const std::size_t item = page.find(".It Li " + code + ' ', start);
    INFO(code);
    REQUIRE(item != std::string::npos);
    CHECK(page.compare(item + 10, each.meaning.size() - 1, each.meaning.substr(1)) == 0);
  }
}

TEST_CASE("docs: haingest(1) knows every field of what is printed as JSON") {
  const TempDir folder;
  const Lines none;
  write_file(folder.file("house.json"), k_snapshot);
  const std::string db = folder.file("metadata.db");
  const auto printed = [&](std::vector<std::string> words) {
    words.insert(words.begin(), HAINGEST_BINARY);
    words.insert(words.end(), {"--db", db, "-o", "json"});
    const Outcome outcome = run_in(folder, words);
    INFO(outcome.err);
    return json::parse(outcome.out);
  };
  const std::string of_sync = output_of("sync");
  const json report = printed({"sync", "--from", folder.file("house.json")});
  CHECK(unnamed_fields(of_sync, report) == none);
  CHECK(unnamed_fields(of_sync, report.at("run")) == none);
  CHECK(unnamed_fields(of_sync, report.at("changes").at(0)) == none);
  CHECK(unnamed_fields(of_sync, report.at("summary")) == none);
  const std::string of_discover = output_of("discover");
  CHECK(unnamed_fields(of_discover, report.at("summary").at("totals")) == none);
  const json stored = printed({"discover", "--stored"});
  CHECK(unnamed_fields(of_discover, stored) == none);
  CHECK(unnamed_fields(of_discover, stored.at("store")) == none);
  CHECK(unnamed_fields(output_of("--show-config"), printed({"--show-config"}).at(0)) == none);
  const json snapshot = json::parse(k_snapshot);
  CHECK(unnamed_fields(of_discover, snapshot) == none);
  CHECK(unnamed_fields(of_discover, snapshot.at("ha")) == none);
}

TEST_CASE("docs: haingest(1) has every column of haingest's own tables") {
  const TempDir folder;
  const std::string page = plain_page("haingest.1");
  const std::size_t begin = page.find(".Sh DATABASE");
  REQUIRE(begin != std::string::npos);
  const std::string section = page.substr(begin, page.find(".Sh ", begin + 4) - begin);
  write_file(folder.file("house.json"), k_snapshot);
  const std::string db = folder.file("metadata.db");
  run_in(folder, {HAINGEST_BINARY, "sync", "--from", folder.file("house.json"), "--db", db});
  for (const std::string table :
       {"changes", "removed", "sync_runs", "device_aliases", "migrations"}) {
    const std::size_t item = section.find(".It Li " + table + ' ');
    REQUIRE(item != std::string::npos);
    const std::string text = section.substr(item, section.find(".It ", item + 4) - item);
    const std::string columns = query(db, "SELECT name FROM pragma_table_info('" + table + "')");
    for (const std::string& column : lines_of(columns)) {
      INFO(table << '.' << column);
      CHECK(std::regex_search(text, std::regex("[ (`]" + column + "[ ,.;:)`]")));
    }
  }
}

TEST_CASE("docs: help fits a terminal") {
  for (const std::size_t columns : {0, 20, 45, 60, 80, 200}) {
    const std::size_t most = columns == 0 ? 80 : std::clamp<std::size_t>(columns, 48, 80);
    std::vector<std::string> pages{cli::program_help(columns)};
    std::string commands = "HA_TOKEN=... haingest sync --ha-url http://homeassistant.local:8123";
    for (const cli::Command& command : cli::commands()) {
      pages.push_back(cli::command_help(command, columns));
      for (const cli::Example& example : command.examples) commands += example.command;
    }
    for (const std::string& page : pages) {
      for (const std::string& line : lines_of(page)) {
        INFO(columns << ": " << line);
        const bool to_copy = line.size() > 2 && holds(commands, line.substr(2));
        CHECK((cli::width_of(line) <= most || to_copy));
        CHECK_FALSE(line.ends_with(' '));
      }
      CHECK_FALSE(holds(page, "\n\n\n"));
    }
  }
}

TEST_CASE("docs: --help and --version work before and behind a command") {
  const TempDir folder;
  const std::string help = cli::command_help(cli::commands()[1], 0);
  CHECK(run_in(folder, {HAINGEST_BINARY, "--help"}).out == cli::program_help(0));
  CHECK(run_in(folder, {HAINGEST_BINARY, "-h"}).out == cli::program_help(0));
  CHECK(run_in(folder, {HAINGEST_BINARY, "sync", "-h"}).out == help);
  CHECK(run_in(folder, {HAINGEST_BINARY, "--help", "sync"}).out == help);
  const std::string version = "haingest " HAINGEST_VERSION "\n";
  CHECK(run_in(folder, {HAINGEST_BINARY, "--version"}).out == version);
  CHECK(run_in(folder, {HAINGEST_BINARY, "sync", "--version"}).out == version);
}

TEST_CASE("docs: the words that completions offer are those that are taken") {
  const TempDir folder;
  for (const cli::Setting& option : cli::common_options()) {
    const std::vector<std::string_view> words = cli::words_of(option);
    if (words.empty()) continue;
    const std::string name = cli::long_name(option);
    std::string choice(words[0]);
    for (std::size_t i = 1; i < words.size(); ++i) {
      choice += (i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
    }
    const Outcome refused = run_in(folder, {HAINGEST_BINARY, name, "nonsense", "--show-config"});
    CHECK(refused.exit_code == 2);
    CHECK(refused.err == "haingest: error: " + name + ": 'nonsense' is none of " + choice + "\n");
  }
}

namespace {

// What a shell offers for the line before the cursor.
struct Completed {
  std::string line;
  Words offered;
};

Words common_words() {
  Words words;
  for (const cli::Setting& option : cli::common_options()) words.insert(cli::long_name(option));
  return words;
}

Words option_words(std::size_t command) {
  Words words;
  for (const cli::Setting& option : cli::all_options(cli::commands()[command])) {
    words.insert(cli::long_name(option));
  }
  return words;
}

const Words k_kind_words{"devices", "entities",       "areas",   "floors",
                         "labels",  "config_entries", "aliases", "states"};
const Words k_format_words{"auto", "table", "json", "ndjson", "csv"};

// The folder that the shells stand in holds house.json and nothing else that begins with "hou".
std::vector<Completed> expectations() {
  return {
      {"haingest ", {"discover", "sync", "serve", "watch", "dead-letters", "migrate-from-influx"}},
      {"haingest s", {"sync", "serve"}},
      {"haingest --", common_words()},
      {"haingest sync --", option_words(1)},
      {"haingest serve --", option_words(2)},
      {"haingest sync --d", {"--db", "--dry-run"}},
      {"haingest serve --d", {"--db", "--device-history", "--durability"}},
      {"haingest w", {"watch"}},
      {"haingest watch --", option_words(3)},
      {"haingest dead-letters r", {"retry"}},
      {"haingest discover ", k_kind_words},
      {"haingest discover a", {"areas", "aliases"}},
      {"haingest discover --stored fl", {"floors"}},
      {"haingest --db sync discover l", {"labels"}},
      {"haingest discover devices -o ", k_format_words},
      {"haingest sync --output n", {"ndjson"}},
      {"haingest sync --log-format ", {"text", "json"}},
      {"haingest sync --from hou", {"house.json"}},
      {"haingest discover --save hou", {"house.json"}},
      {"haingest --ha-url http://ha:8123 sync --dr", {"--dry-run"}},
      {"haingest sync --max-removals ", {}},
  };
}

}  // namespace

TEST_CASE("docs: bash completes commands, options and values") {
  const std::string bash = have_program("bash");
  if (bash.empty()) return;
  const TempDir folder;
  write_file(folder.file("house.json"), "{}");
  const auto offered = [&](const std::string& words) {
    const Outcome outcome = run_in(
        folder, {bash, "--norc", "-c",
                 "cd \"$HOME\"; source '" + k_source + "/completions/haingest.bash'; COMP_WORDS=(" +
                     words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _haingest; " +
                     "printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p haingest"});
    CHECK(outcome.err == "");
    Words all;
    for (const std::string& line : lines_of(outcome.out)) {
      if (!line.empty()) all.insert(line);
    }
    CHECK(all.erase("complete -F _haingest haingest") == 1);
    // Letters are offered beside the names only here.
    std::erase_if(all, [](const std::string& word) { return word.size() == 2 && word[0] == '-'; });
    return all;
  };
  for (const Completed& each : expectations()) {
    INFO(each.line);
    std::string words = each.line.ends_with(' ') ? each.line + "''" : each.line;
    // Readline's own division of words.
    if (const std::size_t url = words.find("http://ha:8123"); url != std::string::npos) {
      words.replace(url, 14, "http : //ha : 8123");
    }
    CHECK(offered(words) == each.offered);
  }
  CHECK(offered("haingest sync --output = js") == Words{"json"});
  CHECK(offered("haingest sync --output =") == k_format_words);
  CHECK(offered("haingest --output = json discover stat") == Words{"states"});
}

TEST_CASE("docs: fish completes commands, options and values") {
  const std::string fish = have_program("fish");
  if (fish.empty()) return;
  const TempDir folder;
  write_file(folder.file("house.json"), "{}");
  for (const Completed& each : expectations()) {
    INFO(each.line);
    const Outcome outcome =
        run_in(folder, {fish, "--no-config", "-c",
                        "cd $HOME; source '" + k_source +
                            "/completions/haingest.fish'; complete -C '" + each.line + "'"});
    CHECK(outcome.err == "");
    Words offered;
    for (const std::string& line : lines_of(outcome.out)) {
      offered.insert(line.substr(0, line.find('\t')));
    }
    CHECK(offered == each.offered);
  }
}

namespace {

// Types the line and a tab into a zsh of its own, in a pseudo-terminal; that one writes what it
// would offer into a file. `compadd` is where every match of zsh's completion passes.
const std::string k_zsh_harness = R"zsh(
zmodload zsh/zpty zsh/zselect || exit 9
: > $HOME/offered
cat > $HOME/.zshrc <<'EOF'
PS1= ; unsetopt beep
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
  local -a hits
  if [[ -z ${argv[(r)-[OAD]]} ]]; then
    builtin compadd -O hits "$@"
    (( $#hits )) && print -rl -- "${hits[@]}" >> $HOME/offered
  fi
  builtin compadd "$@"
}
finish() { : > $HOME/finished; exit }
comppostfuncs=(finish)
bindkey '^I' complete-word
# Only now the line editor reads, and nothing typed is lost.
zle-line-init() { print ready }
zle -N zle-line-init
EOF
zpty typed "env ZDOTDIR=$HOME TERM=dumb zsh -d -i"
zpty -r typed answer '*ready*' || exit 8
zpty -w -n typed "$LINE_TO_TYPE"$'\t'
while [[ ! -e $HOME/finished ]] && (( SECONDS < 30 )); do
  zpty -r -t typed answer || zselect -t 2
done
[[ -e $HOME/finished ]] || exit 7
cat $HOME/offered
)zsh";

}  // namespace

TEST_CASE("docs: zsh completes commands, options and values") {
  const std::string zsh = have_program("zsh");
  if (zsh.empty() || !have_pseudo_terminal()) return;
  for (const Completed& each : expectations()) {
    INFO(each.line);
    const TempDir folder;
    write_file(folder.file("house.json"), "{}");
    write_file(folder.file("type"), k_zsh_harness);
    const Outcome outcome = run_in(
        folder, {"/usr/bin/env", "-C", folder.path(), "COMPLETIONS=" + k_source + "/completions",
                 "LINE_TO_TYPE=" + each.line, zsh, "-f", folder.file("type")});
    CHECK(outcome.err == "");
    REQUIRE(outcome.exit_code == 0);
    Words offered;
    for (const std::string& line : lines_of(outcome.out)) offered.insert(line);
    std::erase_if(offered, [](const std::string& word) { return word.size() == 2; });
    CHECK(offered == each.offered);
  }
}
