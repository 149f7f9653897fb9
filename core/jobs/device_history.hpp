// SPDX-License-Identifier: MIT
// Which devices a point of measurement `devices` is due for. The store's changes say it: `up_to`,
// kept in the spool beside the points, is the moment of the newest that they take account of, so
// that neither a crash nor what `sync` or a client of the data API has changed meanwhile leaves one
// out, and no start repeats one. Without it (the first start, a new spool) all of them are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/timestamp.hpp"
#include "core/model/world.hpp"
#include "core/store/reader.hpp"

namespace haingest::jobs {

struct DeviceNews {
  std::shared_ptr<const model::World> world;
  std::map<std::string, base::Timestamp, std::less<>> devices;  // device_id -> its point's moment
  base::Timestamp up_to{};
};

class DeviceHistory {
 public:
  // `written`: the `up_to` of the last news that were written.
  DeviceHistory(std::string database_path, std::optional<base::Timestamp> written,
                base::Clock clock);

  // What has come since the last call; none: nothing. Throws Failure when the store cannot be read,
  // and says it all the next time then.
  [[nodiscard]] std::optional<DeviceNews> look();

 private:
  [[nodiscard]] std::optional<DeviceNews> everything(store::Reader& reader);

  const std::string database_path_;
  const base::Clock clock_;
  std::optional<base::Timestamp> written_;
  std::optional<std::int64_t> since_;  // the newest change that was looked at
};

}  // namespace haingest::jobs
