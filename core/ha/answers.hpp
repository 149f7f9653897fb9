// SPDX-License-Identifier: MIT
// Which commands a snapshot is made of, and how their answers fill a Document. Pure but for the
// log.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/ha/address.hpp"
#include "core/ha/session.hpp"
#include "core/model/snapshot.hpp"

namespace haingest::ha {

inline constexpr std::string_view k_config = "get_config";

struct SnapshotCommand {
  model::Part part;
  std::string_view type;
};
// In the order of Part; get_config goes first, without a part of its own.
inline constexpr std::array<SnapshotCommand, model::k_part_count> k_snapshot_commands{{
    {model::Part::devices, "config/device_registry/list"},
    {model::Part::entities, "config/entity_registry/list"},
    {model::Part::areas, "config/area_registry/list"},
    {model::Part::floors, "config/floor_registry/list"},
    {model::Part::labels, "config/label_registry/list"},
    {model::Part::config_entries, "config_entries/get"},
    {model::Part::composite_splits, "config/device_registry/list_composite_splits"},
    {model::Part::states, "get_states"},
}};

// Fills `ha` (not its `when`) from the answer to get_config, without which nothing is known of this
// Home Assistant: then the error.
[[nodiscard]] std::optional<base::Error> take_config(const Reply& reply, const Address& address,
                                                     model::HaInfo& ha);

// The answer becomes the part's, whether it is one or an error; `whole` gets the untouched result
// of get_states, of which the document keeps an extract.
void take_answer(const SnapshotCommand& command, Reply reply, const Address& address,
                 model::Document& document, model::JsonText* whole = nullptr);

}  // namespace haingest::ha
