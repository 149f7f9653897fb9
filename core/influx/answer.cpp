// SPDX-License-Identifier: MIT
#include "core/influx/answer.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

namespace haingest::influx {
namespace {

using nlohmann::json;

constexpr std::size_t k_most_for_a_row = std::size_t{64} << 20U;

// The bytes as a range that is read once; its copies read on together.
class Bytes {
 public:
  explicit Bytes(const std::function<std::string_view()>& next) : next_(next) {}

  [[nodiscard]] bool ended() {
    if (at_ == chunk_.size() && !last_) {
      chunk_ = next_();
      at_ = 0;
      since_row_ += chunk_.size();
      last_ = chunk_.empty() || is_too_much();
    }
    return last_;
  }
  void row_done() { since_row_ = 0; }
  // More than any server stores in a row: nobody's memory is for it.
  [[nodiscard]] bool is_too_much() const { return since_row_ > k_most_for_a_row; }
  [[nodiscard]] char peek() const { return chunk_[at_]; }
  void skip() { ++at_; }

 private:
  const std::function<std::string_view()>& next_;
  std::string_view chunk_;
  std::size_t at_ = 0;
  std::size_t since_row_ = 0;
  bool last_ = false;
};

class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  ByteIterator() = default;  // the end
  explicit ByteIterator(Bytes& bytes) : bytes_(&bytes) {}
  char operator*() const { return bytes_->peek(); }
  ByteIterator& operator++() {
    bytes_->skip();
    return *this;
  }
  ByteIterator operator++(int) {
    ByteIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const ByteIterator& other) const { return ended() == other.ended(); }
  bool operator!=(const ByteIterator& other) const { return !(*this == other); }

 private:
  [[nodiscard]] bool ended() const { return bytes_ == nullptr || bytes_->ended(); }

  Bytes* bytes_ = nullptr;
};

// {"results":[{"statement_id":0,"series":[{"name":…,"tags":{…},"columns":[…],"values":[[…]],
// "partial":true}],"partial":true}]}, or {"error":…} on either level; one such map a chunk.
class Reader : public nlohmann::json_sax<json> {
 public:
  Reader(const AnswerHandlers& handlers, Bytes& bytes) : handlers_(handlers), bytes_(bytes) {}

  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool is_malformed() const { return malformed_; }
  // A whole map has come, and no more of it is announced.
  [[nodiscard]] bool is_whole() const { return whole_; }
  void begin() {
    places_.clear();
    whole_ = false;
    partial_ = false;
    results_ = false;
  }

  bool null() override { return value(Cell{}); }
  bool boolean(bool it) override {
    if (here() == Place::result && key_ == "partial") partial_ = it;
    return value(Cell{it});
  }
  bool number_integer(number_integer_t it) override { return value(Cell{it}); }
  // MessagePack's encoder writes what is not negative without a sign; int64 is what was meant.
  bool number_unsigned(number_unsigned_t it) override {
    if (it <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return value(Cell{static_cast<std::int64_t>(it)});
    }
    return value(Cell{it});
  }
  bool number_float(number_float_t it, const string_t& /*text*/) override {
    return value(Cell{it});
  }
  bool string(string_t& it) override {
    switch (here()) {
      case Place::row:
        return value(Cell{std::move(it)});
      case Place::columns:
        series_.columns.push_back(std::move(it));
        return true;
      case Place::tags:
        series_.tags.emplace_back(key_, std::move(it));
        return true;
      case Place::series:
        if (key_ == "name") series_.name = std::move(it);
        return true;
      case Place::answer:
      case Place::result:
        if (key_ == "error" && error_.empty()) error_ = std::move(it);
        return true;
      default:
        return value(Cell{});
    }
  }
  bool binary(binary_t& it) override {
    std::string bytes(it.begin(), it.end());
    return string(bytes);
  }
  bool start_object(std::size_t /*size*/) override {
    switch (here()) {
      case Place::outside:
        return enter(Place::answer);
      case Place::results:
        return enter(Place::result);
      case Place::series_list:
        series_ = {};
        announced_ = false;
        return enter(Place::series);
      case Place::series:
        return enter(key_ == "tags" ? Place::tags : Place::other);
      case Place::columns:
      case Place::row:
      case Place::values:
        return fail();
      default:
        return enter(Place::other);
    }
  }
  bool key(string_t& it) override {
    key_ = std::move(it);
    return true;
  }
  bool end_object() override {
    const Place left = here();
    places_.pop_back();
    if (left == Place::series && !announced_) announce();  // one without rows
    if (left != Place::answer) return true;
    if (!results_ && error_.empty()) return fail();
    whole_ = !partial_;
    return true;
  }
  bool start_array(std::size_t /*size*/) override {
    switch (here()) {
      case Place::answer:
        results_ = results_ || key_ == "results";
        return enter(key_ == "results" ? Place::results : Place::other);
      case Place::result:
        return enter(key_ == "series" ? Place::series_list : Place::other);
      case Place::series:
        if (key_ == "columns") return enter(Place::columns);
        if (key_ != "values") return enter(Place::other);
        announce();
        return enter(Place::values);
      case Place::values:
        row_size_ = 0;
        return enter(Place::row);
      case Place::outside:
      case Place::columns:
      case Place::row:
      case Place::tags:
        return fail();
      default:
        return enter(Place::other);
    }
  }
  bool end_array() override {
    if (here() == Place::row) {
      if (row_size_ != row_.size()) return fail();
      bytes_.row_done();
      handlers_.row(row_);
    }
    places_.pop_back();
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*what*/) override {
    return false;
  }

