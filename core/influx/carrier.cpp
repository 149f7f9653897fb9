// SPDX-License-Identifier: MIT
#include "core/influx/carrier.hpp"

#include <algorithm>
#include <utility>

#include "core/base/gzip.hpp"
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

Carrier::Carrier(const CarrierOptions& options, StartWatch& start,
                 const std::atomic<bool>& stopping, CarrierHost& host)
    : options_(options),
      start_(start),
      stopping_(stopping),
      host_(host),
      client_(options.tls),
      random_(std::random_device{}()) {}

// --- Who answers ---

bool Carrier::find() {
  while (must_ask_) {
    if (stopping_) return false;
    must_ask_ = !find_server();
  }
  return true;
}

void Carrier::greet() {
  if (find()) well();
}

bool Carrier::find_server() {
  const auto server = who_answers(client_, options_.target, options_.request_timeout, &stopping_);
  if (stopping_) return false;
  if (!server) {
    if (!client_.last_attempt().reason.empty()) {
      cannot_connect();
    } else {  // it has answered, and is not ready
      host_.retrying(why_away(client_));
      pause_for_retry({});
    }
    return false;
  }
  if (server->flavour == Flavour::unknown) {
    hold(base::ErrorKind::failure, std::string(k_no_known_server));
    return false;
  }
  const auto request = write_request(options_.target, server->flavour);
  host_.recognised(*server);
  if (!request) {
    hold(request.error().kind, request.error().message);
    return false;
  }
  // Asked before anything is sent, so that each later start is noticed.
  const bool ask_for_start = server->flavour == Flavour::victoria_metrics && !start_.is_known();
  if (!ask_for_start) return true;
  const Since since = look();
  if (since == Since::away) cannot_connect();
  return since != Since::away;
}

Carrier::Since Carrier::look() {
  net::HttpRequest request;
  request.url = address_of(options_.target, "/metrics");
  request.authorization = authorization_of(options_.target, Flavour::victoria_metrics);
  request.timeout = options_.request_timeout;
  request.max_response_bytes = k_max_answer;
  request.cancel = &stopping_;
  const auto answer = client_.send(request);
  if (!answer) {
    must_ask_ = true;
    start_.doubt();
    return Since::away;
  }
  if (answer->status >= 500 || answer->status == 429) return Since::not_sure;
  // Where /metrics is closed to us, we know no more than that it answers.
  const std::string started = answer->status == 200 ? start_in("\n" + answer->body) : "";
  return start_.take(started) ? Since::up : Since::not_sure;
}

void Carrier::cannot_connect() {
  must_ask_ = true;  // another server may answer next
  start_.doubt();
  host_.retrying(client_.last_attempt().reason);
  pause_for_retry({});
}

// --- Sending ---

Carrier::Carried Carrier::carry(std::vector<Portion> portions, Flavour flavour, bool repeated) {
  std::vector<Task> tasks;  // the last one is next
  tasks.reserve(portions.size());
  std::ranges::reverse(portions);
  for (Portion& portion : portions) tasks.push_back({std::move(portion), repeated});
  while (!tasks.empty()) {
    if (stopping_) return Carried::stopped;
    if (must_ask_) {
      must_ask_ = !find_server();
      if (must_ask_) continue;
    }
    if (host_.flavour() != flavour) return Carried::other_flavour;
    host_.sending();
    const auto answer = send(tasks.back(), flavour);
    count_repeats(tasks.back());
    if (answer) {
      act(judge(*answer, flavour, options_.clock()), tasks);
    } else {
      not_answered(tasks);
    }
  }
  return Carried::all;
}

base::Result<net::HttpResponse> Carrier::send(const Task& task, Flavour flavour) {
  net::HttpRequest request = write_request(options_.target, flavour).value();
  if (!task.plain && options_.gzip.value_or(gzip_pays(request.url, task.portion.lines.size()))) {
    request.headers.emplace_back("Content-Encoding: gzip");
    request.body = base::gzip(task.portion.lines);
  } else {
    request.body = task.portion.lines;
  }
  request.timeout = options_.request_timeout;
  request.max_response_bytes = k_max_answer;
  request.cancel = &stopping_;
  sent_bytes_ = request.body.size();
  return client_.send(request);
}

