// SPDX-License-Identifier: MIT
#include "cli/setting.hpp"

#include <array>
#include <sstream>
#include <utility>

namespace haingest::cli {
namespace {

using Shape = Setting::Shape;
using Completion = Setting::Completion;

constexpr std::array<Setting, k_setting_count> k_settings{{
    {.key = Key::config,
     .flag = "config",
     .placeholder = "FILE",
     .help = "Read this configuration file instead of the usual ones",
     .completion = Completion::file},
    {.key = Key::ha_url,
     .flag = "ha-url",
     .shape = Shape::list,
     .placeholder = "URL",
     .file_key = "ha.url",
     .environment = "HA_URL HA_HTTP_URL HA_WS_URL HASS_SERVER",
     .help = "Home Assistant's address, http(s) or ws(s); repeatable: tried in order"},
    {.key = Key::ha_token_file,
     .flag = "ha-token-file",
     .placeholder = "FILE",
     .file_key = "ha.token_file",
     .help = "File with a long-lived access token of Home Assistant",
     .completion = Completion::file},
    {.key = Key::ha_token,
     .shape = Shape::secret,
     .environment = "HAINGEST_HA_TOKEN HA_TOKEN HASS_TOKEN",
     .help = "Home Assistant's access token itself, instead of its file"},
    {.key = Key::supervisor_token,
     .shape = Shape::secret,
     .environment = "SUPERVISOR_TOKEN",
     .help = "In an add-on: the token of the Supervisor, sent to nobody else; without --ha-url the "
             "address is then the Supervisor's proxy"},
    {.key = Key::nabu_casa_url,
     .placeholder = "URL",
     .environment = "NABU_CASA_URL",
     .help = "Tried after every other address, with NABU_CASA_TOKEN"},
    {.key = Key::nabu_casa_token,
     .shape = Shape::secret,
     .environment = "NABU_CASA_TOKEN",
     .help = "The token for NABU_CASA_URL, sent to nobody else"},
    {.key = Key::db,
     .flag = "db",
     .placeholder = "PATH",
     .file_key = "db",
     .help = "The database; by default /var/lib/haingest/metadata.db where that folder can be "
             "written, else $XDG_STATE_HOME/haingest/metadata.db",
     .completion = Completion::file},
    {.key = Key::output,
     .flag = "output",
     .letter = 'o',
     .placeholder = "FORMAT",
     .file_key = "output.format",
     .fallback = "auto",
     .help = "auto, table, json, ndjson or csv; auto is a table on a terminal and json otherwise",
     .completion = Completion::output},
    {.key = Key::columns,
     .flag = "columns",
     .placeholder = "A,B",
     .help = "Only these fields, in this order"},
    {.key = Key::quiet,
     .flag = "quiet",
     .letter = 'q',
     .shape = Shape::on_off,
     .fallback = "false",
     .help = "Only errors on stderr; a sync that changes nothing prints nothing"},
    {.key = Key::verbose,
     .flag = "verbose",
     .letter = 'v',
     .shape = Shape::counted,
     .fallback = "0",
     .help = "Say more on stderr; twice for everything"},
    {.key = Key::log_level,
     .placeholder = "LEVEL",
     .file_key = "log.level",
     .environment = "HAINGEST_LOG_LEVEL LOG_LEVEL",
     .help = "debug, info, warning or error; by default warning, for serve info"},
    {.key = Key::log_format,
     .flag = "log-format",
     .placeholder = "FORMAT",
     .file_key = "log.format",
     .fallback = "text",
     .help = "text or json: one object a line"},
    {.key = Key::timeout,
     .flag = "timeout",
     .placeholder = "TIME",
     .file_key = "timeout",
     .fallback = "30s",
     .help = "For each request to a peer and each wait for the database's lock (30, 30s, 5m); a "
             "whole command may take ten times as long"},
    {.key = Key::ca_file,
     .flag = "ca-file",
     .placeholder = "FILE",
     .file_key = "tls.ca_file",
     .help = "PEM file with the certificate authorities to trust instead of the system's",
     .completion = Completion::file},
    {.key = Key::insecure,
     .flag = "insecure",
     .shape = Shape::on_off,
     .file_key = "tls.insecure",
     .fallback = "false",
     .help = "Do not verify the peers' certificates"},
    {.key = Key::show_config,
     .flag = "show-config",
     .shape = Shape::on_off,
     .fallback = "false",
     .help = "Print every setting with its origin, secrets masked, and end"},
    {.key = Key::api_token_file,
     .flag = "api-token-file",
     .placeholder = "FILE",
     .file_key = "api.token_file",
     .commands = k_sync | k_serve,
     .help = "File with the token of the data API",
     .completion = Completion::file},
    {.key = Key::api_token,
     .shape = Shape::secret,
     .environment = "HAINGEST_API_TOKEN API_KEY",
     .commands = k_sync | k_serve,
     .help = "The token of the data API itself, instead of its file"},
    {.key = Key::where,
     .flag = "where",
     .shape = Shape::list,
     .placeholder = "FIELD=GLOB",
     .commands = k_discover,
     .help = "Only records whose field matches the glob (* ? [a-z]) as a whole, letters in either "
             "case; FIELD= finds what is null or empty, a list matches by one element; "
             "repeatable: all must match"},
    {.key = Key::save,
     .flag = "save",
     .placeholder = "FILE",
     .commands = k_discover,
     .help = "Write the whole snapshot into a file that sync --from reads",
     .completion = Completion::file},
    {.key = Key::stored,
     .flag = "stored",
     .shape = Shape::on_off,
     .fallback = "false",
     .commands = k_discover,
     .help = "Print what the database holds instead, with its age"},
    {.key = Key::from,
     .flag = "from",
     .placeholder = "FILE|-",
     .commands = k_sync,
     .help = "Take a saved snapshot instead of asking Home Assistant; - is standard input",
     .completion = Completion::file},
    {.key = Key::dry_run,
     .flag = "dry-run",
     .letter = 'n',
     .shape = Shape::on_off,
     .fallback = "false",
     .commands = k_sync,
     .help = "Print what would change and write nothing, not even the database's file"},
    {.key = Key::exit_code,
     .flag = "exit-code",
     .shape = Shape::on_off,
     .fallback = "false",
     .commands = k_sync,
     .help = "End with 3 when something changed"},
    {.key = Key::to,
     .flag = "to",
     .shape = Shape::optional_value,
     .placeholder = "URL",
     .commands = k_sync,
     .help = "Send the snapshot to the data API of a remote haingest serve, which reconciles it "
             "there; without a value to DATA_API_URL"},
    {.key = Key::data_api_url,
     .placeholder = "URL",
     .file_key = "sync.data_api_url",
     .environment = "HAINGEST_DATA_API_URL DATA_API_URL",
     .fallback = "http://127.0.0.1:8006",
     .commands = k_sync,
     .help = "Where --to sends when it has no value of its own"},
    {.key = Key::max_removals,
     .flag = "max-removals",
     .placeholder = "N|P%",
     .file_key = "sync.max_removals",
     .fallback = "20%",
     .commands = k_sync,
     .help = "How many records of a kind a sync may remove; 5 may go in any case unless this is "
             "set"},
    {.key = Key::new_house,
     .flag = "new-house",
     .shape = Shape::on_off,
     .fallback = "false",
     .commands = k_sync,
     .help = "Accept a Home Assistant that shares no device with the database"},
    {.key = Key::prune_after,
     .flag = "prune-after",
     .placeholder = "TIME",
     .file_key = "sync.prune_after",
     .fallback = "365d",
     .commands = k_sync,
     .help = "How long changes, runs and removed records are kept"},
    {.key = Key::history,
     .flag = "history",
     .shape = Shape::on_off,
     .fallback = "false",
     .commands = k_sync,
     .help =
         "Also a snapshot of every device to InfluxDB; comes with InfluxDB, refused until then"},
    {.key = Key::listen,
     .flag = "listen",
     .shape = Shape::list,
     .placeholder = "ADDR:PORT",
     .file_key = "serve.listen",
     .fallback = "127.0.0.1:8006",
     .commands = k_serve,
     .help = "Where to answer; repeatable; an address or a port alone will do (8006), port 0 takes "
             "any free one. DATA_API_HOST and DATA_API_PORT count, too"},
    {.key = Key::private_reads,
     .flag = "private",
     .shape = Shape::on_off,
     .file_key = "serve.private",
     .fallback = "false",
     .commands = k_serve,
     .help = "Reads need the API token, too"},
    {.key = Key::cors_origin,
     .flag = "cors-origin",
     .shape = Shape::list,
     .placeholder = "ORIGIN",
     .file_key = "serve.cors_origin",
     .environment = "CORS_ORIGINS",
     .commands = k_serve,
     .help = "Let pages of this origin read the answers; repeatable, * is any"},
    {.key = Key::allowed_host,
     .flag = "allowed-host",
     .shape = Shape::list,
     .placeholder = "NAME",
     .file_key = "serve.allowed_host",
     .commands = k_serve,
     .help = "Answer under this host name, too; repeatable, * is any"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < k_settings.size(); ++i) {
    if (static_cast<std::size_t>(k_settings[i].key) != i) return false;
  }
  return true;
}
static_assert(in_order());

// Names that the services before haingest had for it.
constexpr std::array k_retired_keys{
    RetiredKey{"ha.http_url", "ha.url"},
    RetiredKey{"ha.ws_url", "ha.url"},
};

}  // namespace

std::span<const Setting> settings() { return k_settings; }

const Setting& setting_of(Key key) { return k_settings[static_cast<std::size_t>(key)]; }

std::vector<std::string> environment_names(const Setting& setting) {
  std::vector<std::string> names;
  if (!setting.flag.empty()) {
    std::string name = "HAINGEST_";
    for (const char c : setting.flag) {
      name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    names.push_back(std::move(name));
  }
  std::istringstream others{std::string(setting.environment)};
  for (std::string name; others >> name;) names.push_back(name);
  return names;
}

std::span<const RetiredKey> retired_keys() { return k_retired_keys; }

}  // namespace haingest::cli
