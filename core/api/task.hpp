// SPDX-License-Identifier: MIT
// What is to be done with a request, decided by its header.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "core/api/http.hpp"
#include "core/api/library.hpp"
#include "core/api/writes.hpp"

namespace haingest::api {

// A read: what its answer is kept under, and how it comes about.
struct Read {
  std::string key;
  std::function<Response(Library&)> render;
  bool kept = true;  // false: depends on the moment it is asked
};

// A Response is known already: a refusal, or what needs neither store nor body.
using Task = std::variant<Response, Read, Write>;

}  // namespace haingest::api
