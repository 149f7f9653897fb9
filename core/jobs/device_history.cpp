// SPDX-License-Identifier: MIT
#include "core/jobs/device_history.hpp"

#include <algorithm>
#include <utility>

namespace haingest::jobs {
namespace {

constexpr std::int64_t k_page = 1'000;

// What is gone has no point more.
bool is_due(const model::Change& change) {
  return change.kind == model::Kind::device && change.action != model::Action::removed &&
         change.action != model::Action::superseded;
}

}  // namespace

DeviceHistory::DeviceHistory(std::string database_path, std::optional<base::Timestamp> written,
                             base::Clock clock)
    : database_path_(std::move(database_path)), clock_(std::move(clock)), written_(written) {}

std::optional<DeviceNews> DeviceHistory::everything(store::Reader& reader) {
  const auto run = reader.last_run();
  if (!run) return std::nullopt;
  DeviceNews news;
  news.up_to = run->finished_at;
  const std::int64_t since = reader.last_change_until(news.up_to);
  // Read after the changes: it has at least what they say.
  news.world = std::make_shared<const model::World>(reader.read_all());
  const base::Timestamp now = clock_();
  const model::Table& devices = news.world->of(model::Kind::device);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    news.devices[std::string(devices.row(i)[model::device::device_id].text())] = now;
  }
  since_ = since;
  return news;
}

std::optional<DeviceNews> DeviceHistory::look() {
  store::Reader reader(database_path_);
  if (!since_ && written_) since_ = reader.last_change_until(*written_);
  if (!since_) return everything(reader);
  DeviceNews news;
  std::int64_t since = *since_;
  while (true) {
    const store::ChangesPage page = reader.changes_since(since, k_page);
    if (page.pruned) return everything(reader);
    if (page.changes.empty()) break;
    for (const store::StoredChange& each : page.changes) {
      if (!is_due(each.change)) continue;
      const base::Timestamp at = base::parse_timestamp(each.at).value_or(clock_());
      news.devices[each.change.id] = at;
      news.up_to = std::max(news.up_to, at);
    }
    since = page.next;
  }
  if (!news.devices.empty()) {
    news.world = std::make_shared<const model::World>(reader.read_all());
  }
  since_ = since;
  if (news.devices.empty()) return std::nullopt;
  return news;
}

}  // namespace haingest::jobs
