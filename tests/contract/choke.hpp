// SPDX-License-Identifier: MIT
// A TCP proxy that lets so many bytes of the server's answers through and then holds the rest back,
// so that a test can do something to the server in the middle of a conversation. When the server is
// gone, so is the client's connection.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace haingest::test {

class Choke {
 public:
  // `url` is the server's, "http://127.0.0.1:8123".
  Choke(const std::string& url, std::size_t bytes);
  ~Choke();
  Choke(const Choke&) = delete;
  Choke& operator=(const Choke&) = delete;

  [[nodiscard]] std::string url() const;
  // Whether the bytes have been let through and more is waiting.
  [[nodiscard]] bool is_holding() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace haingest::test
