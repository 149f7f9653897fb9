// SPDX-License-Identifier: MIT
// The sockets of the data API: accepts, keeps count, sweeps up who is too slow, and drains at the
// end. Everything but stop() belongs to the thread that calls run(). Heavy: for .cpp files of this
// room only.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/api/application.hpp"
#include "core/api/connection.hpp"
#include "core/api/service.hpp"
#include "core/api/writer.hpp"

namespace haingest::api {

class Server {
 public:
  // Binds; throws Failure.
  Server(const Options& options, Application& application);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, with the ports it really has.
  [[nodiscard]] std::vector<Listen> bound() const;
  void run();
  void stop();  // any thread

  // For the sessions.
  [[nodiscard]] Application& application() { return application_; }
  [[nodiscard]] Writer& writer() { return writer_; }
  [[nodiscard]] net::io_context& context() { return context_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] bool draining() const { return draining_; }
  // Draining, and nobody may ask for anything more.
  [[nodiscard]] bool last_call_over() const { return last_call_over_; }
  void enrol(Connection& connection);
  void strike(Connection& connection);
  void count_closed() { --open_; }

  // Books `bytes` of body; false when all that may be on their way at once are.
  [[nodiscard]] bool book_body(Connection& connection, std::size_t bytes);
  void unbook_body(Connection& connection);
  // An answer begins, and ends, to wait for a slow reader. Closes the slowest when they hold too
  // much; answers that several wait for are counted once.
  void book_answer(Connection& connection, Bytes body);
  void unbook_answer(Connection& connection);

  // "Wed, 25 Nov 2026 01:30:00 GMT"
  [[nodiscard]] std::string_view date();

 private:
  Async<void> accept_loop(Acceptor& acceptor);
  Async<void> sweep_loop();
  void admit(Socket socket);
  void accept_waiting();
  void close_acceptors();
  void sweep();
  // Closes the connection that has waited longest for a request; false when there is none to close.
  bool close_one();
  void drain();
  void close_silent();
  void cancel_timers();

  // Ends what a forced stop has left, so that every session leaves through its own end.
  void close_all();

  Limits limits_;
  Application& application_;
  std::vector<Connection*> connections_;  // outlives context_, whose end may end sessions
  std::size_t open_ = 0;                  // of connections_, those that nobody has closed yet
  std::size_t body_bytes_ = 0;
  std::unordered_map<const std::string*, std::size_t> waiting_answers_;  // readers of each
  std::size_t answer_bytes_ = 0;
  bool draining_ = false;
  bool last_call_over_ = false;
  net::io_context context_;
  std::list<Acceptor> acceptors_;
  Timer sweep_timer_;
  Timer drain_timer_;
  Timer last_call_timer_;
  Writer writer_;
  std::atomic<int> stops_ = 0;
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace haingest::api
