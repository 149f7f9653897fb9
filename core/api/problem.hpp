// SPDX-License-Identifier: MIT
// Errors of the data API: one object with ha-ingestor's keys and those of RFC 9457. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/api/http.hpp"
#include "core/api/query.hpp"
#include "core/base/timestamp.hpp"

namespace haingest::api {

// "Not Found"
[[nodiscard]] std::string_view reason_of(int status);

// {"success":false,"error":…,"error_code":"HTTP_404","timestamp":…,"type":"about:blank",
//  "title":"Not Found","status":404,"detail":…}; `more` is appended as further keys: `,"next":7`.
[[nodiscard]] Response problem(int status, std::string_view sentence, base::Timestamp now,
                               std::string_view more = {});

// 422; `detail` is the array that FastAPI gives, the sentence names the first violation.
[[nodiscard]] Response validation_problem(const std::vector<Violation>& violations,
                                          base::Timestamp now);

}  // namespace haingest::api
