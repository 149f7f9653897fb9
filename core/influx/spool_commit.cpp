// SPDX-License-Identifier: MIT
#include <sys/statvfs.h>

#include <algorithm>
#include <bit>
#include <filesystem>

#include "core/base/counted.hpp"
#include "core/base/log.hpp"
#include "core/influx/spool_impl.hpp"

namespace haingest::influx {
namespace {

// When acknowledgements are written although no commit takes them along.
constexpr std::int64_t k_most_unsaved = 64;
constexpr std::uint64_t k_most_unsaved_bytes = std::uint64_t{16} << 20U;

// A machine without a clock of its own stamps blocks with 1970 until it has asked for the time:
// their age is not known.
constexpr base::Timestamp k_clock_was_set{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

std::uint64_t free_disk_bytes(const std::string& path) {
  struct statvfs disk {};
  const auto folder = std::filesystem::path(path).parent_path().string();
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return UINT64_MAX;
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

}  // namespace

void Spool::Impl::remember_cursors() {
  saved_cursors.clear();
  for (std::size_t i = 0; i < options.targets.size(); ++i) {
    saved_cursors.push_back(ledger.cursor(i));
  }
}

// Blocks behind one that a target has not acknowledged do not count: there is no writing them.
std::int64_t Spool::Impl::unsaved() {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < saved_cursors.size(); ++i) sum += ledger.cursor(i) - saved_cursors[i];
  return sum;
}

bool Spool::Impl::must_save() {
  const std::int64_t blocks = unsaved();
  return losses_unsaved || blocks >= k_most_unsaved ||
         (blocks > 0 && ledger.erasable_bytes() >= k_most_unsaved_bytes);
}

Spool::Impl::Plan Spool::Impl::plan_of(const SpoolCommit& commit) const {
  Plan plan;
  for (const Mark& mark : commit.marks) {
    if (marks.is_news(mark.entity_id, mark.last_updated)) plan.news.push_back(&mark);
  }
  const base::Timestamp now = clock();
  std::int64_t id = ledger.last_id();
  const auto all = static_cast<std::uint32_t>((std::uint64_t{1} << options.targets.size()) - 1);
  for (const NewBlock& block : commit.blocks) {
    if (block.lines.empty()) continue;
    plan.bytes += block.lines.size();
    plan.rows.push_back({++id, now, block.count, block.alone, block.only_target, {}, block.lines});
    plan.waiting.push_back(
        block.only_target.empty() ? all : std::uint32_t{1} << target_index(block.only_target));
  }
  if (!plan.rows.empty() && !plan.news.empty()) plan.packed_marks = pack_marks(plan.news);
  return plan;
}

// The oldest blocks somebody waits for are those that the slowest target waits for.
void Spool::Impl::plan_bounds(Plan& plan) {
  const base::Timestamp now = clock();
  const std::uint64_t wanted = ledger.waiting_bytes() + plan.bytes;
  std::uint64_t excess = wanted > options.max_bytes ? wanted - options.max_bytes : 0;
  if (plan.bytes > 0 && free_disk_bytes(path) < options.min_free_disk_bytes) {
    const std::uint64_t room = file->free_bytes() + ledger.erasable_bytes();
    if (room < plan.bytes) excess = std::max(excess, plan.bytes - room);
  }
  ledger.visit_waiting([&](const SpoolLedger::Entry& entry) {
    const bool too_old = entry.taken_at > k_clock_was_set && now - entry.taken_at > options.max_age;
    if (excess == 0 && !too_old) return false;
    excess -= std::min<std::uint64_t>(excess, entry.bytes);
    plan.give_up_to = entry.id;
    plan.given_up_lines +=
        std::uint64_t{entry.count} * static_cast<std::uint64_t>(std::popcount(entry.waiting));
    return true;
  });
}

void Spool::Impl::write_progress(std::int64_t erase_to, const SpoolLosses& now_lost) {
  for (std::size_t i = 0; i < options.targets.size(); ++i) {
    file->put_target({options.targets[i], std::max(ledger.cursor(i), erase_to)}, clock());
  }
  if (erase_to > 0) {
    // The marks that these blocks hold are nowhere else.
    marks.visit_unsaved([this](const std::string& entity_id, base::Timestamp last_updated) {
      file->put_mark(entity_id, last_updated);
    });
    file->erase_blocks(erase_to);
  }
  file->put_state({now_lost, ledger.last_id()});
}

void Spool::Impl::saved(std::int64_t erase_to) {
  if (erase_to > 0) marks.saved();
  ledger.erase(erase_to);
  remember_cursors();
  losses_unsaved = false;
  last_write = Steady::now();
}

void Spool::Impl::save() {
  const std::int64_t erase_to = ledger.erasable();
  file->transact([&] { write_progress(erase_to, losses); });
  saved(erase_to);
  if (ledger.waiting_bytes() < k_most_unsaved_bytes) file->shrink();
}

void Spool::Impl::write(const SpoolCommit& commit, const Plan& plan) {
  SpoolLosses now_lost = losses;
  now_lost.given_up_lines += plan.given_up_lines;
  if (plan.save) write_progress(plan.erase_to, now_lost);
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    BlockRow row = plan.rows[i];
    if (i == 0) row.marks = plan.packed_marks;
    file->add_block(row, checksum(row));
  }
  if (plan.rows.empty()) {
    for (const Mark* mark : plan.news) file->put_mark(mark->entity_id, mark->last_updated);
  }
  if (commit.new_gap && !commit.new_gap->open.empty()) {
    file->add_gap(last_gap + 1, commit.new_gap->to, commit.new_gap->noticed);
    for (const GapEntity& entity : commit.new_gap->open) {
      file->add_gap_entity(last_gap + 1, entity);
    }
  }
  for (const SpoolCommit::Filled& filled : commit.filled) {
    if (filled.up_to) {
      file->fill_up_to(filled.gap, filled.entities, *filled.up_to);
    } else {
      file->fill(filled.gap, filled.entities);
    }
  }
}

// After the commit: memory follows the file.
void Spool::Impl::taken(const SpoolCommit& commit, const Plan& plan) {
  if (plan.save) {
    ledger.give_up(plan.give_up_to);
    losses.given_up_lines += plan.given_up_lines;
    saved(plan.erase_to);
  }
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    const BlockRow& row = plan.rows[i];
    ledger.add({row.id, row.taken_at, static_cast<std::uint32_t>(row.lines.size()), row.count,
                plan.waiting[i]});
  }
  const auto where = plan.rows.empty() ? SpoolMarks::In::table : SpoolMarks::In::block;
  for (const Mark* mark : plan.news) marks.take(mark->entity_id, mark->last_updated, where);
  if (commit.new_gap && !commit.new_gap->open.empty()) ++last_gap;
  last_write = Steady::now();
}

std::int64_t Spool::Impl::commit(const SpoolCommit& commit) {
  Plan plan = plan_of(commit);
  plan_bounds(plan);
  if (plan.rows.empty() && plan.news.empty() && !commit.new_gap && commit.filled.empty() &&
      plan.give_up_to == 0) {
    return ledger.last_id();
  }
  plan.save = must_save() || plan.give_up_to > 0;
  if (plan.save) plan.erase_to = std::max(ledger.erasable(), plan.give_up_to);
  file->transact([&] { write(commit, plan); });
  taken(commit, plan);
  if (plan.given_up_lines > 0) {
    base::log::error(path +
                     ": a bound of the spool is reached (bytes, age or free disk); its oldest " +
                     base::counted(plan.given_up_lines, "line") + " will reach no target");
  }
  return ledger.last_id();
}

}  // namespace haingest::influx
