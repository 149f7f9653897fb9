// SPDX-License-Identifier: MIT
#include "core/ha/history.hpp"

#include "core/base/json_object.hpp"

namespace haingest::ha {

std::string history_members(const std::vector<std::string>& entities, base::Timestamp start,
                            base::Timestamp end, bool with_start_state) {
  // Home Assistant's own defaults leave out changes of attributes and add states of `start`.
  const std::string object = base::JsonObject{}
                                 .text("start_time", base::to_iso_text(start))
                                 .text("end_time", base::to_iso_text(end))
                                 .json("entity_ids", base::json_list(entities))
                                 .flag("include_start_time_state", with_start_state)
                                 .flag("significant_changes_only", false)
                                 .flag("minimal_response", false)
                                 .flag("no_attributes", false)
                                 .done();
  return object.substr(1, object.size() - 2);
}

}  // namespace haingest::ha
