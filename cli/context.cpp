// SPDX-License-Identifier: MIT
#include "cli/context.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <ostream>

#include "cli/values.hpp"
#include "core/ha/address.hpp"

namespace haingest::cli {
namespace {

constexpr const char* k_service_folder = "/var/lib/haingest";
constexpr const char* k_supervisor_url = "http://supervisor/core";
// --timeout is over one request; a one-shot command asks a few, and has ten times that.
constexpr int k_requests_per_command = 10;

std::string user_state_folder(const Environment& environment) {
  if (const auto state = environment("XDG_STATE_HOME")) return *state + "/haingest";
  if (const auto home = environment("HOME")) return *home + "/.local/state/haingest";
  throw base::Failure(base::ErrorKind::usage,
                      "there is no place for the database: neither --db nor HOME is set, and "
                      "/var/lib/haingest cannot be written; name one with --db");
}

// One that was named must have its folder: SQLite and the lock would say so in their words.
void require_place(const std::string& database) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::file_status file = fs::status(database, ignored);
  if (fs::is_directory(file)) {
    throw base::Failure(base::ErrorKind::failure,
                        database + " is a folder, no database; name a file in it with --db");
  }
  if (fs::exists(file) && !fs::is_regular_file(file)) {
    throw base::Failure(base::ErrorKind::failure,
                        database + " is no regular file, so no database; name another with --db");
  }
  const fs::path folder = fs::path(database).parent_path();
  const fs::file_type type = fs::status(folder, ignored).type();
  if (!folder.empty() && (type == fs::file_type::not_found || type == fs::file_type::regular)) {
    throw base::Failure(base::ErrorKind::failure,
                        "there is no folder " + folder.string() + " for the database " + database +
                            "; make it first, or name another database with --db");
  }
  if (!folder.empty() && ::access(folder.c_str(), X_OK) != 0 && errno == EACCES) {
    throw base::Failure(base::ErrorKind::failure,
                        "this user may not enter " + folder.string() + ", where the database " +
                            database +
                            " should be; run haingest as the user whose it is (the services' "
                            "with sudo), or name another database with --db");
  }
}

// A comma may stand in a path, but in no host, and no address begins within another.
void refuse_several(const Settings& settings, const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const bool several = url.find(',') < url.find('/', host) ||
                       url.find(",http") != std::string::npos ||
                       url.find(",ws") != std::string::npos;
  if (!several) return;
  settings.refuse(Key::ha_url, masked(url),
                  "is more than one address: repeat --ha-url for each (a file has a list, "
                  "[\"A\", \"B\"]; in the environment commas will do)");
}

bool is_supervisor(const std::string& url) {
  const auto address = ha::locate(url);
  return address && address->supervisor;
}

}  // namespace

Context::Context(const Settings& given, std::string word, const Environment& variables,
                 std::istream& input, std::ostream& output, std::ostream& err)
    : settings(given),
      argument(std::move(word)),
      environment(variables),
      terminal(look_at_terminal(variables)),
      in(input),
      out(output),
      err_(err) {}

void Context::write(const Rows& rows) const {
  const bool chosen = settings.given(Key::columns);
  write_rows(out, chosen ? only(rows, split_list(settings.text(Key::columns))) : rows, format(),
             terminal.width);
}

std::string Context::database_path() const {
  if (settings.given(Key::db)) {
    std::string named = settings.text(Key::db);
    require_place(named);
    return named;
  }
  if (::access(k_service_folder, W_OK) == 0) return std::string(k_service_folder) + "/metadata.db";
  return user_state_folder(environment) + "/metadata.db";
}

std::string Context::other_database() const {
  return settings.given(Key::db) ? "" : database_hint(k_service_folder);
}

std::string Context::writable_database_path() const {
  std::string path = database_path();
  if (settings.given(Key::db)) return path;
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw base::Failure(base::ErrorKind::failure, "cannot make the database's folder " +
                                                      folder.string() + ": " + error.message() +
                                                      "; name a database with --db");
  }
  return path;
}

std::string Context::database_path_to_change() const {
  return settings.on(Key::dry_run) ? database_path() : writable_database_path();
}

ha::ConnectOptions Context::connect_options() const {
  ha::ConnectOptions options;
  const base::Secret supervisor = settings.secret(Key::supervisor_token);
  if (settings.given(Key::ha_url)) {
    const base::Secret token = settings.secret(Key::ha_token_file, Key::ha_token);
    for (const std::string& url : settings.list(Key::ha_url)) {
      refuse_several(settings, url);
      const bool proxied = !supervisor.empty() && is_supervisor(url);
      options.endpoints.push_back({url, proxied ? supervisor : token});
    }
  } else if (!supervisor.empty()) {
    options.endpoints.push_back({k_supervisor_url, supervisor});
  }
  const base::Secret nabu_casa = settings.secret(Key::nabu_casa_token);
  if (settings.given(Key::nabu_casa_url) && !nabu_casa.empty()) {
    options.endpoints.push_back({settings.text(Key::nabu_casa_url), nabu_casa});
  }
  options.request_timeout = settings.duration(Key::timeout);
  options.total_timeout = options.request_timeout * k_requests_per_command;
  options.ca_file = settings.text(Key::ca_file);
  options.verify_tls = !settings.on(Key::insecure);
  return options;
}

std::string database_hint(const std::string& folder) {
  std::error_code ignored;
  // Under systemd it is a link into a folder that root alone may enter.
  if (!std::filesystem::exists(std::filesystem::symlink_status(folder, ignored))) return "";
  if (::access(folder.c_str(), X_OK) != 0) {
    if (errno != EACCES) return "";
    return ". The services' database is in " + folder +
           ", which this user may not enter: use sudo to read that one";
  }
  const std::string database = folder + "/metadata.db";
  if (!std::filesystem::exists(database, ignored)) return "";
  return ". The services' database is there: --db " + database;
}

void Context::progress(const std::string& line) const {
  if (!terminal.rewrites || settings.on(Key::quiet)) return;
  err_ << "\r\x1b[K" << on_one_line(line) << std::flush;
}

void Context::tell(const std::string& line) const {
  err_ << "haingest: " + on_one_line(line) + "\n" << std::flush;
}

}  // namespace haingest::cli
