// SPDX-License-Identifier: MIT
// Everything Home Assistant's registries say at one moment, in two forms: the Document is HA's own
// JSON, kept byte for byte (what `discover` prints and `sync --from` reads); the Snapshot is the
// same parsed into tables (what reconcile compares).
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/timestamp.hpp"
#include "core/model/json_text.hpp"
#include "core/model/kind.hpp"
#include "core/model/table.hpp"

namespace haingest::model {

// Which Home Assistant answered, and when.
struct HaInfo {
  std::string url;       // as configured, without credentials
  std::string version;   // "2026.11.0"
  std::string location;  // get_config.location_name
  std::string state;     // get_config.state: NOT_RUNNING, STARTING, RUNNING, STOPPING, FINAL_WRITE
  base::Timestamp when{};
  std::string time_zone = {};  // get_config.time_zone: "Europe/Berlin"; in no document

  // HA before 0.117 or so has no state; such a one answers registries only when it runs.
  [[nodiscard]] bool running() const { return state.empty() || state == "RUNNING"; }
};

// The parts of a snapshot: the six kinds in the order of Kind, then these two.
enum class Part {
  devices,
  entities,
  areas,
  floors,
  labels,
  config_entries,
  composite_splits,
  states
};
inline constexpr std::array k_parts{Part::devices,          Part::entities, Part::areas,
                                    Part::floors,           Part::labels,   Part::config_entries,
                                    Part::composite_splits, Part::states};
inline constexpr std::size_t k_part_count = k_parts.size();
// "composite_splits": the key in JSON.
[[nodiscard]] std::string_view name_of(Part part);
[[nodiscard]] constexpr std::size_t index_of(Part part) { return static_cast<std::size_t>(part); }

// How well HA answered for a part.
enum class Presence {
  complete,  // answered, every record understood
  absent,    // this HA has no such registry (unknown_command); nothing to say about it
  failed,    // answered with an error, or with records that could not be understood
};

// HA's answer to one command. Either `json` (an array, or an object for composite_splits) or the
// error's `code`: HA's own ("unknown_command", "unauthorized"), "timeout", "invalid_json" or
// "not_asked".
struct Answer {
  JsonText json;
  std::string code = "not_asked";

  [[nodiscard]] bool ok() const { return code.empty(); }
};

struct Document {
  HaInfo ha;
  // `states` holds [{"entity_id","name","unit","device_class"}…] already, no values.
  std::array<Answer, k_part_count> answers;

  [[nodiscard]] Answer& answer(Part part) { return answers[index_of(part)]; }
  [[nodiscard]] const Answer& answer(Part part) const { return answers[index_of(part)]; }
};

// One object: ha, the eight parts that were answered, and missing {"floors":"unknown_command"}.
[[nodiscard]] std::string to_json(const Document& document);
// While HA starts, its integrations have not registered their commands yet, so that it not knowing
// one says nothing.
[[nodiscard]] Presence presence_of(const Answer& answer, const HaInfo& ha);

// What a file that should be a Document is refused with.
[[nodiscard]] base::Error no_snapshot(std::string_view name, std::string_view why);
// The inverse of to_json. Fails as a whole on what is no such object; `name` is for the message.
[[nodiscard]] base::Result<Document> parse_document(const JsonText& json, std::string_view name);

// The elements of a JSON array, each as it stands there; fails on what is no array.
[[nodiscard]] base::Result<std::vector<std::string>> elements_of(const JsonText& json_array);

// Reduces the result of get_states to the form of Document; fails on what is no array of objects.
[[nodiscard]] base::Result<std::string> reduce_states(const JsonText& get_states_result);

struct Alias {
  std::string old_id;
  std::vector<std::string> new_ids;
  std::string primary_id;  // empty: HA named none
  bool inferred = false;   // haingest matched them itself (HA's own map was gone)
};

struct StateInfo {
  Value entity_id, name, unit, device_class;
};

struct Registry {
  explicit Registry(Kind kind) : table(kind) {}

  Presence presence = Presence::absent;
  std::string code;  // why it is not complete
  Table table;
};

struct Snapshot {
  HaInfo ha;
  // How sentences call it, like "the snapshot house.json"; empty: Home Assistant itself was asked.
  std::string name;
  std::vector<Registry> registries;  // one a kind, in the order of Kind
  Presence splits_presence = Presence::absent;
  std::vector<Alias> splits;
  Presence states_presence = Presence::absent;
  std::vector<StateInfo> states;
  // One line a record that could not be taken as it was, for the log and the report.
  std::vector<std::string> notes;
  // Parts that failed, with HA's code, for the report: "floors" -> "unknown_error".
  std::map<std::string, std::string, std::less<>> failed;

  Snapshot();
  [[nodiscard]] Registry& of(Kind kind) { return registries[index_of(kind)]; }
  [[nodiscard]] const Registry& of(Kind kind) const { return registries[index_of(kind)]; }

  Arena text;  // holds the texts of `states`
};

// What became of a part that failed with that code: "Home Assistant did not answer for floors
// within 30 s". `saved` names a saved snapshot, `limit` is how long was waited, 0 where that is not
// known. Without a full stop.
[[nodiscard]] std::string explain_failed(std::string_view part, std::string_view code,
                                         std::string_view saved = {},
                                         std::chrono::milliseconds limit = {});
// What to do about it: "try again later".
[[nodiscard]] std::string_view advise_on_failed(std::string_view code);

// Parses every answer; never fails as a whole: a part that cannot be parsed is failed and named.
[[nodiscard]] Snapshot to_snapshot(const Document& document);

// The parts that were answered with something that is no registry: "invalid_json".
[[nodiscard]] std::vector<Part> unreadable_parts(const Document& document,
                                                 const Snapshot& snapshot);
// Why a saved document is refused: one such part, and it is something else. (Of a Home Assistant
// that answers so, it is a registry that failed.)
[[nodiscard]] std::optional<base::Error> malformed(const Document& document,
                                                   const Snapshot& snapshot, std::string_view name);

}  // namespace haingest::model
