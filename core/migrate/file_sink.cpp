// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/base/gzip.hpp"
#include "core/migrate/output_file.hpp"
#include "core/migrate/rejects.hpp"
#include "core/migrate/sink.hpp"

namespace haingest::migrate {
namespace {

// What all of them take that read line protocol as InfluxDB does: nothing is refused here.
class FileSink : public Sink {
 public:
  explicit FileSink(const std::string& path)
      : path_(path), part_(path + ".part"), compressed_(path.ends_with(".gz")) {}

  [[nodiscard]] Spelling spelling() const override { return Spelling::exact; }
  [[nodiscard]] std::size_t writers() const override { return 1; }

  [[nodiscard]] bool resume(const Positions& positions) override {
    if (path_ == "-") {
      file_.open_standard_output();
      return false;
    }
    if (positions.output > 0 && file_.open(part_, positions.output)) return true;
    static_cast<void>(file_.open(part_, 0));
    return false;
  }

  void prepare(const Place& /*place*/) override {}

  [[nodiscard]] bool write(std::size_t /*writer*/, const Place& place,
                           influx::Block block) override {
    if (place != place_) {
      put(context_of(place, file_.position() == 0));
      place_ = place;
    }
    put(block.lines);
    return true;
  }

  void rewind(const Positions& positions) override {
    file_.rewind(positions.output);
    place_ = {};
  }

  void finish() override {
    if (path_ == "-") return;
    file_.sync();
    if (std::rename(part_.c_str(), path_.c_str()) != 0) {
      throw base::Failure(base::ErrorKind::failure,
                          "cannot rename " + part_ + " to " + path_ + ": " + std::strerror(errno));
    }
  }

  [[nodiscard]] Positions positions() const override { return {file_.position(), 0}; }

 private:
  // Each piece is a whole of gzip; one behind the other they are one, too.
  void put(std::string_view text) { file_.write(compressed_ ? base::gzip(text) : text); }

  const std::string path_;
  const std::string part_;
  const bool compressed_;
  OutputFile file_;
  Place place_;
};

}  // namespace

std::unique_ptr<Sink> make_file_sink(const std::string& path) {
  return std::make_unique<FileSink>(path);
}

}  // namespace haingest::migrate
