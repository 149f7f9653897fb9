// SPDX-License-Identifier: MIT
#include "core/api/cache.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/api/gzip.hpp"
#include "core/base/gzip.hpp"

namespace haingest::api {
namespace {

// 128 bits of SHA-256 in hexadecimal digits.
std::string digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), hash.data(), &length, EVP_sha256(), nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    out += digits[hash[i] >> 4U];
    out += digits[hash[i] & 15U];
  }
  return out;
}

}  // namespace

Rendered::Rendered(std::string body)
    : identity_(std::make_shared<const std::string>(std::move(body))) {
  const std::string hash = digest(*identity_);
  etag_ = '"' + hash + '"';
  gzip_etag_ = '"' + hash + "-gz\"";
}

const Bytes& Rendered::gzipped() {
  if (!gzipped_ && identity_->size() >= k_gzip_from_bytes) {
    gzipped_ = std::make_shared<const std::string>(base::gzip(*identity_));
  }
  return gzipped_;
}

std::size_t Rendered::bytes() const {
  return identity_->size() + (gzipped_ ? gzipped_->size() : 0);
}

bool matches(std::string_view if_none_match, const Rendered& rendered) {
  while (!if_none_match.empty()) {
    const auto comma = std::min(if_none_match.find(','), if_none_match.size());
    std::string_view tag = if_none_match.substr(0, comma);
    if_none_match.remove_prefix(std::min(comma + 1, if_none_match.size()));
    const auto first = tag.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    tag = tag.substr(first, tag.find_last_not_of(" \t") - first + 1);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);  // If-None-Match compares weakly
    if (tag == rendered.etag() || tag == rendered.gzip_etag()) return true;
  }
  return false;
}

void Cache::at_version(std::uint64_t version) {
  if (version == version_) return;
  version_ = version;
  by_key_.clear();
  entries_.clear();
  bytes_ = 0;
}

std::shared_ptr<Rendered> Cache::find(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->answer;
}

void Cache::keep(std::string key, std::shared_ptr<Rendered> answer) {
  // Room for the gzip form is counted from the start: it comes later, without a call to here.
  const std::size_t bytes = key.size() + answer->identity()->size() * 5 / 4;
  if (bytes > bounds_.bytes / 2 || by_key_.contains(key)) return;
  while (!entries_.empty() &&
         (by_key_.size() >= bounds_.answers || bytes_ + bytes > bounds_.bytes)) {
    drop_oldest();
  }
  entries_.push_front({std::move(key), std::move(answer), bytes});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
}

void Cache::drop_oldest() {
  bytes_ -= entries_.back().bytes;
  by_key_.erase(entries_.back().key);
  entries_.pop_back();
}

}  // namespace haingest::api
