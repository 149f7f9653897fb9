// SPDX-License-Identifier: MIT
// Who may write, read and name the `Host`, decided from a request's header alone. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/api/http.hpp"
#include "core/base/secret.hpp"

namespace haingest::api {

struct Access {
  base::Secret token = {};  // empty: writes are open to direct loopback peers only
  bool private_reads = false;
  std::vector<std::string> cors_origins = {};  // "https://dash.example.org"; "*": any
  std::vector<std::string> allowed_hosts =
      {};                         // "ha.example.org", with or without a port; "*": any
  std::string machine_name = {};  // as gethostname() has it
};

struct Refusal {
  int status = 403;
  std::string sentence;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

enum class Method { get, head, post, remove, options, other };
[[nodiscard]] Method method_of(std::string_view method);
// Whatever is not known to be a read counts as a write.
[[nodiscard]] bool writes(Method method);

// None: go on. `host` is the target's authority where it has one, else the Host header.
[[nodiscard]] std::optional<Refusal> refuse(const Request& request, std::string_view host,
                                            const Access& access);

// An IP address, localhost, this machine's name (also as <name>.local) or an allowed host, each
// with or without a port.
[[nodiscard]] bool host_is_ours(std::string_view host, const Access& access);

// What Access-Control-Allow-Origin has to say; empty: nothing, the browser then refuses the page.
[[nodiscard]] std::string_view allowed_origin(std::string_view origin, const Access& access);

// "application/json", with or without parameters.
[[nodiscard]] bool is_json(std::string_view content_type);

}  // namespace haingest::api
