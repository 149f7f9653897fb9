// SPDX-License-Identifier: MIT
// A request's head from its first byte to the answer's last, over a store that holds nothing.
#include <boost/beast/http/parser.hpp>

#include "core/api/application.hpp"
#include "core/api/message.hpp"
#include "tests/fuzz/input.hpp"

using namespace haingest;

namespace {

class EmptyLibrary : public api::Library {
 public:
  std::uint64_t version() override { return 1; }
  std::shared_ptr<const model::World> world() override { return world_; }
  std::vector<store::RemovedRecord> removed(model::Kind /*kind*/) override { return {}; }
  store::ChangesPage changes_since(std::int64_t /*since*/, std::int64_t /*limit*/) override {
    return {};
  }
  std::optional<model::Run> last_run() override { return std::nullopt; }
  std::optional<model::Run> last_snapshot_run() override { return std::nullopt; }
  store::Reader::FileInfo file_info() override { return {}; }
  void refresh() override {}

 private:
  std::shared_ptr<const model::World> world_ =
      std::make_shared<const model::World>(model::Stored{});
};

void answer(const api::Request& request) {
  EmptyLibrary library;
  api::ApplicationOptions options;
  options.clock = [] { return base::Timestamp{}; };
  api::Application application(std::move(options), library);
  const api::Decision decision = application.decide(request);
  if (const auto* response = std::get_if<api::Response>(&decision.task)) {
    fuzz::require(application.answer(request, *response).head.starts_with("HTTP/1.1 "));
  } else if (const auto* read = std::get_if<api::Read>(&decision.task)) {
    fuzz::require(application.answer(request, *read).head.starts_with("HTTP/1.1 "));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (!api::may_begin_request(bytes)) return 0;
  std::size_t searched = 0;
  const std::size_t end = api::find_head_end(bytes, searched);
  if (end == 0) return 0;
  api::Parser parser;
  api::Head head = api::read_head(parser, bytes.substr(0, end));
  if (head.malformed) return 0;
  head.request.from_loopback = true;
  answer(head.request);
  return 0;
}
