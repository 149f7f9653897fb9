// SPDX-License-Identifier: MIT
#include "tests/support/left_out.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tests/support/catch.hpp"

namespace haingest::test {

void left_out(const std::string& what, const std::string& why) {
  const std::string line = "left out: " + what + ": " + why;
  std::cout << line << std::endl;
  const char* const require = std::getenv("HAINGEST_TEST_REQUIRE");
  if (require != nullptr && std::string(require) == "all") FAIL(line);
}

bool have_pseudo_terminal() {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal >= 0) {
    ::close(terminal);
    return true;
  }
  left_out("what needs a terminal", "this machine has no /dev/pts");
  return false;
}

bool have_ipv6() {
  const int descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = descriptor >= 0 &&
                     ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!bound) left_out("IPv6", "this machine has no ::1");
  return bound;
}

}  // namespace haingest::test