// Whatever was begun to be sent may have been stored.
void Carrier::count_repeats(Task& task) {
  const int sends = client_.last_attempt().sends;
  const int repeats = task.maybe_stored ? sends : sends - 1;
  if (repeats > 0) {
    host_.repeated(static_cast<std::uint64_t>(repeats) * task.portion.count);
  }
}

void Carrier::not_answered(std::vector<Task>& tasks) {
  if (stopping_) return;
  Task& task = tasks.back();
  const net::HttpAttempt& attempt = client_.last_attempt();
  task.maybe_stored = task.maybe_stored || attempt.sends > 0;
  if (attempt.cut && sent_bytes_ >= k_cut_may_mean_too_big && task.portion.count > 1) {
    replace(tasks, halves_of(task.portion));
  }
  cannot_connect();
}

// --- What the answer demands ---

void Carrier::act(const Verdict& verdict, std::vector<Task>& tasks) {
  Task& task = tasks.back();
  task.maybe_stored = task.maybe_stored || verdict.some_stored;
  switch (verdict.action) {
    case Action::stored:
      if (!verdict.sentence.empty()) host_.warn(verdict.sentence);
      host_.stored(task.portion.count);
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
      host_.retrying(verdict.sentence);
      pause_for_retry({});
      return;
    case Action::halve:
      halve(verdict, tasks);
      return;
    case Action::retry:
      // It may be a proxy's word, and another server behind it the next time.
      if (!verdict.after) must_ask_ = true;
      host_.retrying(verdict.sentence);
      pause_for_retry(verdict.after);
      return;
    case Action::hold:
      hold(verdict.error_kind, verdict.sentence);
      return;
  }
}

// The server counts them and does not say which: the oldest, found by halves of the time. And what
// is too old may have hidden a conflict of the others.
void Carrier::expire(const Verdict& verdict, std::vector<Task>& tasks) {
  const Task& task = tasks.back();
  if (task.portion.count == 1 || verdict.dropped == task.portion.count) {
    host_.expired(task.portion);
    tasks.pop_back();
    well();
    return;
  }
  replace(tasks, halves_by_time(task.portion));
}

void Carrier::halve(const Verdict& verdict, std::vector<Task>& tasks) {
  Task& task = tasks.back();
  if (task.portion.count > 1) {
    replace(tasks, halves_of(task.portion));
    return;
  }
  if (bury({letter_for(task.portion.lines, verdict.reason)})) tasks.pop_back();
}

// What is left of a portion goes on instead of it; `others` of its lines are stored.
void Carrier::take(Cured cured, std::uint64_t others, std::vector<Task>& tasks) {
  if (!bury(std::move(cured.letters))) return;
  if (others > 0) host_.stored(others);
  tasks.back().portion = std::move(cured.rest);
  if (tasks.back().portion.count == 0) tasks.pop_back();
}

void Carrier::replace(std::vector<Task>& tasks, std::pair<Portion, Portion> halves) {
  const Task whole{{}, tasks.back().maybe_stored, false, tasks.back().plain};
  tasks.back() = whole;
  tasks.push_back(whole);
  tasks.end()[-2].portion = std::move(halves.second);
  tasks.end()[-1].portion = std::move(halves.first);
}

bool Carrier::bury(std::vector<DeadLetter> letters) {
  for (DeadLetter& letter : letters) {
    letter.at = options_.clock();
    letter.target = options_.target.name;
  }
  if (!host_.bury(std::move(letters))) return false;
  well();
  return true;
}

// --- Waiting ---

void Carrier::well() {
  failures_in_a_row_ = 0;
  host_.well();
}

// 1 s, doubled with each failure; somewhere in the upper half of it, lest all of us come at once.
void Carrier::pause_for_retry(std::optional<milliseconds> after) {
  const milliseconds longest = options_.longest_pause;
  const int doublings = std::min(failures_in_a_row_++, 20);
  const milliseconds whole = std::min(k_first_pause * (std::int64_t{1} << doublings), longest);
  std::uniform_int_distribution<std::int64_t> part(whole.count() / 2, whole.count());
  // "Retry-After: 0" is no leave to run in circles.
  const milliseconds shortest = std::min(k_first_pause / 2, longest);
  host_.pause(after ? std::max(*after, shortest) : milliseconds(part(random_)));
}

void Carrier::hold(base::ErrorKind kind, const std::string& sentence) {
  must_ask_ = true;
  host_.held(kind, sentence);
  host_.pause(options_.probe_pause);
}

}  // namespace haingest::influx
