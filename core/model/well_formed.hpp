// SPDX-License-Identifier: MIT
// Whether a text is JSON. Registries are kept and printed byte for byte, so that one broken answer
// would break the whole document. Pure.
#pragma once

#include "core/model/json_text.hpp"

namespace haingest::model {

// True for one JSON value of RFC 8259, at most 1 000 levels deep. Lone surrogates in escapes pass:
// the grammar has them, and one odd name must not cost a registry. `json` is UTF-8 (a text message
// is, or the connection has failed).
[[nodiscard]] bool is_well_formed(const JsonText& json);

}  // namespace haingest::model
