// SPDX-License-Identifier: MIT
// The one thread that writes: takes jobs in order, one at a time. submit() may be called from any
// thread; results are called on the writer's own thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/api/writes.hpp"

namespace haingest::api {

class Writer {
 public:
  struct Job {
    Write write;
    std::string body;
    std::string peer;
    std::function<void(Response)> done;
  };

  explicit Writer(WriteContext context);
  // Jobs that have not begun are dropped; one that runs is waited for, unless abandon() was called.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void submit(Job job);
  // Nobody waits any more: a write that runs goes on by itself and ends, or dies with the process;
  // SQLite undoes it then.
  void abandon();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace haingest::api
