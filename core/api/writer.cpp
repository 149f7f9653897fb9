// SPDX-License-Identifier: MIT
#include "core/api/writer.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace haingest::api {

struct Writer::State {
  WriteContext context;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;    // guarded by mutex
  bool stopping = false;   // guarded by mutex
  bool abandoned = false;  // guarded by mutex
  std::thread thread;      // the owner's

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stopping || !jobs.empty(); });
      if (stopping) return;
      const Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      Response response = carry_out(job.write, job.body, job.peer, context);
      lock.lock();
      if (!abandoned) job.done(std::move(response));
    }
  }
};

Writer::Writer(WriteContext context) : state_(std::make_shared<State>()) {
  state_->context = std::move(context);
  // The thread keeps the state alive by itself, for when it is abandoned.
  state_->thread = std::thread([state = state_] { state->work(); });
}

Writer::~Writer() {
  bool abandoned = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->jobs.clear();
    abandoned = state_->abandoned;
  }
  state_->changed.notify_all();
  if (abandoned) {
    state_->thread.detach();
  } else {
    state_->thread.join();
  }
}

void Writer::submit(Job job) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->jobs.push_back(std::move(job));
  }
  state_->changed.notify_one();
}

void Writer::abandon() {
  const std::lock_guard lock(state_->mutex);
  state_->abandoned = true;
}

}  // namespace haingest::api
