// SPDX-License-Identifier: MIT
// The layout of the spool's file and its numbered migrations (`user_version`).
//
//   blocks        one row a block of lines; `checksum` and `marks` as in spool_row.hpp
//   marks         entity_id -> microseconds; as of the last deletion of blocks, younger ones are in
//                 the blocks: a row for each event would cost as much as the event
//   targets       what each has acknowledged: all blocks up to this id
//   gaps, gap_entities
//   state         one row: whose file this is, its layout once more, the losses, the last id given
//
// Every kind of row differs from the others in number and types of its columns, so that a damaged
// file can be read row by row, whichever page a row lies on (spool_salvage.hpp); a new column must
// keep it so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace SQLite {
class Database;
}

namespace haingest::influx {

inline constexpr std::int64_t k_spool_layout = 1;
inline constexpr std::int64_t k_spool_application = 0x68677370;  // "hgsp"
inline constexpr std::string_view k_spool_signature = "haingest spool";
inline constexpr std::uint32_t k_spool_page_size = 4096;

// Brings an open file up to k_spool_layout inside the caller's transaction. The caller has seen to
// it that the file is empty or a spool of no newer layout.
void migrate_spool(SQLite::Database& database);

// Whether the tables say what k_spool_layout says. A wrong byte in the words that made them is
// nothing that SQLite finds: the column has another name, or another type, from then on.
[[nodiscard]] bool has_spool_tables(SQLite::Database& database);

}  // namespace haingest::influx
