// SPDX-License-Identifier: MIT
#include "core/influx/delivery.hpp"
#include "core/base/gzip.hpp"

#include <algorithm>
#include <utility>

#include "core/influx/endpoint.hpp"

namespace haingest::influx {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_first_pause{1'000};

// InfluxDB 1 answers 413 and closes while we still send. Its HTTP library reads on for 256 KiB, so
// that below this we have always seen the answer.
constexpr std::size_t k_cut_may_mean_too_big = std::size_t{256} * 1024;

// Of conflicts in one portion, each with a field of its own; a server that goes on naming them is
// asked about smaller portions.
constexpr int k_most_conflicts = 100;

// VictoriaMetrics tells a few hundred numbers about itself, about 100 kB.
constexpr std::size_t k_max_answer = std::size_t{8} << 20U;
constexpr std::string_view k_start_metric = "\nprocess_start_time_seconds ";

std::string start_in(const std::string& metrics) {
  const std::size_t at = metrics.find(k_start_metric);
  if (at == std::string::npos) return "";
  const std::size_t value = at + k_start_metric.size();
  return metrics.substr(value, metrics.find('\n', value) - value);
}

}  // namespace

void Shared::pause(milliseconds span) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, span, [this, before = wakes_] { return stopping || wakes_ != before; });
}

void Shared::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  woken_.notify_all();
}

Delivery::Delivery(Shared& shared, std::size_t worker)
    : shared_(shared),
      worker_(worker),
      client_(shared.options.tls),
      random_(std::random_device{}()) {}

// Under the lock, so that nobody hears that it is up before what was held is lost.
bool Shared::take_start(const std::string& started) {
  const std::lock_guard lock(mutex_);
  const auto before = std::exchange(started_, started);
  const bool doubted = std::exchange(doubted_, false);
  const bool same = !before || (!doubted && *before == started);
  if (!same) claims.lost();
  return same;
}

void Shared::doubt_start() {
  const std::lock_guard lock(mutex_);
  doubted_ = started_.has_value();
}

bool Shared::start_is_known() {
  const std::lock_guard lock(mutex_);
  return started_.has_value() && !doubted_;
}

void Delivery::greet() {
  while (must_ask_ && !shared_.stopping) must_ask_ = !find_server();
  if (!shared_.stopping) well();
}

Delivery::Brought Delivery::bring(const Claim& claim) {
  bool repeated = claim.repeated;
  for (;;) {
    while (must_ask_) {
      if (shared_.stopping) return {};
      must_ask_ = !find_server();
    }
    // What a server can store depends on its flavour.
    const Flavour flavour = shared_.state.flavour();
    Batch batch = to_portions(claim.blocks, flavour);
    brought_.reset();
    switch (bring_portions(std::move(batch.portions), flavour, repeated)) {
      case Next::go_on:
        if (!claim.repeated) shared_.state.texts_dropped(batch.dropped_texts);
        if (!brought_) brought_ = Brought{false, flavour, 0, shared_.claims.losses()};
        brought_->all = true;
        return *brought_;
      case Next::stopped:
        return {};
      case Next::other_flavour:
        repeated = true;
    }
  }
}

void Delivery::count_stored(std::uint64_t lines) {
  if (!brought_) brought_ = Brought{false, flavour_, 0, losses_};
  brought_->stored += lines;
}

// --- Who answers ---

bool Delivery::find_server() {
  const auto server = who_answers(client_, shared_.options.target, shared_.options.request_timeout,
                                  &shared_.stopping);
  if (shared_.stopping) return false;
  if (!server) {
    if (!client_.last_attempt().reason.empty()) {
      cannot_connect();
    } else {  // it has answered, and is not ready
      shared_.state.retrying(worker_, why_away(client_));
      pause_for_retry({});
    }
    return false;
  }
  if (server->flavour == Flavour::unknown) {
    hold(std::string(k_no_known_server));
    return false;
  }
  const auto request = write_request(shared_.options.target, server->flavour);
  shared_.state.recognised(*server);
  if (!request) {
    hold(request.error().message);
    return false;
  }
  // Asked before anything is sent, so that each later start is noticed.
  const bool ask_for_start =
      server->flavour == Flavour::victoria_metrics && !shared_.start_is_known();
  if (!ask_for_start) return true;
  const Since since = look();
  if (since == Since::away) cannot_connect();
  return since != Since::away;
}

