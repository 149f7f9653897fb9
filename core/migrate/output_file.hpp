// SPDX-License-Identifier: MIT
// A file that is written from its begin to its end, and can be taken back to an earlier position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace haingest::migrate {

class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Makes it where it is not there, and goes on at `position`; what stands behind is gone. False:
  // it is shorter than that, and nothing has changed. These throw Failure naming the file.
  [[nodiscard]] bool open(const std::string& path, std::uint64_t position);
  // Standard output, which cannot be taken back.
  void open_standard_output();
  void write(std::string_view bytes);
  void rewind(std::uint64_t position);
  // On the disk when it returns.
  void sync();

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  void close();

  std::string path_;
  int fd_ = -1;
  bool is_file_ = true;
  std::uint64_t position_ = 0;
};

}  // namespace haingest::migrate
