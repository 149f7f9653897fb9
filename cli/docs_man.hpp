// SPDX-License-Identifier: MIT
// The man pages: haingest(1), one a command, haingest.toml(5).
#pragma once

#include <string>
#include <vector>

#include "cli/docs_mdoc.hpp"

namespace haingest::cli {

struct GeneratedFile {
  std::string path;  // "man/haingest.1"
  std::string content;
};

[[nodiscard]] std::vector<GeneratedFile> man_pages();

// The parts of haingest(1) that follow from no table: what is printed, and what may be relied on.
void write_output_section(Mdoc& page);
void write_guarantees_section(Mdoc& page);
void write_database_section(Mdoc& page);

}  // namespace haingest::cli