 private:
  enum class Place {
    outside,
    answer,
    results,
    result,
    series_list,
    series,
    tags,
    columns,
    values,
    row,
    other,
  };
  static constexpr std::size_t k_deepest = 16;  // what InfluxDB sends has 7

  [[nodiscard]] Place here() const { return places_.empty() ? Place::outside : places_.back(); }
  bool enter(Place place) {
    if (places_.size() >= k_deepest) return fail();
    places_.push_back(place);
    return true;
  }
  bool fail() {
    malformed_ = true;
    return false;
  }
  bool value(Cell cell) {
    switch (here()) {
      case Place::row:
        if (row_size_ >= row_.size()) return fail();
        row_[row_size_++] = std::move(cell);
        return true;
      case Place::outside:
      case Place::columns:
      case Place::values:
        return fail();
      default:
        return true;
    }
  }
  void announce() {
    announced_ = true;
    std::ranges::sort(series_.tags);
    row_.assign(series_.columns.size(), Cell{});
    handlers_.series(series_);
  }

  const AnswerHandlers& handlers_;
  Bytes& bytes_;
  std::vector<Place> places_;
  std::string key_;
  Series series_;
  bool announced_ = false;
  std::vector<Cell> row_;
  std::size_t row_size_ = 0;
  bool partial_ = false;
  bool results_ = false;  // the map has them
  bool whole_ = false;
  bool malformed_ = false;
  std::string error_;
};

}  // namespace

base::Result<void> read_answer(const std::function<std::string_view()>& next,
                               const AnswerHandlers& handlers, AnswerForm form) {
  Bytes bytes(next);
  Reader reader(handlers, bytes);
  const bool is_json = form == AnswerForm::json;
  while (!bytes.ended()) {
    if (is_json && bytes.peek() == '\n') {  // between two of them, or behind the last
      bytes.skip();
      continue;
    }
    reader.begin();
    const bool read = json::sax_parse(
        ByteIterator(bytes), ByteIterator(), &reader,
        is_json ? json::input_format_t::json : json::input_format_t::msgpack, false);
    if (!reader.error().empty()) return base::Error{base::ErrorKind::failure, reader.error(), {}};
    if (read) continue;
    if (!reader.is_malformed() && bytes.ended() && !bytes.is_too_much()) break;
    return base::Error{base::ErrorKind::failure, "the answer is not what InfluxDB sends", {}};
  }
  if (reader.is_whole()) return {};
  return base::Error{base::ErrorKind::unreachable, "the answer ended too early", {}};
}

}  // namespace haingest::influx
