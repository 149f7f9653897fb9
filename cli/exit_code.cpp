// SPDX-License-Identifier: MIT
#include "cli/exit_code.hpp"

#include <algorithm>
#include <array>

namespace haingest::cli {

ExitCode exit_code_of(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::failure:
      return ExitCode::failure;
    case base::ErrorKind::usage:
      return ExitCode::usage;
    case base::ErrorKind::credentials:
      return ExitCode::credentials;
    case base::ErrorKind::unreachable:
      return ExitCode::unreachable;
    case base::ErrorKind::guard:
      return ExitCode::guard;
  }
  return ExitCode::failure;
}

std::size_t rank_of(ExitCode code) {
  static constexpr std::array order{
      ExitCode::usage,   ExitCode::credentials, ExitCode::unreachable, ExitCode::guard,
      ExitCode::partial, ExitCode::failure,     ExitCode::differences, ExitCode::fine};
  return static_cast<std::size_t>(std::ranges::find(order, code) - order.begin());
}

std::span<const ExitCodeText> exit_codes() {
  static constexpr std::array all{
      ExitCodeText{ExitCode::fine, "fine"},
      ExitCodeText{ExitCode::failure, "failure: the file, the database, the output"},
      ExitCodeText{ExitCode::usage, "the command line or the configuration is wrong"},
      ExitCodeText{ExitCode::differences, "differences found (only with --exit-code)"},
      ExitCodeText{ExitCode::credentials, "credentials refused; do not retry, Home Assistant bans"},
      ExitCodeText{ExitCode::unreachable, "a peer is unreachable, cut off or out of time"},
      ExitCodeText{ExitCode::partial,
                   "finished, but parts failed: a registry answered with an error, Home Assistant "
                   "is still starting, or a copied history lacks something"},
      ExitCodeText{ExitCode::guard,
                   "stopped by a safety guard: mass removal, another house, a newer schema"},
  };
  return all;
}

}  // namespace haingest::cli
