// SPDX-License-Identifier: MIT
#include "core/influx/upload_state.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/span.hpp"
#include "core/influx/endpoint.hpp"

namespace haingest::influx {
namespace {

// "12 034"
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

std::string points(std::uint64_t count) {
  return grouped(count) + (count == 1 ? " point" : " points");
}

}  // namespace

UploadState::UploadState(const UploaderOptions& options, std::function<std::uint64_t()> waiting)
    : options_(options), waiting_(std::move(waiting)) {
  status_.target = options.target.name;
  status_.url = shown_url(options.target);
}

std::string UploadState::who() const {
  return (options_.one_of_several ? status_.target + ", " : "") +
         shown_server(options_.target, status_.flavour);
}

UploadState::State UploadState::state_in_trouble() const {
  State state = State::idle;
  for (const auto& trouble : troubles_) {
    if (trouble && state != State::held) state = trouble->state;
  }
  return state;
}

// The server's own words stand in brackets, and may name another file or number each time.
void UploadState::say_once(const std::string& sentence, const std::string& outcome) {
  if (!said_.insert(sentence.substr(0, sentence.find(" ("))).second) return;
  base::log::warning(who() + ": " + sentence + outcome);
}

void UploadState::recognised(const Server& server) {
  const std::lock_guard lock(mutex_);
  if (server.flavour == Flavour::unknown) return;
  const bool same = server.flavour == status_.flavour && server.version == status_.server_version;
  status_.flavour = server.flavour;
  status_.server_version = server.version;
  if (same) return;
  base::log::info(who() + (server.version.empty() ? "" : " (version " + server.version + ")") +
                  ": points go there");
}

Flavour UploadState::flavour() const {
  const std::lock_guard lock(mutex_);
  return status_.flavour;
}

void UploadState::trouble(std::size_t worker, Trouble trouble, std::string_view outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (!status_.failing_since) status_.failing_since = options_.clock();
    ++status_.failures;
    const bool same = status_.last_error == trouble.sentence && state_in_trouble() == trouble.state;
    status_.last_error = trouble.sentence;
    say_once(trouble.sentence, "; " + std::string(outcome));
    troubles_.at(worker) = std::move(trouble);
    if (same) return;
  }
  options_.changed();
}

void UploadState::retrying(std::size_t worker, const std::string& sentence) {
  trouble(worker, {State::retrying, sentence},
          "events are kept in the spool and sent when it answers again");
}

void UploadState::held(std::size_t worker, const std::string& sentence) {
  trouble(worker, {State::held, sentence},
          "events are kept in the spool, and it is tried again every " +
              base::to_text(options_.probe_pause));
}

bool UploadState::well(std::size_t worker) {
  std::unique_lock lock(mutex_);
  if (!troubles_.at(worker)) return false;
  troubles_.at(worker).reset();
  if (state_in_trouble() != State::idle) return false;
  const auto span = status_.failing_since ? options_.clock() - *status_.failing_since
                                          : std::chrono::microseconds{0};
  const std::uint64_t waiting = waiting_();
  base::log::info(who() + " answers again after " + base::roughly(span) + "; " + points(waiting) +
                  (waiting == 1 ? " waits" : " wait"));
  status_.last_error.clear();
  status_.failing_since.reset();
  said_.clear();
  lock.unlock();
  options_.changed();
  return true;
}

void UploadState::warn(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  say_once(sentence, "");
}

void UploadState::took() {
  const std::lock_guard lock(mutex_);
  status_.last_stored_at = options_.clock();
}

void UploadState::stored(std::uint64_t lines) {
  const std::lock_guard lock(mutex_);
  status_.stored_lines += lines;
}

void UploadState::dead(std::uint64_t lines, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    status_.dead_lines += lines;
    if (!std::exchange(said_dead_, true)) {
      base::log::warning(who() + " refuses a point (" + reason +
                         "); it is kept: haingest dead-letters list shows it and what may follow");
    }
  }
  options_.changed();
}

void UploadState::expired(std::uint64_t lines) {
  const std::lock_guard lock(mutex_);
  status_.expired_lines += lines;
  if (std::exchange(said_expired_, true)) return;
  base::log::warning(who() + " has not stored " + points(lines) +
                     " that are older than it keeps any; the status counts what may follow");
}

void UploadState::texts_dropped(std::uint64_t fields) {
  const std::lock_guard lock(mutex_);
  status_.dropped_texts += fields;
  if (fields == 0 || std::exchange(said_texts_, true)) return;
  base::log::info(who() +
                  " stores numbers only: on and off become 1 and 0, other texts are left "
                  "out and counted");
}

void UploadState::repeated(std::uint64_t lines) {
  const std::lock_guard lock(mutex_);
  status_.repeated_lines += lines;
  if (lines == 0 || status_.flavour != Flavour::victoria_metrics) return;
  if (std::exchange(said_repeated_, true)) return;
  base::log::info(who() + " was sent " + points(lines) +
                  " again that it may have stored already; it keeps both, and the status counts "
                  "what may follow");
}

UploadStatus UploadState::status(bool busy) const {
  const std::lock_guard lock(mutex_);
  UploadStatus status = status_;
  status.state = state_in_trouble();
  if (busy && status.state == State::idle) status.state = State::sending;
  return status;
}

}  // namespace haingest::influx
