// SPDX-License-Identifier: MIT
#include "core/jobs/dead_letters.hpp"

namespace haingest::jobs {
namespace {

influx::DeadLetters open(const std::string& database_path) {
  return influx::DeadLetters(database_path + "-dead", database_path);
}

}  // namespace

std::vector<influx::DeadLetter> list_letters(const std::string& database_path,
                                             const std::vector<std::int64_t>& ids) {
  return open(database_path).list(ids);
}

std::int64_t retry_letters(const std::string& database_path, const std::vector<std::int64_t>& ids) {
  return open(database_path).mark_for_retry(ids);
}

std::int64_t drop_letters(const std::string& database_path, const std::vector<std::int64_t>& ids) {
  return open(database_path).drop(ids);
}

}  // namespace haingest::jobs
