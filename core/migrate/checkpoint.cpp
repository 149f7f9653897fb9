// SPDX-License-Identifier: MIT
#include "core/migrate/checkpoint.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/atomic_file.hpp"

namespace haingest::migrate {
namespace {

constexpr std::string_view k_first_field = "haingest copy 1";
constexpr std::size_t k_fields = 9;

std::string escaped(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', k_digits[byte >> 4U], k_digits[byte & 15U]};
  }
  return out;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base);
  return read.ec == std::errc{} && read.ptr == end;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned byte = 0;
    if (!read_number(text.substr(at + 1, 2), byte, 16)) return std::nullopt;
    out += static_cast<char>(byte);
    at += 2;
  }
  return out;
}

std::string line_of(const Checkpoint::Key& key, const Done& done, const Positions& positions) {
  std::string line;
  for (const std::string& name : {std::get<0>(key), std::get<1>(key), std::get<2>(key)}) {
    line += escaped(name) + '\t';
  }
  line += std::to_string(done.until);
  for (const std::uint64_t number :
       {done.points, done.values, done.rejected, positions.output, positions.rejects}) {
    line += '\t' + std::to_string(number);
  }
  return line + '\n';
}

struct Entry {
  Checkpoint::Key key;
  Done done;
  Positions positions;
};

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

std::optional<Entry> entry_of(std::string_view line) {
  const auto fields = fields_of(line);
  if (fields.size() != k_fields) return std::nullopt;
  auto database = unescaped(fields[0]);
  auto policy = unescaped(fields[1]);
  auto measurement = unescaped(fields[2]);
  if (!database || !policy || !measurement) return std::nullopt;
  Entry entry{{std::move(*database), std::move(*policy), std::move(*measurement)}, {}, {}};
  const bool whole =
      read_number(fields[3], entry.done.until) && read_number(fields[4], entry.done.points) &&
      read_number(fields[5], entry.done.values) && read_number(fields[6], entry.done.rejected) &&
      read_number(fields[7], entry.positions.output) &&
      read_number(fields[8], entry.positions.rejects);
  return whole ? std::optional(std::move(entry)) : std::nullopt;
}

[[noreturn]] void fail(const std::string& path) {
  throw base::Failure(base::ErrorKind::failure,
                      "cannot write the checkpoint " + path + ": " + std::strerror(errno));
}

}  // namespace

Checkpoint::Checkpoint(std::string path, const std::string& copy, bool restart)
    : path_(std::move(path)), head_(std::string(k_first_field) + '\t' + escaped(copy) + '\n') {
  if (path_.empty()) return;
  if (restart || !std::filesystem::exists(path_)) return;
  read(base::read_whole_file(path_), copy);
  rewrite();
}

Checkpoint::~Checkpoint() {
  if (file_ >= 0) ::close(file_);
}

void Checkpoint::read(const std::string& content, const std::string& copy) {
  std::string_view rest = content;
  if (rest.empty()) return;
  const std::string_view first = rest.substr(0, rest.find('\n'));
  if (!first.starts_with(k_first_field)) {
    throw base::Failure(base::ErrorKind::guard,
                        path_ + " is no checkpoint of a copy that this haingest can read");
  }
  if (std::string(first) + '\n' != head_) {
    const auto other = unescaped(first.substr(std::min(k_first_field.size() + 1, first.size())));
    throw base::Failure(base::ErrorKind::guard,
                        path_ + " is the checkpoint of another copy (" + other.value_or("?") +
                            ", and this is " + copy +
                            "); finish that one, or begin this one with --restart");
  }
  rest.remove_prefix(first.size());
  while (rest.starts_with('\n')) {
    rest.remove_prefix(1);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;  // cut off, or the end
    // Behind one that is damaged nothing counts: the positions would be of other windows.
    auto entry = entry_of(rest.substr(0, end));
    if (!entry) break;
    positions_ = entry->positions;
    done_[std::move(entry->key)] = entry->done;
    rest.remove_prefix(end);
  }
}

void Checkpoint::rewrite() {
  std::string content = head_;
  for (const auto& [key, done] : done_) content += line_of(key, done, positions_);
  base::write_file_atomically(path_, content);
  if (file_ >= 0) ::close(file_);
  file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ < 0) fail(path_);
}

std::uint64_t Checkpoint::points() const {
  std::uint64_t points = 0;
  for (const auto& [key, done] : done_) points += done.points;
  return points;
}

std::optional<Done> Checkpoint::find(const Key& key) const {
  const auto found = done_.find(key);
  return found == done_.end() ? std::nullopt : std::optional(found->second);
}

void Checkpoint::add(const Key& key, const Done& done, const Positions& positions) {
  done_[key] = done;
  positions_ = positions;
  if (path_.empty()) return;
  if (file_ < 0) return rewrite();
  const std::string line = line_of(key, done, positions);
  ssize_t written = -1;
  do {
    written = ::write(file_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) fail(path_);
  // A full disk takes a part of it at times, and what is there must stay whole lines.
  if (static_cast<std::size_t>(written) < line.size()) {
    errno = ENOSPC;
    fail(path_);
  }
}

void Checkpoint::forget() {
  done_.clear();
  positions_ = {};
  remove();
}

void Checkpoint::remove() {
  if (path_.empty()) return;
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  std::error_code error;
  std::filesystem::remove(path_, error);
}

}  // namespace haingest::migrate