Delivery::Since Delivery::look() {
  net::HttpRequest request;
  request.url = address_of(shared_.options.target, "/metrics");
  request.authorization = authorization_of(shared_.options.target, Flavour::victoria_metrics);
  request.timeout = shared_.options.request_timeout;
  request.max_response_bytes = k_max_answer;
  request.cancel = &shared_.stopping;
  const auto answer = client_.send(request);
  if (!answer) {
    must_ask_ = true;
    shared_.doubt_start();
    return Since::away;
  }
  if (answer->status >= 500 || answer->status == 429) return Since::not_sure;
  // Where /metrics is closed to us, we know no more than that it answers.
  const std::string started = answer->status == 200 ? start_in("\n" + answer->body) : "";
  return shared_.take_start(started) ? Since::up : Since::not_sure;
}

void Delivery::cannot_connect() {
  must_ask_ = true;  // another server may answer next
  shared_.doubt_start();
  shared_.state.retrying(worker_, client_.last_attempt().reason);
  pause_for_retry({});
}

// --- Sending ---

Delivery::Next Delivery::bring_portions(std::vector<Portion> portions, Flavour flavour,
                                        bool repeated) {
  flavour_ = flavour;
  std::vector<Task> tasks;  // the last one is next
  tasks.reserve(portions.size());
  std::ranges::reverse(portions);
  for (Portion& portion : portions) tasks.push_back({std::move(portion), repeated});
  while (!tasks.empty()) {
    if (shared_.stopping) return Next::stopped;
    if (must_ask_) {
      must_ask_ = !find_server();
      if (must_ask_) continue;
    }
    if (shared_.state.flavour() != flavour) return Next::other_flavour;
    losses_ = shared_.claims.losses();
    const auto answer = send(tasks.back(), flavour);
    count_repeats(tasks.back());
    if (answer) {
      act(judge(*answer, flavour, shared_.options.clock()), tasks);
    } else {
      not_answered(tasks);
    }
  }
  return Next::go_on;
}

base::Result<net::HttpResponse> Delivery::send(const Task& task, Flavour flavour) {
  net::HttpRequest request = write_request(shared_.options.target, flavour).value();
  if (!task.plain &&
      shared_.options.gzip.value_or(gzip_pays(request.url, task.portion.lines.size()))) {
    request.headers.emplace_back("Content-Encoding: gzip");
    request.body = base::gzip(task.portion.lines);
  } else {
    request.body = task.portion.lines;
  }
  request.timeout = shared_.options.request_timeout;
  request.max_response_bytes = k_max_answer;
  request.cancel = &shared_.stopping;
  sent_bytes_ = request.body.size();
  return client_.send(request);
}

// Whatever was begun to be sent may have been stored.
void Delivery::count_repeats(Task& task) {
  const int sends = client_.last_attempt().sends;
  const int repeats = task.maybe_stored ? sends : sends - 1;
  if (repeats > 0) {
    shared_.state.repeated(static_cast<std::uint64_t>(repeats) * task.portion.count);
  }
}

void Delivery::not_answered(std::vector<Task>& tasks) {
  if (shared_.stopping) return;
  Task& task = tasks.back();
  const net::HttpAttempt& attempt = client_.last_attempt();
  task.maybe_stored = task.maybe_stored || attempt.sends > 0;
  if (attempt.cut && sent_bytes_ >= k_cut_may_mean_too_big && task.portion.count > 1) {
    replace(tasks, halves_of(task.portion));
  }
  cannot_connect();
}

// --- What the answer demands ---

