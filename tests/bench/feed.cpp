// SPDX-License-Identifier: MIT
// A Home Assistant that can be as fast as its client: it answers as the simulator does, and then
// sends state changes that were made before, one time stamp for another. For `make bench`.
//
//   bench_feed DEVICES ENTITIES   prints its URL, then does what its input says, a line each:
//     flood COUNT RATE            so many events a second (0: as the socket takes them)
//     one                         a single event
//
// Answers each with a line of JSON. A client at a time; a new one takes the old one's place. Who
// asks for coalesced messages gets k_coalesced of them a frame.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <signal.h>  // SIGPIPE; NOLINT(*-deprecated-headers)
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timestamp.hpp"
#include "tests/fakes/ha_protocol.hpp"

namespace {

using namespace haingest;
using fakes::Json;
using Clock = std::chrono::steady_clock;

// Home Assistant puts what waits into one frame; in a flood that is some dozens.
constexpr std::size_t k_coalesced = 16;
constexpr std::size_t k_buffer = std::size_t{256} << 10U;
// Of Home Assistant's average entity with a device behind it: an event has 1.5 kB then.
constexpr std::size_t k_attributes = 10;
// As long as a moment, and in none of the house's texts.
constexpr std::string_view k_moment = "0000-00-00T00:00:00.000000+00:00";

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench_feed: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

std::int64_t nanoseconds(base::Timestamp moment) {
  return moment.time_since_epoch().count() * 1000;
}

// One event's message, and where its moments stand.
struct Template {
  std::string entity_id;
  std::string text;
  std::vector<std::size_t> moments;
};

void add_attributes(Json& attributes) {
  const std::array<std::pair<const char*, Json>, 10> more{
      {{"state_class", "measurement"},
       {"linkquality", 142},
       {"battery", 87.5},
       {"voltage", 230.4},
       {"update_available", false},
       {"power_on_behavior", "previous"},
       {"last_seen", "2026-11-25T07:41:12+00:00"},
       {"attribution", "Data provided by the device itself"},
       {"supported_features", 44},
       {"firmware", "1.14.0-gcb84623"}}};
  for (const auto& [name, value] : more) {
    if (attributes.size() >= k_attributes) return;
    if (!attributes.contains(name)) attributes[name] = value;
  }
}

std::string data_of(Json state) {
  add_attributes(state["attributes"]);
  Json before = state;
  before["state"] = "21.4";
  for (const char* moment : {"last_changed", "last_reported", "last_updated"}) {
    state[moment] = k_moment;
  }
  return fakes::text_of(Json{
      {"entity_id", state["entity_id"]}, {"old_state", before}, {"new_state", std::move(state)}});
}

// --- WebSocket, as far as it is needed ---

std::string base64(const unsigned char* bytes, int size) {
  std::array<unsigned char, 64> text{};
  const int length = EVP_EncodeBlock(text.data(), bytes, size);
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

std::string accept_key(std::string key) {
  key += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return base64(digest.data(), SHA_DIGEST_LENGTH);
}

std::string header_of(const std::string& head, std::string_view name) {
  std::istringstream lines(head);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon != name.size()) continue;
    if (::strncasecmp(line.c_str(), name.data(), name.size()) != 0) continue;
    const std::size_t begin = line.find_first_not_of(' ', colon + 1);
    return line.substr(begin, line.find_last_not_of("\r ") - begin + 1);
  }
  return {};
}

void append_head(std::string& out, unsigned opcode, std::size_t size) {
  out += static_cast<char>(0x80U | opcode);
  const int bits = size < 126 ? 0 : size < 65536 ? 16 : 64;
  out += static_cast<char>(bits == 0 ? size : bits == 16 ? 126U : 127U);
  for (int shift = bits - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((std::uint64_t{size} >> shift) & 0xffU);
  }
}

struct ClientFrame {
  unsigned opcode = 0;
  std::string text;
};

