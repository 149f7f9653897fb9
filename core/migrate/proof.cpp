// SPDX-License-Identifier: MIT
#include "core/migrate/proof.hpp"

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <utility>

namespace haingest::migrate {
namespace {

using influx::Flavour;

constexpr std::int64_t k_day = 86'400'000'000'000;

class Proof {
 public:
  explicit Proof(const ProofOptions& options)
      : options_(options), source_(options.source), target_(options.target) {}

  base::Result<PartProof> of(const Part& part) {
    PartProof proof{part, 0, 0, {}, 0};
    Windows windows(part, options_.filter, std::nullopt);
    for (;;) {
      const auto window = windows.next(source_);
      if (!window) return window.error();
      if (!*window || cancelled()) return proof;
      const auto values = compare(**window, proof);
      if (!values) return values.error();
      windows.had((*window)->span, *values > 0 ? 1 : 0);
      proof.values += *values;
      ++proof.windows;
      values_ += *values;
      options_.progress(part, values_);
    }
  }

  [[nodiscard]] bool cancelled() const { return options_.cancel != nullptr && *options_.cancel; }

 private:
  // Returns the source's values.
  base::Result<std::uint64_t> compare(Window window, PartProof& proof) {
    std::uint64_t values = 0;
    std::vector<Span> spans;
    for (const Span& piece : pieces_of(window)) {
      for (const Span& rest : without(piece, options_.unsettled)) spans.push_back(rest);
    }
    for (const Span& span : spans) {
      window.span = span;
      // InfluxDB 1.6 counts a measurement on one core, so both at once.
      auto counting = std::async(std::launch::async, [&] { return count_window(source_, window); });
      const auto target = count_window(
          target_, window_in_target(window, proof.part.place, options_.target.flavour));
      const auto source = counting.get();
      if (!source) return source.error();
      if (!target) return target.error();
      for (const FieldCount& count : *source) values += count.values;
      for (Difference& difference : differences_of(span, *source, *target)) {
        if (proof.differences.size() < k_most_differences) {
          proof.differences.push_back(std::move(difference));
        } else {
          ++proof.more_differences;
        }
      }
    }
    return values;
  }

  const ProofOptions& options_;
  influx::QueryClient source_;
  influx::QueryClient target_;
  std::uint64_t values_ = 0;
};

}  // namespace

bool can_prove(Flavour target) {
  return target == Flavour::influxdb1 || target == Flavour::influxdb2;
}

base::Result<std::vector<PartProof>> prove(const ProofOptions& options,
                                           const std::vector<Part>& parts) {
  Proof proof(options);
  std::vector<PartProof> proofs;
  for (const Part& part : parts) {
    auto one = proof.of(part);
    if (proof.cancelled()) break;
    if (!one) return one.error();
    proofs.push_back(std::move(*one));
  }
  return proofs;
}

Window window_in_target(const Window& window, const Place& place, Flavour flavour) {
  Window there = window;
  there.database = place.database;
  const bool own_bucket = flavour == Flavour::influxdb2 && place.is_default;
  there.policy = own_bucket ? "autogen" : place.policy;
  return there;
}

std::vector<Span> without(const Span& span, const std::optional<Span>& hole) {
  if (!hole || hole->end <= span.begin || hole->begin >= span.end) return {span};
  std::vector<Span> rest;
  if (span.begin < hole->begin) rest.push_back({span.begin, hole->begin});
  if (hole->end < span.end) rest.push_back({hole->end, span.end});
  return rest;
}

std::vector<Span> pieces_of(const Window& window) {
  const Span& whole = window.span;
  if (!window.measurement->has_clash()) return {whole};
  std::vector<Span> pieces;
  for (std::int64_t begin = whole.begin; begin < whole.end;) {
    const std::int64_t into_day = (begin % k_day + k_day) % k_day;
    const std::int64_t left = k_day - into_day;
    const std::int64_t end = begin < whole.end - left ? begin + left : whole.end;
    pieces.push_back({begin, end});
    begin = end;
  }
  return pieces;
}

std::vector<Difference> differences_of(const Span& span, const std::vector<FieldCount>& source,
                                       const std::vector<FieldCount>& target) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> counts;
  for (const FieldCount& count : source) counts[count.field].first = count.values;
  for (const FieldCount& count : target) counts[count.field].second = count.values;
  std::vector<Difference> differences;
  for (const auto& [field, both] : counts) {
    if (both.first != both.second) differences.push_back({span, field, both.first, both.second});
  }
  return differences;
}

}  // namespace haingest::migrate