void Delivery::act(const Verdict& verdict, std::vector<Task>& tasks) {
  Task& task = tasks.back();
  task.maybe_stored = task.maybe_stored || verdict.some_stored;
  switch (verdict.action) {
    case Action::stored:
      if (!verdict.sentence.empty()) shared_.state.warn(verdict.sentence);
      count_stored(task.portion.count);
      shared_.state.took();
      tasks.pop_back();
      well();
      return;
    case Action::expired:
      expire(verdict, tasks);
      return;
    case Action::conflict: {
      Cured cured = without_conflict(task.portion, verdict.conflict, verdict.reason);
      if (cured.letters.empty() || ++task.conflicts > k_most_conflicts) {
        halve(verdict, tasks);
      } else {
        take(std::move(cured), 0, tasks);
      }
      return;
    }
    case Action::lines: {
      Cured cured = without_refused(task.portion, verdict.refused);
      const std::uint64_t refused = cured.letters.size();
      if (refused == 0 || refused > task.portion.count) {
        halve(verdict, tasks);
      } else {
        take(std::move(cured), task.portion.count - refused, tasks);
      }
      return;
    }
    case Action::again:
      if (std::exchange(task.sent_again, true)) halve(verdict, tasks);
      return;
    case Action::uncompressed:
      if (!std::exchange(task.plain, true)) return;
      shared_.state.retrying(worker_, verdict.sentence);
      pause_for_retry({});
      return;
    case Action::halve:
      halve(verdict, tasks);
      return;
    case Action::retry:
      // It may be a proxy's word, and another server behind it the next time.
      if (!verdict.after) must_ask_ = true;
      shared_.state.retrying(worker_, verdict.sentence);
      pause_for_retry(verdict.after);
      return;
    case Action::hold:
      hold(verdict.sentence);
      return;
  }
}

// The server counts them and does not say which: the oldest, found by halves of the time. And what
// is too old may have hidden a conflict of the others.
void Delivery::expire(const Verdict& verdict, std::vector<Task>& tasks) {
  const Task& task = tasks.back();
  if (task.portion.count == 1 || verdict.dropped == task.portion.count) {
    shared_.state.expired(task.portion.count);
    tasks.pop_back();
    well();
    return;
  }
  replace(tasks, halves_by_time(task.portion));
}

void Delivery::halve(const Verdict& verdict, std::vector<Task>& tasks) {
  Task& task = tasks.back();
  if (task.portion.count > 1) {
    replace(tasks, halves_of(task.portion));
    return;
  }
  if (bury({letter_for(task.portion.lines, verdict.reason)})) tasks.pop_back();
}

// What is left of a portion goes on instead of it; `others` of its lines are stored.
void Delivery::take(Cured cured, std::uint64_t others, std::vector<Task>& tasks) {
  if (!bury(std::move(cured.letters))) return;
  if (others > 0) count_stored(others);
  tasks.back().portion = std::move(cured.rest);
  if (tasks.back().portion.count == 0) tasks.pop_back();
}

void Delivery::replace(std::vector<Task>& tasks, std::pair<Portion, Portion> halves) {
  const Task whole{{}, tasks.back().maybe_stored, false, tasks.back().plain};
  tasks.back() = whole;
  tasks.push_back(whole);
  tasks.end()[-2].portion = std::move(halves.second);
  tasks.end()[-1].portion = std::move(halves.first);
}

// False when they cannot be written down: then the server is asked again, and says the same.
bool Delivery::bury(std::vector<DeadLetter> letters) {
  for (DeadLetter& letter : letters) {
    letter.at = shared_.options.clock();
    letter.target = shared_.options.target.name;
  }
  try {
    shared_.dead_letters.add(letters);
  } catch (const base::Failure& failure) {
    shared_.state.held(worker_,
                       std::string("refused points cannot be put aside: ") + failure.what());
    shared_.pause(shared_.options.probe_pause);
    return false;
  }
  shared_.state.dead(letters.size(), letters.front().reason);
  well();
  return true;
}

// --- Waiting ---

void Delivery::well() {
  failures_in_a_row_ = 0;
  // The other worker need not wait for the end of its pause.
  if (shared_.state.well(worker_)) shared_.wake();
}

// 1 s, doubled with each failure; somewhere in the upper half of it, lest all of us come at once.
void Delivery::pause_for_retry(std::optional<milliseconds> after) {
  const milliseconds longest = shared_.options.longest_pause;
  const int doublings = std::min(failures_in_a_row_++, 20);
  const milliseconds whole = std::min(k_first_pause * (std::int64_t{1} << doublings), longest);
  std::uniform_int_distribution<std::int64_t> part(whole.count() / 2, whole.count());
  // "Retry-After: 0" is no leave to run in circles.
  const milliseconds shortest = std::min(k_first_pause / 2, longest);
  shared_.pause(after ? std::max(*after, shortest) : milliseconds(part(random_)));
}

void Delivery::hold(const std::string& sentence) {
  must_ask_ = true;
  shared_.state.held(worker_, sentence);
  shared_.pause(shared_.options.probe_pause);
}

}  // namespace haingest::influx
