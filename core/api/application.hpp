// SPDX-License-Identifier: MIT
// The data API without its transport: a request's header to what is to be done with it, and that to
// the bytes of the answer. One thread (the server's); writes are handed out, not carried out here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/api/cache.hpp"
#include "core/api/guard.hpp"
#include "core/api/http.hpp"
#include "core/api/library.hpp"
#include "core/api/query.hpp"
#include "core/api/task.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::api {

// An answer as it goes onto the wire.
struct Wire {
  std::string head;         // status line to the empty line
  Bytes body;               // nullptr: none
  std::size_t date_at = 0;  // where the 29 characters of Date's value begin in `head`
  bool close = false;       // the connection ends behind it
  // Equal requests get equal bytes (but for Date) as long as the store's version is this; 0: never.
  std::uint64_t version = 0;
};

struct Decision {
  Task task;
  std::size_t body_limit = 0;  // bytes of body that may be read before the task is done
};

struct ApplicationOptions {
  Access access;
  std::size_t body_limit = 0;  // of a write that the guard lets pass
  base::Clock clock;
};

class Application {
 public:
  Application(ApplicationOptions options, Library& library);

  // Guard, route and parameters; needs everything of the request but its body.
  [[nodiscard]] Decision decide(const Request& request);
  [[nodiscard]] Wire answer(const Request& request, const Read& read);
  [[nodiscard]] Wire answer(const Request& request, const Response& response) const;

  // For what the transport finds wrong.
  [[nodiscard]] Response problem_of(int status, std::string_view sentence) const;

  // 0 while the store cannot be read.
  [[nodiscard]] std::uint64_t version();
  // This process has written to the store.
  void written();

 private:
  [[nodiscard]] Task route(const Request& request, const Target& target) const;
  [[nodiscard]] Response options_answer(const Request& request, const Target& target) const;
  [[nodiscard]] Wire kept_answer(const Request& request, const Read& read);
  [[nodiscard]] Wire wire_of(const Request& request, Rendered& rendered,
                             std::uint64_t version) const;

  ApplicationOptions options_;
  Library& library_;
  Cache cache_;
  base::Timestamp started_at_;
};

}  // namespace haingest::api
