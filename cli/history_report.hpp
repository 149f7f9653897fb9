// SPDX-License-Identifier: MIT
// What became of a copy of the history, or would, in the formats that every command offers.
#pragma once

#include <cstddef>
#include <iosfwd>

#include "core/jobs/copy_history.hpp"

namespace haingest::cli {

// Each measurement, the warnings, what was counted, and the first of the differences.
void write_history_table(std::ostream& out, const jobs::CopyHistoryReport& history,
                         std::size_t width);

// {"measurements":[…], "complete", "rejected", "dropped_texts", "differences":[…], "warnings":[…]};
// of a plan "estimated_bytes" and "estimated_seconds" in place of the second to the fourth.
void write_history_json(std::ostream& out, const jobs::CopyHistoryReport& history);

// A line for each measurement, then one for each difference.
void write_history_ndjson(std::ostream& out, const jobs::CopyHistoryReport& history);

// One table: the measurements, or the differences where nothing but those was asked for.
void write_history_csv(std::ostream& out, const jobs::CopyHistoryReport& history);

}  // namespace haingest::cli
