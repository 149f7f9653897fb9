// SPDX-License-Identifier: MIT
// ha-simulator: a Home Assistant that can be had in a millisecond and told to misbehave. For demo,
// tests, benches; ends with 0 on SIGTERM and SIGINT.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/fakes/ha_server.hpp"

namespace {

using namespace haingest;

struct Arguments {
  fakes::HouseOptions house;
  fakes::ServerOptions server;
  std::string listen = "127.0.0.1:0";
  std::string token_file, write_token_file, url_file, ca_file, dump;
  std::vector<std::string> faults;
  double change_every = 0;
};

void write_atomically(const std::string& path, const std::string& text, bool secret) {
  const std::string temporary = path + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (secret) {
      std::filesystem::permissions(
          temporary, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
  }
  std::filesystem::rename(temporary, path);
}

std::string read_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error("cannot read a token from " + path);
  return line;
}

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--listen", arguments.listen, "ADDRESS:PORT, [ADDRESS]:PORT")
      ->capture_default_str();
  app.add_option("--devices", arguments.house.devices)->capture_default_str();
  app.add_option("--entities", arguments.house.entities, "rows of the entity registry")
      ->capture_default_str();
  app.add_option("--ha-version", arguments.house.ha_version)->capture_default_str();
  app.add_option("--seed", arguments.house.seed)->capture_default_str();
  app.add_flag("--weird", arguments.house.weird, "add records as broken integrations leave them");
  app.add_option("--token-file", arguments.token_file, "the token that is accepted");
  app.add_option("--write-token-file", arguments.write_token_file, "write that token there");
  app.add_option("--url-file", arguments.url_file, "write the URL there once it listens");
  app.add_option("--prefix", arguments.server.prefix, "path of a reverse proxy, \"/ha\"");
  app.add_flag("--supervisor", arguments.server.supervisor, "paths of the Supervisor's proxy");
  app.add_flag("--tls", arguments.server.tls.enabled, "with a certificate made at the start");
  app.add_option("--tls-certificate", arguments.server.tls.certificate_file, "PEM");
  app.add_option("--tls-key", arguments.server.tls.key_file, "PEM");
  app.add_option("--tls-host", arguments.server.tls.host_names, "names of the made certificate")
      ->capture_default_str();
  app.add_flag("--tls-expired", arguments.server.tls.expired);
  app.add_option("--tls-ca-file", arguments.ca_file, "write the made CA there");
  app.add_option("--fault", arguments.faults,
                 "NAME[=ARGUMENT], repeatable:\n" + fakes::fault_help());
  app.add_option("--change-every", arguments.change_every, "seconds between changes of the house");
  app.add_option("--dump", arguments.dump, "write the house as a haingest snapshot and end");
}

void set_listen(Arguments& arguments) {
  const std::size_t colon = arguments.listen.rfind(':');
  if (colon == std::string::npos) throw std::invalid_argument("--listen ADDRESS:PORT");
  std::string address = arguments.listen.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  const int port = std::stoi(arguments.listen.substr(colon + 1));
  if (port < 0 || port > 65535) throw std::invalid_argument("--listen: no such port");
  arguments.server.address = address;
  arguments.server.port = static_cast<std::uint16_t>(port);
}

int serve(const Arguments& arguments, const sigset_t& signals) {
  fakes::HaServer server(fakes::make_house(arguments.house), arguments.server);
  if (!arguments.ca_file.empty()) write_atomically(arguments.ca_file, server.ca_pem(), false);
  if (!arguments.write_token_file.empty()) {
    const base::Secret token = server.token();
    write_atomically(arguments.write_token_file, std::string(token.reveal()) + "\n", true);
  }
  if (!arguments.url_file.empty()) write_atomically(arguments.url_file, server.url() + "\n", false);
  std::cout << "listening on " << server.url() << std::endl;
  const auto whole = static_cast<time_t>(arguments.change_every);
  const timespec pause{
      whole, static_cast<long>((arguments.change_every - static_cast<double>(whole)) * 1e9)};
  for (std::size_t n = 0;; ++n) {
    int signal = -1;
    if (arguments.change_every > 0) {
      signal = sigtimedwait(&signals, nullptr, &pause);
    } else {
      sigwait(&signals, &signal);
    }
    if (signal > 0) return 0;
    if (arguments.change_every <= 0 || errno != EAGAIN) continue;
    std::string what;
    server.change([&](fakes::House& house) { what = house.change_something(n); });
    std::cerr << what << std::endl;
  }
}

int run(Arguments& arguments, const sigset_t& signals) {
  set_listen(arguments);
  if (!arguments.token_file.empty()) {
    arguments.server.token = base::Secret(read_line(arguments.token_file));
  }
  if (!arguments.server.tls.certificate_file.empty()) arguments.server.tls.enabled = true;
  for (const std::string& fault : arguments.faults) {
    fakes::add_fault(arguments.server.faults, fault);
  }
  if (arguments.dump.empty()) return serve(arguments, signals);
  const fakes::House house = fakes::make_house(arguments.house);
  write_atomically(arguments.dump, house.snapshot_document("http://simulator.invalid"), false);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Blocked in every thread; the main thread waits for them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Arguments arguments;
  CLI::App app("A simulated Home Assistant", "ha-simulator");
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
    return run(arguments, signals);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << "ha-simulator: " << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "ha-simulator: " << error.what() << "\n";
    return 1;
  }
}
