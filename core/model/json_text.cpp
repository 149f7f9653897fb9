// SPDX-License-Identifier: MIT
#include "core/model/json_text.hpp"

#include <utility>

namespace haingest::model {

JsonText::JsonText(std::string text) {
  text.reserve(text.size() + k_padding);
  whole_ = std::make_shared<const std::string>(std::move(text));
  view_ = *whole_;
}

JsonText JsonText::slice(std::string_view part) const {
  JsonText slice = *this;
  slice.view_ = part;
  return slice;
}

}  // namespace haingest::model
