// SPDX-License-Identifier: MIT
// The target of a request: path segments and parameters, decoded, and parameters as typed values
// with the validation errors that FastAPI gives (ha-ingestor's clients read them). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace haingest::api {

struct Target {
  std::string authority;              // of an absolute target ("GET http://host/path"), else empty
  std::vector<std::string> segments;  // "/api/devices/" and "/api/devices" are the same two
  std::vector<std::pair<std::string, std::string>> parameters;
};

// Never fails: what is no valid percent escape stays as it is.
[[nodiscard]] Target parse_target(std::string_view target);

// One entry of a 422's `detail`, in the form of FastAPI with pydantic 2.
struct Violation {
  std::string where;  // "query" or "body"
  std::string field;  // empty: the whole of it
  std::string type;   // "greater_than_equal"
  std::string message;
  std::string input;    // what was given
  std::string context;  // JSON object, may be empty
};

// Reads parameters one by one. The last of several with one name counts, one that nobody reads is
// ignored (both as FastAPI does it). Every read goes into key(), so that two targets that mean the
// same have the same key.
class Parameters {
 public:
  explicit Parameters(const Target& target) : target_(target) {}

  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise,
                                     std::int64_t least, std::int64_t most);
  [[nodiscard]] bool flag(std::string_view name, bool otherwise);
  // An empty parameter is none, as in ha-ingestor.
  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] std::optional<std::string> raw(std::string_view name) const;

  void refuse(Violation violation) { violations_.push_back(std::move(violation)); }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  void note(std::string_view name, std::string_view value);
  void refuse(std::string_view name, std::string_view type, std::string message,
              std::string_view input, std::string context = {});

  const Target& target_;
  std::vector<Violation> violations_;
  std::string key_;
};

}  // namespace haingest::api
