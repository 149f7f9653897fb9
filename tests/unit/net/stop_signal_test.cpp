// SPDX-License-Identifier: MIT
#include "core/net/stop_signal.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using haingest::net::StopSignal;
using haingest::test::eventually;

namespace {

// What a listener was told.
class Told {
 public:
  std::function<void(int)> listener() {
    return [this](int times) {
      const std::lock_guard lock(mutex_);
      told_.push_back(times);
    };
  }
  std::vector<int> all() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  std::mutex mutex_;
  std::vector<int> told_;
};

// Runs `work` in a forked process; what it returned, or 128 and the signal that ended it.
int status_of_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

sigset_t blocked() {
  sigset_t now;
  pthread_sigmask(SIG_BLOCK, nullptr, &now);
  return now;
}

}  // namespace

TEST_CASE("stop signal: each SIGINT and SIGTERM is told, with its number") {
  // In a process of its own: a thread that another test's name look-up has left behind would take
  // the signals, since it was there before they were blocked.
  CHECK(status_of_child([] {
          StopSignal stop;
          Told told;
          stop.listen(told.listener());
          ::kill(::getpid(), SIGTERM);
          if (!eventually([&] { return told.all() == std::vector<int>{1}; })) return 1;
          ::kill(::getpid(), SIGINT);
          return eventually([&] { return told.all() == std::vector<int>{1, 2}; }) ? 0 : 2;
        }) == 0);
}

TEST_CASE("stop signal: one that came before anybody listened is not lost") {
  StopSignal stop;
  stop.request();
  stop.request();
  Told told;
  CHECK(eventually([&] {
    stop.listen(told.listener());
    return told.all() == std::vector<int>{1, 2};
  }));
}

TEST_CASE("stop signal: who no longer listens is not called") {
  StopSignal stop;
  Told told;
  stop.listen(told.listener());
  stop.listen({});
  stop.request();
  Told later;
  CHECK(eventually([&] {
    stop.listen(later.listener());
    return later.all() == std::vector<int>{1};
  }));
  CHECK(told.all().empty());
}

TEST_CASE("stop signal: the signals are the process's again afterwards") {
  {
    const StopSignal stop;
    const sigset_t during = blocked();
    CHECK(sigismember(&during, SIGINT) == 1);
    CHECK(sigismember(&during, SIGTERM) == 1);
  }
  const sigset_t after = blocked();
  CHECK(sigismember(&after, SIGINT) == 0);
  CHECK(sigismember(&after, SIGTERM) == 0);
}
