// SPDX-License-Identifier: MIT
#include "core/model/change.hpp"

namespace haingest::model {

std::string_view name_of(Action action) {
  switch (action) {
    case Action::added:
      return "added";
    case Action::updated:
      return "updated";
    case Action::renamed:
      return "renamed";
    case Action::removed:
      return "removed";
    case Action::restored:
      return "restored";
    case Action::superseded:
      return "superseded";
  }
  return "";
}

}  // namespace haingest::model
