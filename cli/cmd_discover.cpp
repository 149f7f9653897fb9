// SPDX-License-Identifier: MIT
// `haingest discover [KIND]`: what Home Assistant says now, or with --stored what the database
// holds.
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/records.hpp"
#include "cli/try_line.hpp"
#include "cli/values.hpp"
#include "core/base/json_object.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/jobs/discover.hpp"

namespace haingest::cli {
namespace {

std::vector<Condition> conditions_of(const Settings& settings) {
  std::vector<Condition> conditions;
  for (const std::string& text : settings.list(Key::where)) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      settings.refuse(Key::where, text, "is not FIELD=GLOB, like name=kitchen*");
    }
    conditions.push_back({text.substr(0, equals), text.substr(equals + 1)});
    if (!base::closes_brackets(conditions.back().glob)) {
      settings.refuse(Key::where, text,
                      "has a [ without its ]; write \\[ for the character itself");
    }
  }
  return conditions;
}

// What was asked of the records, for a command that names their kind.
std::string narrowing(const Settings& settings) {
  std::string words;
  for (const auto& [key, option] :
       {std::pair{Key::where, " --where "}, {Key::columns, " --columns "}, {Key::output, " -o "}}) {
    if (!settings.given(key)) continue;
    for (const std::string& text : settings.list(key)) words += option + shell_word(text);
  }
  return words;
}

void check_save(const Settings& settings) {
  if (!settings.given(Key::save)) return;
  const std::string file = settings.text(Key::save);
  if (settings.on(Key::stored)) {
    throw base::Failure(base::ErrorKind::usage,
                        "--save writes what Home Assistant says; it does not go with --stored");
  }
  if (file == "-") {
    throw base::Failure(base::ErrorKind::usage,
                        "--save needs the name of a file; -o json prints the same on standard "
                        "output (./- is a file of that name)",
                        "haingest discover -o json");
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    throw base::Failure(base::ErrorKind::failure,
                        file + " is a folder; name a file in it with --save");
  }
}

void check(const Context& context) {
  const std::string& kind = context.argument;
  const Settings& settings = context.settings;
  const auto words = record_words();
  if (!kind.empty() && std::ranges::find(words, kind) == words.end()) {
    std::string all;
    for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
    const std::string meant = base::closest_to(kind, {words.begin(), words.end()});
    throw base::Failure(base::ErrorKind::usage,
                        "there is no kind of record '" + kind + "'" +
                            (meant.empty() ? ", only " + all : "; did you mean " + meant + "?"),
                        meant.empty() ? "" : "haingest discover " + meant + narrowing(settings));
  }
  const auto needs_kind = [&](const std::string& what) {
    throw base::Failure(base::ErrorKind::usage,
                        what + " needs a KIND of record, like devices or entities",
                        "haingest discover devices" + narrowing(settings));
  };
  if (kind.empty() && settings.given(Key::where)) needs_kind("--where");
  if (kind.empty() && settings.given(Key::columns)) needs_kind("--columns");
  if (kind.empty() && context.format() == Format::ndjson) needs_kind("-o ndjson");
  if (kind.empty() && context.format() == Format::csv) needs_kind("-o csv");
  check_save(settings);
  static_cast<void>(conditions_of(settings));
}

void print_records(const Context& context, Records& records) {
  const Settings& settings = context.settings;
  records.keep(conditions_of(settings));
  if (settings.given(Key::columns)) {
    return context.write(records.fields(split_list(settings.text(Key::columns))));
  }
  switch (context.format()) {
    case Format::table:
    case Format::csv:
      return context.write(records.overview());
    case Format::ndjson:
      for (const std::string& record : records.texts()) context.out << record << '\n';
      return;
    case Format::json:
      context.out << '[';
      for (const std::string& record : records.texts()) {
        context.out << (&record == records.texts().data() ? "" : ",\n") << record;
      }
      context.out << "]\n";
      return;
  }
}

std::string count_of(const model::Document& document, model::Part part) {
  const model::Answer& answer = document.answer(part);
  if (!answer.ok()) return "- (" + answer.code + ")";
  if (part == model::Part::composite_splits) {
    return std::to_string(model::to_snapshot(document).splits.size());
  }
  const auto elements = model::elements_of(answer.json);
  return elements ? std::to_string(elements->size()) : "- (no list)";
}

void print_summary(const Context& context, const model::Document& document) {
  const model::HaInfo& ha = document.ha;
  Facts facts{{"Home Assistant", ha.version + " at " + ha.url},
              {"location", ha.location},
              {"state", ha.state},
              {"when", base::to_iso_text(ha.when)}};
  for (const model::Part part : model::k_parts) {
    facts.emplace_back(name_of(part), count_of(document, part));
  }
  write_facts(context.out, facts);
}

bool failed(const model::Document& document, model::Part part) {
  return presence_of(document.answer(part), document.ha) == model::Presence::failed;
}

// The parts without which what is printed or saved is not whole.
std::vector<model::Part> wanted_parts(const Context& context) {
  const Settings& settings = context.settings;
  if (context.argument.empty() || settings.given(Key::save)) {
    return {model::k_parts.begin(), model::k_parts.end()};
  }
  const bool overview = context.format() == Format::table || context.format() == Format::csv;
  std::vector<std::string> fields;
  if (settings.given(Key::columns)) {
    fields = split_list(settings.text(Key::columns));
  } else if (overview) {
    fields = overview_fields(context.argument);
  }
  for (const Condition& condition : conditions_of(settings)) fields.push_back(condition.field);
  return parts_behind(context.argument, fields);
}

