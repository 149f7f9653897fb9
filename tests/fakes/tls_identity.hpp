// SPDX-License-Identifier: MIT
// A certificate made on the spot: a CA of its own and a server certificate signed by it. Private to
// the fakes.
#pragma once

#include <string>
#include <vector>

namespace haingest::fakes {

struct TlsIdentity {
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
};

// `host_names` may hold IP addresses. With `expired` the certificate ended yesterday. Throws
// std::runtime_error.
[[nodiscard]] TlsIdentity make_tls_identity(const std::vector<std::string>& host_names,
                                            bool expired);

}  // namespace haingest::fakes
