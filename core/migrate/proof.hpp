// SPDX-License-Identifier: MIT
// Whether a copy is whole: what both servers count, window by window and field by field.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/influx/query.hpp"
#include "core/migrate/copy_plan.hpp"

namespace haingest::migrate {

struct Difference {
  Span span;
  std::string field;
  std::uint64_t source = 0;  // values of it
  std::uint64_t target = 0;
  bool operator==(const Difference&) const = default;
};

struct PartProof {
  Part part;
  std::uint64_t values = 0;  // in the source
  std::uint64_t windows = 0;
  std::vector<Difference> differences;  // in the order of time; the first k_most_differences
  std::uint64_t more_differences = 0;
};
inline constexpr std::size_t k_most_differences = 1'000;

struct ProofOptions {
  influx::QueryOptions source;
  influx::QueryOptions target;  // InfluxDB 1 or 2
  CopyFilter filter;
  std::optional<Span> unsettled;  // not counted: points of it may have come since it was read
  const std::atomic<bool>* cancel = nullptr;  // the parts that are not counted by then are left out
  // After each window: which part, and the source's values so far, of all parts.
  std::function<void(const Part&, std::uint64_t)> progress = [](const Part&, std::uint64_t) {};
};

[[nodiscard]] bool can_prove(influx::Flavour target);

// Counts where the source has points: what the target alone has elsewhere is no difference. A
// server whose disk was full counts points that it has refused, until it is started again.
[[nodiscard]] base::Result<std::vector<PartProof>> prove(const ProofOptions& options,
                                                         const std::vector<Part>& parts);

// The same window in the target. A bucket of 2.x that is a default policy is called "autogen"
// there.
[[nodiscard]] Window window_in_target(const Window& window, const Place& place,
                                      influx::Flavour flavour);

// The window, cut where a day ends if a field's type changes in its time: the target's shards may
// have other borders than the source's. Pure.
[[nodiscard]] std::vector<Span> pieces_of(const Window& window);

// What is left of a span. Pure.
[[nodiscard]] std::vector<Span> without(const Span& span, const std::optional<Span>& hole);

// What the two count otherwise; both by the field's name. Pure.
[[nodiscard]] std::vector<Difference> differences_of(const Span& span,
                                                     const std::vector<FieldCount>& source,
                                                     const std::vector<FieldCount>& target);

}  // namespace haingest::migrate
