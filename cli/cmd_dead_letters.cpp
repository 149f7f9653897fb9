// SPDX-License-Identifier: MIT
// `haingest dead-letters`: the points that InfluxDB has refused.
#include <charconv>
#include <ostream>

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/values.hpp"
#include "core/base/counted.hpp"
#include "core/jobs/dead_letters.hpp"

namespace haingest::cli {
namespace {

std::vector<std::int64_t> ids_of(const Settings& settings) {
  std::vector<std::int64_t> ids;
  for (const std::string& text : settings.list(Key::letter_id)) {
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id < 1) {
      settings.refuse(Key::letter_id, text, "is no number of a letter");
    }
    ids.push_back(id);
  }
  return ids;
}

Rows rows_of(const std::vector<influx::DeadLetter>& letters) {
  Rows rows{{"id", "at", "target", "entity_id", "reason", "retry", "line"}, {}};
  for (const influx::DeadLetter& letter : letters) {
    rows.cells.push_back({json_cell(std::to_string(letter.id)),
                          text_cell(base::to_iso_text(letter.at)), text_cell(letter.target),
                          text_cell(letter.entity_id), text_cell(letter.reason),
                          json_cell(letter.retry ? "true" : "false"), text_cell(letter.line)});
  }
  return rows;
}

void list(const Context& context, const std::string& database) {
  const Rows rows = rows_of(jobs::list_letters(database, ids_of(context.settings)));
  if (context.format() == Format::table && !context.settings.given(Key::columns)) {
    if (rows.cells.empty()) {
      context.out << "No dead letters.\n";
      return;
    }
    return context.write(only(rows, {"id", "at", "target", "entity_id", "reason"}));
  }
  context.write(rows);
}

std::string letters(std::int64_t count) {
  return base::counted(static_cast<std::uint64_t>(count), "letter");
}

ExitCode run_dead_letters(Context& context) {
  const std::string database = context.database_path();
  const std::vector<std::int64_t> ids = ids_of(context.settings);
  if (context.argument == "retry") {
    const auto count = jobs::retry_letters(database, ids);
    context.out << letters(count) << " marked; watch sends them again within seconds\n";
  } else if (context.argument == "drop") {
    context.out << letters(jobs::drop_letters(database, ids)) << " dropped\n";
  } else {
    list(context, database);
  }
  return ExitCode::fine;
}

}  // namespace

Command dead_letters_command() {
  return {
      .name = "dead-letters",
      .bit = k_dead_letters,
      .summary = "List, retry or drop the points that InfluxDB has refused",
      .text =
          "What a target refuses for good, watch keeps in a file beside the database: the line, "
          "the entity, the server's reason and when. list shows them. When the cause is mended, "
          "retry marks them and a running watch sends them again; drop deletes them. Without "
          "--id all are meant.",
      .argument = "ACTION",
      .argument_help = "list (the default), retry or drop",
      .argument_words = {"list", "retry", "drop"},
      .examples = {{"haingest dead-letters", "what was refused, and why"},
                   {"haingest dead-letters retry --id 3 --id 4", "send two of them again"}},
      .run = run_dead_letters,
  };
}

}  // namespace haingest::cli
