// SPDX-License-Identifier: MIT
// A frame of Home Assistant's, whole or coalesced, and what a result in it is parsed into next.
#include "core/ha/protocol.hpp"
#include "core/model/ha_json.hpp"
#include "core/model/snapshot.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ha::FrameSplitter splitter;
  const std::string frame(fuzz::text_of(data, size));
  for (const ha::Message& message : splitter.split(frame)) {
    for (const model::Kind kind : model::k_kinds) {
      const auto records = model::parse_records(kind, message.json, model::Missing::null);
      if (records) fuzz::require(records->table.size() <= message.json.size());
    }
    static_cast<void>(model::reduce_states(message.json));
  }
  return 0;
}
