// SPDX-License-Identifier: MIT
// Errors of the data API: one object with ha-ingestor's keys and those of RFC 9457. Pure.
#pragma once

#include <cstdint>
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
//  "title":"Not Found","status":404,"detail":…}
[[nodiscard]] Response problem(int status, std::string_view sentence, base::Timestamp now);
// 410: the same, and `next`, where to go on reading.
[[nodiscard]] Response gone_problem(std::string_view sentence, std::int64_t next,
                                    base::Timestamp now);

// 422; `detail` is the array that FastAPI gives, the sentence names the first violation.
[[nodiscard]] Response validation_problem(const std::vector<Violation>& violations,
                                          base::Timestamp now);

}  // namespace haingest::api
