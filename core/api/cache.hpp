// SPDX-License-Identifier: MIT
// Rendered answers, kept as bytes as long as the store stays as it is. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace haingest::api {

using Bytes = std::shared_ptr<const std::string>;

// One answer in its two forms. The gzip form is made when it is first asked for.
class Rendered {
 public:
  explicit Rendered(std::string body);

  [[nodiscard]] const Bytes& identity() const { return identity_; }
  // nullptr for a body that is too small to be worth it.
  [[nodiscard]] const Bytes& gzipped();
  // Strong, so each form has its own: "\"3f…\"" and "\"3f…-gz\"".
  [[nodiscard]] const std::string& etag() const { return etag_; }
  [[nodiscard]] const std::string& gzip_etag() const { return gzip_etag_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  Bytes identity_;
  Bytes gzipped_;
  std::string etag_;
  std::string gzip_etag_;
};

// Whether If-None-Match names one of the two forms, or "*".
[[nodiscard]] bool matches(std::string_view if_none_match, const Rendered& rendered);

class Cache {
 public:
  struct Bounds {
    std::size_t answers = 512;
    std::size_t bytes = std::size_t{32} * 1024 * 1024;
  };
  Cache() : Cache(Bounds{}) {}
  explicit Cache(Bounds bounds) : bounds_(bounds) {}

  // Forgets everything when `version` is another one than at the last call.
  void at_version(std::uint64_t version);
  // nullptr when it is not there.
  [[nodiscard]] std::shared_ptr<Rendered> find(std::string_view key);
  // An answer that would take more than half of all there is room for is not kept.
  void keep(std::string key, std::shared_ptr<Rendered> answer);

  [[nodiscard]] std::size_t size() const { return by_key_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<Rendered> answer;
    std::size_t bytes = 0;
  };
  void drop_oldest();

  Bounds bounds_;
  std::uint64_t version_ = 0;
  std::list<Entry> entries_;  // the one used last in front
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace haingest::api