// A whole frame at the front of the input, unmasked and taken off it.
bool take_frame(std::string& in, ClientFrame& frame) {
  if (in.size() < 6) return false;
  const auto byte = [&in](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  std::size_t size = byte(1) & 0x7fU;
  std::size_t at = 2;
  if (size >= 126) {
    const std::size_t bytes = size == 126 ? 2 : 8;
    if (in.size() < at + bytes) return false;
    size = 0;
    for (std::size_t i = 0; i < bytes; ++i) size = size << 8U | byte(at++);
  }
  if (in.size() < at + 4 + size) return false;
  frame.opcode = byte(0) & 0x0fU;
  frame.text = in.substr(at + 4, size);
  for (std::size_t i = 0; i < size; ++i)
    frame.text[i] = static_cast<char>(frame.text[i] ^ in[at + i % 4]);
  in.erase(0, at + 4 + size);
  return true;
}

// --- The feed ---

class Feed {
 public:
  Feed(std::size_t devices, std::size_t entities)
      : world_(fakes::make_house({.devices = devices, .entities = entities}), {}) {
    for (const Json& state : Json::parse(world_.house.states_json())) {
      if (!world_.house.has_entity(fakes::text_in(state, "entity_id"))) continue;
      entity_ids_.push_back(fakes::text_in(state, "entity_id"));
      data_.push_back(data_of(state));
    }
  }

  void run();

 private:
  struct Flood {
    std::size_t left = 0;
    std::size_t sent = 0;
    double rate = 0;
    Clock::time_point began;
    base::Timestamp at{};
  };

  void listen();
  void accept();
  void drop();
  void read();
  void read_head();
  void take(const ClientFrame& frame);
  void push(unsigned opcode, std::string_view text);
  void write();
  void command(const std::string& line);
  void make_templates();
  void add_event();
  void add_events();
  void flood_ended(bool lost);
  [[nodiscard]] std::size_t due() const;

  fakes::World world_;
  const fakes::Faults no_faults_;
  std::vector<std::string> entity_ids_, data_;
  int listener_ = -1;
  int client_ = -1;
  std::size_t connections_ = 0;
  bool open_ = false;  // upgraded
  std::unique_ptr<fakes::Protocol> protocol_;
  std::string in_, out_, commands_, frame_;
  std::size_t written_ = 0;  // of out_
  std::vector<Template> templates_;
  std::size_t next_ = 0;
  base::Timestamp last_{};
  std::chrono::sys_seconds second_{};
  std::string moment_{k_moment};
  Flood flood_;
};

void Feed::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 8) != 0) die("listen");
  ::getsockname(listener_, raw, &size);
  std::printf("{\"url\":\"http://127.0.0.1:%d\",\"entities\":%zu}\n", ntohs(address.sin_port),
              data_.size());
  std::fflush(stdout);
}

void Feed::drop() {
  if (client_ < 0) return;
  ::close(client_);
  client_ = -1;
  open_ = false;
  if (flood_.left > 0) flood_ended(true);
}

void Feed::accept() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  drop();
  client_ = fd;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  in_.clear();
  out_.clear();
  written_ = 0;
  templates_.clear();
  protocol_ = std::make_unique<fakes::Protocol>(world_, ++connections_, no_faults_);
}

void Feed::read_head() {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  out_ +=
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_key(header_of(in_.substr(0, end), "Sec-WebSocket-Key")) + "\r\n\r\n";
  in_.erase(0, end + 4);
  open_ = true;
  push(1, protocol_->greeting());
}

void Feed::push(unsigned opcode, std::string_view text) {
  append_head(out_, opcode, text.size());
  out_ += text;
}

void Feed::take(const ClientFrame& frame) {
  if (frame.opcode == 9) push(10, frame.text);
  if (frame.opcode == 8) return drop();
  if (frame.opcode != 1) return;
  const fakes::Reply reply = protocol_->receive(frame.text);
  for (const fakes::Outgoing& message : reply.messages) push(1, message.text);
}

void Feed::read() {
  std::array<char, 65536> bytes;
  const ssize_t size = ::read(client_, bytes.data(), bytes.size());
  if (size == 0 || (size < 0 && errno != EAGAIN)) return drop();
  if (size > 0) in_.append(bytes.data(), static_cast<std::size_t>(size));
  if (!open_) read_head();
  ClientFrame frame;
  while (open_ && take_frame(in_, frame)) take(frame);
}

void Feed::write() {
  const ssize_t size = ::write(client_, out_.data() + written_, out_.size() - written_);
  if (size < 0 && errno != EAGAIN) return drop();
  if (size > 0) written_ += static_cast<std::size_t>(size);
  if (written_ < out_.size()) return;
  out_.clear();
  written_ = 0;
  if (flood_.sent > 0 && flood_.left == 0) flood_ended(false);
}

