// SPDX-License-Identifier: MIT
// "Please end": SIGINT and SIGTERM, for the commands that run until somebody says so (`serve`,
// `watch`). The first one asks to drain, a second one to end at once; what either means is up to
// the listener. And "how are you?": SIGUSR1.
#pragma once

#include <functional>
#include <memory>

namespace haingest::net {

class StopSignal {
 public:
  // Takes these signals away from the process until the end of this object: blocked in this thread
  // and in every one it starts from now on, so make it before any thread. Throws Failure.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Calls `listener` with 1, 2, … for each signal, on a thread of this object, those that came
  // before included. One listener; an empty one takes the last away, and on return no call of it
  // is running.
  void listen(std::function<void(int)> listener);

  // Calls `listener` for each SIGUSR1, likewise; without one it means nothing.
  void listen_to_questions(std::function<void()> listener);

  // As though a signal to end had come; any thread.
  void request();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::net
