// SPDX-License-Identifier: MIT
#include "core/influx/spool.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <utility>

#include "core/base/counted.hpp"
#include "core/base/log.hpp"
#include "core/influx/spool_impl.hpp"
#include "core/sqlite/connection.hpp"
#include "core/sqlite/shared_file.hpp"

namespace haingest::influx {
namespace {

// Acknowledgements are written although no commit takes them along.
constexpr std::chrono::seconds k_silence{5};

// memchr looks at 32 bytes at once, std::count at one: 250 instructions a line instead of 4 900.
std::uint32_t count_lines(std::string_view lines) {
  std::uint32_t count = 0;
  for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string_view::npos; ++at) ++count;
  return count;
}

}  // namespace

NewBlock& append_lines(std::vector<NewBlock>& blocks, std::string_view lines) {
  const bool fits = !blocks.empty() && blocks.back().count < k_max_block_lines - 1 &&
                    blocks.back().lines.size() + lines.size() <= k_max_block_bytes;
  NewBlock& block = fits ? blocks.back() : blocks.emplace_back();
  block.lines += lines;
  block.count += count_lines(lines);
  return block;
}

std::size_t Spool::Impl::target_index(const std::string& name) const {
  const auto found = std::ranges::find(options.targets, name);
  if (found == options.targets.end()) {
    throw base::Failure(base::ErrorKind::failure, "the spool has no target \"" + name + "\"");
  }
  return static_cast<std::size_t>(found - options.targets.begin());
}

void Spool::Impl::healing(const std::function<void()>& work) {
  sqlite::translate_errors(path, [&] {
    try {
      work();
    } catch (const SQLite::Exception& error) {
      if (!means_damage(error) || healed) throw;
      healed = true;
      const std::size_t known = report.size();
      set_aside(error.what());
      for (std::size_t i = known; i < report.size(); ++i) base::log::error(report[i]);
      work();
    }
  });
}

base::Result<void> Spool::Impl::answered(const std::function<void()>& work) {
  try {
    healing(work);
    return {};
  } catch (const base::Failure& failure) {
    return failure.error();
  }
}

// Counted once (a salvage has done so already); its row goes with the rest.
void Spool::Impl::lose(std::int64_t id, std::uint32_t lines) {
  if (!ledger.give_up_one(id)) return;
  losses.damaged_blocks += 1;
  losses.damaged_lines += lines;
  losses_unsaved = true;
  base::log::error(path + ": block " + std::to_string(id) + " with " +
                   base::counted(lines, "line") + " is damaged (its checksum is wrong) and lost");
}

bool Spool::Impl::read_one(std::int64_t id, Block& block) const {
  BlockRow row;
  std::uint32_t sum = 0;
  const bool whole = file->read_block(id, row, sum) && checksum(row) == sum;
  if (whole) {
    block = {row.id, std::string{row.lines}, row.count, row.taken_at, row.alone};
  }
  file->release_block();
  return whole;
}

Spool::Spool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Spool::Spool(Spool&&) noexcept = default;
Spool& Spool::operator=(Spool&&) noexcept = default;
Spool::~Spool() = default;

Spool Spool::open(const std::string& path, SpoolOptions options, base::Clock clock) {
  if (const std::string file = sqlite::behind_links(path); file != path) {
    return open(file, std::move(options), std::move(clock));
  }
  if (options.targets.empty() || options.targets.size() > k_most_targets) {
    throw base::Failure(base::ErrorKind::failure, "the spool takes 1 to 32 targets, not " +
                                                      std::to_string(options.targets.size()));
  }
  sqlite::refuse_what_is_no_file(path, "choose another database with --db");
  std::unique_ptr<Impl> impl;
  sqlite::translate_errors(
      path, [&] { impl = std::make_unique<Impl>(path, std::move(options), std::move(clock)); });
  return Spool{std::move(impl)};
}

base::Result<std::int64_t> Spool::commit(const SpoolCommit& commit) {
  const std::lock_guard guard(impl_->mutex);
  std::int64_t last = 0;
  const auto done = impl_->answered([&] { last = impl_->commit(commit); });
  if (done.has_error()) return done.error();
  impl_->news.notify_all();
  return last;
}

std::vector<Block> Spool::read(const std::string& target, std::int64_t after,
                               std::uint32_t max_lines, std::size_t max_bytes) {
  const std::lock_guard guard(impl_->mutex);
  std::vector<Block> blocks;
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  const std::size_t index = impl_->target_index(target);
  while (const SpoolLedger::Entry* const next = impl_->ledger.next(index, after)) {
    const SpoolLedger::Entry entry = *next;
    if (!blocks.empty() && (lines + entry.count > max_lines || bytes + entry.bytes > max_bytes)) {
      break;
    }
    after = entry.id;
    Block block;
    bool whole = false;
    impl_->healing([&] { whole = impl_->read_one(entry.id, block); });
    if (whole) {
      lines += entry.count;
      bytes += entry.bytes;
      blocks.push_back(std::move(block));
    } else {
      impl_->lose(entry.id, entry.count);
    }
  }
  return blocks;
}

bool Spool::wait(const std::string& target, std::int64_t after, std::chrono::milliseconds limit) {
  std::unique_lock guard(impl_->mutex);
  Impl& impl = *impl_;
  const std::size_t index = impl.target_index(target);
  const auto deadline = Steady::now() + limit;
  std::uint64_t& seen = impl.wakes_seen[std::this_thread::get_id()];
  for (;;) {
    const bool woken = std::exchange(seen, impl.wakes) != impl.wakes;
    const bool any = impl.ledger.next(index, after) != nullptr;
    const auto now = Steady::now();
    if (any || woken || now >= deadline) return any;
    auto until = deadline;
    if (impl.has_unsaved()) {
      if (now >= impl.last_write + k_silence) {
        // What fails here is tried again with the next commit, which says so.
        impl.last_write = now;
        static_cast<void>(impl.answered([&impl] { impl.save(); }));
      }
      until = std::min(until, impl.last_write + k_silence);
    }
    impl.news.wait_until(guard, until);
  }
}

void Spool::wake() {
  {
    const std::lock_guard guard(impl_->mutex);
    ++impl_->wakes;
  }
  impl_->news.notify_all();
}

base::Result<void> Spool::acknowledge(const std::string& target,
                                      const std::vector<std::int64_t>& blocks) {
  const std::lock_guard guard(impl_->mutex);
  Impl& impl = *impl_;
  const std::size_t index = impl.target_index(target);
  for (const std::int64_t id : blocks) impl.ledger.acknowledge(index, id);
  if (!impl.must_save()) return {};
  return impl.answered([&impl] { impl.save(); });
}

std::map<std::string, base::Timestamp, std::less<>> Spool::marks() {
  const std::lock_guard guard(impl_->mutex);
  return impl_->marks.all();
}

std::vector<Gap> Spool::gaps() {
  const std::lock_guard guard(impl_->mutex);
  std::vector<Gap> gaps;
  impl_->healing([&] { gaps = impl_->file->gaps(); });
  return gaps;
}

SpoolDepth Spool::depth(const std::string& target) {
  const std::lock_guard guard(impl_->mutex);
  return impl_->ledger.depth(impl_->target_index(target));
}

std::int64_t Spool::last_block() {
  const std::lock_guard guard(impl_->mutex);
  return impl_->ledger.last_id();
}

SpoolLosses Spool::losses() {
  const std::lock_guard guard(impl_->mutex);
  return impl_->losses;
}

std::vector<std::string> Spool::report() const {
  const std::lock_guard guard(impl_->mutex);
  return impl_->report;
}

}  // namespace haingest::influx