// The words are the simulator's, so that they are Home Assistant's.
void Feed::make_templates() {
  if (!templates_.empty()) return;
  for (std::size_t i = 0; i < data_.size(); ++i) {
    std::vector<fakes::Outgoing> messages;
    protocol_->deliver({"state_changed", data_[i]}, messages);
    if (messages.empty()) return;
    Template made{entity_ids_[i], std::move(messages.front().text), {}};
    for (std::size_t at = made.text.find(k_moment); at != std::string::npos;
         at = made.text.find(k_moment, at + 1)) {
      made.moments.push_back(at);
    }
    templates_.push_back(std::move(made));
  }
}

void Feed::add_event() {
  Template& made = templates_[next_++ % templates_.size()];
  last_ = std::max(base::system_now(), last_ + std::chrono::microseconds(1));
  const auto second = std::chrono::floor<std::chrono::seconds>(last_);
  if (second != second_) {
    second_ = second;
    moment_ = base::to_iso_text(last_);
  }
  auto micros = static_cast<unsigned>((last_ - second).count());
  for (std::size_t i = 25; i > 19; --i, micros /= 10)
    moment_[i] = static_cast<char>('0' + micros % 10);
  for (const std::size_t at : made.moments) moment_.copy(made.text.data() + at, moment_.size());
  frame_ += made.text;
}

std::size_t Feed::due() const {
  if (flood_.left == 0 || out_.size() >= k_buffer) return 0;
  if (flood_.rate <= 0) return flood_.left;
  const std::chrono::duration<double> span = Clock::now() - flood_.began;
  const auto planned = static_cast<std::size_t>(span.count() * flood_.rate);
  return std::min(flood_.left, planned - std::min(planned, flood_.sent));
}

void Feed::add_events() {
  const bool coalesces = protocol_->coalesces();
  std::size_t events = due();
  while (events > 0 && out_.size() < k_buffer) {
    const std::size_t count = coalesces ? std::min(events, k_coalesced) : 1;
    frame_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      if (count > 1) frame_ += i == 0 ? '[' : ',';
      add_event();
    }
    if (count > 1) frame_ += ']';
    push(1, frame_);
    events -= count;
    flood_.left -= count;
    flood_.sent += count;
  }
}

void Feed::flood_ended(bool lost) {
  const std::chrono::duration<double> span = Clock::now() - flood_.began;
  std::printf("{\"sent\":%zu,\"lost\":%s,\"seconds\":%.6f,\"began\":%lld}\n", flood_.sent,
              lost ? "true" : "false", span.count(),
              static_cast<long long>(nanoseconds(flood_.at)));
  std::fflush(stdout);
  flood_ = {};
}

void Feed::command(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (open_) make_templates();
  if (!open_ || templates_.empty()) {
    std::printf("{\"error\":\"nobody listens\"}\n");
  } else if (what == "flood") {
    flood_ = {};
    words >> flood_.left >> flood_.rate;
    flood_.began = Clock::now();
    flood_.at = base::system_now();
  } else if (what == "one") {
    frame_.clear();
    const std::string& entity_id = templates_[next_ % templates_.size()].entity_id;
    add_event();
    push(1, frame_);
    write();
    std::printf("{\"entity_id\":\"%s\",\"at\":%lld}\n", entity_id.c_str(),
                static_cast<long long>(nanoseconds(last_)));
  }
  std::fflush(stdout);
}

void Feed::run() {
  listen();
  while (true) {
    if (client_ >= 0 && open_) add_events();
    std::array<pollfd, 3> fds{
        {{STDIN_FILENO, POLLIN, 0}, {listener_, POLLIN, 0}, {client_, POLLIN, 0}}};
    if (!out_.empty()) fds[2].events |= POLLOUT;
    // A pace is kept to a millisecond.
    ::poll(fds.data(), fds.size(), flood_.left > 0 ? 1 : 1000);
    if ((fds[0].revents & (POLLIN | POLLHUP)) != 0) {
      std::array<char, 256> bytes;
      const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
      if (size <= 0) return;
      commands_.append(bytes.data(), static_cast<std::size_t>(size));
      for (std::size_t end = 0; (end = commands_.find('\n')) != std::string::npos;) {
        command(commands_.substr(0, end));
        commands_.erase(0, end + 1);
      }
    }
    if (client_ >= 0 && (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read();
    if (client_ >= 0 && !out_.empty()) write();
    if ((fds[1].revents & POLLIN) != 0) accept();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  ::signal(SIGPIPE, SIG_IGN);
  Feed feed(std::stoul(argv[1]), std::stoul(argv[2]));
  feed.run();
}