// What makes the exit code 6 is an error, so that --quiet does not swallow it. True when it does.
bool explain(const Context& context, const model::Document& document) {
  const std::vector<model::Part> wanted = wanted_parts(context);
  bool partial = false;
  for (const model::Part part : model::k_parts) {
    const std::string name(name_of(part));
    if (failed(document, part)) {
      const std::string& code = document.answer(part).code;
      const std::string line =
          model::explain_failed(name, code, {}, context.settings.duration(Key::timeout)) +
          ": they are missing, " + std::string(model::advise_on_failed(code));
      const bool is_wanted = std::ranges::find(wanted, part) != wanted.end();
      partial = partial || is_wanted;
      is_wanted ? base::log::error(line) : base::log::info(line);
    } else if (!document.answer(part).ok()) {
      base::log::info("this Home Assistant has no " + name);
    }
  }
  return partial;
}

model::Part part_of(std::string_view word) {
  if (word == "aliases") return model::Part::composite_splits;
  if (word == "states") return model::Part::states;
  return static_cast<model::Part>(model::kind_from_plural(word).value());
}

model::Document ask(const Context& context) {
  const ha::ConnectOptions connect = context.connect_options();
  const Progress progress(context, "Asking Home Assistant …");
  return jobs::discover(connect, base::system_now);
}

ExitCode discover_now(const Context& context) {
  const model::Document document = ask(context);
  const bool partial = explain(context, document);
  if (context.settings.given(Key::save)) jobs::save(document, context.settings.text(Key::save));
  if (!context.argument.empty()) {
    // An empty list would say that there are none.
    if (failed(document, part_of(context.argument))) return ExitCode::partial;
    Records records(context.argument, document);
    print_records(context, records);
  } else if (context.format() == Format::table) {
    print_summary(context, document);
  } else if (!context.settings.given(Key::save)) {
    context.out << model::to_json(document);
  }
  return partial ? ExitCode::partial : ExitCode::fine;
}

std::string age_of(base::Timestamp then, base::Timestamp now) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  if (seconds < 2 * minute) return std::to_string(seconds) + " s";
  if (seconds < 2 * hour) return std::to_string(seconds / minute) + " min";
  if (seconds < 2 * day) return std::to_string(seconds / hour) + " h";
  return std::to_string(seconds / day) + " days";
}

std::string store_json(const std::string& path, const std::optional<base::Timestamp>& confirmed) {
  base::JsonObject store;
  store.text("path", path);
  if (!confirmed) return store.json("confirmed_at", "null").json("age_seconds", "null").done();
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(base::system_now() - *confirmed);
  return store.text("confirmed_at", base::to_iso_text(*confirmed))
      .number("age_seconds", age.count())
      .done();
}

void print_stored_json(const Context& context, model::Stored stored) {
  std::string text = "{\"store\":" + store_json(context.database_path(), stored.confirmed_at);
  for (const model::Kind kind : model::k_kinds) {
    text += ",\n\"" + std::string(model::plural_of(kind)) + "\":[";
    const model::Table& table = stored.of(kind);
    for (std::size_t i = 0; i < table.size(); ++i) {
      text += (i > 0 ? "," : "") + model::to_json(kind, table.row(i));
    }
    text += ']';
  }
  const Records aliases("aliases", std::move(stored));
  text += ",\n\"aliases\":[";
  for (const std::string& alias : aliases.texts()) text += (text.back() == '[' ? "" : ",") + alias;
  context.out << text << "]}\n";
}

ExitCode discover_stored(const Context& context) {
  const std::string path = context.database_path();
  model::Stored stored = jobs::discover_stored(path, context.settings.duration(Key::timeout),
                                               context.other_database());
  const auto confirmed = stored.confirmed_at;
  if (!context.argument.empty()) {
    Records records(context.argument, std::move(stored));
    print_records(context, records);
  } else if (context.format() == Format::json) {
    print_stored_json(context, std::move(stored));
  } else {
    Facts facts{{"database", path},
                {"confirmed", confirmed ? base::to_iso_text(*confirmed) + " (" +
                                              age_of(*confirmed, base::system_now()) + " ago)"
                                        : "never"}};
    for (const model::Kind kind : model::k_kinds) {
      facts.emplace_back(model::plural_of(kind), std::to_string(stored.of(kind).size()));
    }
    facts.emplace_back("aliases", std::to_string(stored.aliases.size()));
    write_facts(context.out, facts);
  }
  return ExitCode::fine;
}

ExitCode run_discover(Context& context) {
  check(context);
  return context.settings.on(Key::stored) ? discover_stored(context) : discover_now(context);
}

}  // namespace

Command discover_command() {
  return {
      .name = "discover",
      .bit = k_discover,
      .summary = "Print what Home Assistant says about devices and entities",
      .text =
          "Connects to Home Assistant, asks for all registries at once and prints them; writes "
          "nothing. Without KIND the whole snapshot is one JSON object, or a summary on a "
          "terminal.",
      .argument = "KIND",
      .argument_help =
          "devices, entities, areas, floors, labels, config_entries, aliases (retired "
          "device ids and what replaced them) or states",
      .argument_words = record_words(),
      .examples = {{"haingest discover devices --where area_name=kitchen", "who lives there"},
                   {"haingest discover entities -o ndjson | jq -r .entity_id", "one id a line"},
                   {"haingest discover --save house.json", "for sync --from, or for a bug report"},
                   {"haingest discover --stored", "what the database holds, and how old that is"}},
      .run = run_discover,
  };
}

}  // namespace haingest::cli
