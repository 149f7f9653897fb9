// SPDX-License-Identifier: MIT
// An answer of the data API as a client sees it.
#pragma once

#include <string>

namespace haingest::test {

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;

  // The value of a header, "" without one.
  [[nodiscard]] std::string header(const std::string& name) const;
};

// The text in a gzip member; fails the test where it is none.
[[nodiscard]] std::string gunzip(const std::string& gzipped);

}  // namespace haingest::test
