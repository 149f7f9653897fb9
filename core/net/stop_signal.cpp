// SPDX-License-Identifier: MIT
#include "core/net/stop_signal.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>  // sigaction; NOLINT(*-deprecated-headers)
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/error.hpp"

namespace haingest::net {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {
    if (fd_ >= 0) return;
    throw base::Failure(base::ErrorKind::failure,
                        std::string{"cannot wait for signals: "} + std::strerror(errno));
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// The signals blocked, and unblocked again if they were not before.
class Mask {
 public:
  Mask() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~Mask() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;
  [[nodiscard]] const sigset_t& signals() const { return signals_; }

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

void raise(const Descriptor& event, std::uint64_t amount) {
  static_cast<void>(::write(event.get(), &amount, sizeof amount) > 0);
}

}  // namespace

struct StopSignal::Impl {
  Mask mask;
  Descriptor signals{::signalfd(-1, &mask.signals(), SFD_CLOEXEC | SFD_NONBLOCK)};
  Descriptor requests{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)};
  Descriptor end{::eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex;
  std::function<void(int)> listener;  // guarded by mutex
  std::function<void()> on_question;  // guarded by mutex
  int come = 0;                       // guarded by mutex
  int told = 0;                       // guarded by mutex
  std::thread thread;

  void tell() {  // with mutex
    while (listener && told < come) listener(++told);
  }

  void end_wanted() {
    const std::lock_guard lock(mutex);
    ++come;
    tell();
  }

  void take_signals() {
    signalfd_siginfo signal{};
    while (::read(signals.get(), &signal, sizeof signal) > 0) {
      if (signal.ssi_signo != SIGUSR1) {
        end_wanted();
        continue;
      }
      const std::lock_guard lock(mutex);
      if (on_question) on_question();
    }
  }

  void take_requests() {
    std::uint64_t request = 0;
    while (::read(requests.get(), &request, sizeof request) > 0) end_wanted();
  }

  void work() {
    std::array<pollfd, 3> waits{
        {{signals.get(), POLLIN, 0}, {requests.get(), POLLIN, 0}, {end.get(), POLLIN, 0}}};
    while (::poll(waits.data(), waits.size(), -1) >= 0 || errno == EINTR) {
      if ((waits[2].revents & POLLIN) != 0) return;
      take_signals();
      take_requests();
    }
  }
};

StopSignal::StopSignal() : impl_(std::make_unique<Impl>()) {
  impl_->thread = std::thread([this] { impl_->work(); });
}

StopSignal::~StopSignal() {
  raise(impl_->end, 1);
  impl_->thread.join();
}

void StopSignal::listen(std::function<void(int)> listener) {
  const std::lock_guard lock(impl_->mutex);
  impl_->listener = std::move(listener);
  impl_->tell();
}

void StopSignal::listen_to_questions(std::function<void()> listener) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_question = std::move(listener);
}

void StopSignal::request() { raise(impl_->requests, 1); }

}  // namespace haingest::net
