// SPDX-License-Identifier: MIT
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

namespace haingest::test {
namespace {

std::string make_temp_file(const std::string& content) {
  std::string path = (std::filesystem::temp_directory_path() / "haingest-io-XXXXXX").string();
  const int fd = ::mkstemp(path.data());
  if (fd < 0) throw std::runtime_error("mkstemp " + path);
  ::close(fd);
  if (!content.empty()) write_file(path, content);
  return path;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void redirect(const std::string& path, int flags, int to) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0 || ::dup2(fd, to) < 0) ::_exit(126);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Background::Background(const Command& command)
    : out_path_(make_temp_file("")), err_path_(make_temp_file("")) {
  const std::string in_path = make_temp_file(command.input);
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> environment;
  for (const auto& [name, value] : command.environment) environment.push_back(name + "=" + value);
  const std::vector<char*> argv_pointers = pointers_to(argv);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    redirect(in_path, O_RDONLY, STDIN_FILENO);
    redirect(out_path_, O_WRONLY | O_APPEND, STDOUT_FILENO);
    redirect(err_path_, O_WRONLY | O_APPEND, STDERR_FILENO);
    ::execve(argv_pointers[0], argv_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  // The child has it open or will find it by its descriptor; its name is not needed for long.
  static_cast<void>(eventually([&] {
    const std::string link = "/proc/" + std::to_string(pid_) + "/fd/0";
    std::error_code error;
    const auto target = std::filesystem::read_symlink(link, error);
    return error || target == in_path;
  }));
  std::filesystem::remove(in_path);
}

Background::~Background() {
  if (!exit_code_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove(out_path_, ignored);
  std::filesystem::remove(err_path_, ignored);
}

std::string Background::out() const { return read_file(out_path_); }
std::string Background::err() const { return read_file(err_path_); }

namespace {

void wait_for(const std::function<std::string()>& text_now, const std::string& wanted, pid_t pid,
              std::chrono::seconds deadline, const std::function<std::string()>& all) {
  bool ended = false;
  const bool found = eventually(
      [&] {
        siginfo_t info{};
        ended = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                info.si_pid == pid;
        return text_now().find(wanted) != std::string::npos || ended;
      },
      deadline);
  if (text_now().find(wanted) != std::string::npos) return;
  throw std::runtime_error((found && ended ? "ended without: " : "no sign of: ") + wanted + "\n" +
                           all());
}

}  // namespace

void Background::wait_for_out(const std::string& text, std::chrono::seconds deadline) const {
  wait_for([&] { return out(); }, text, pid_, deadline, [&] { return out() + err(); });
}

void Background::wait_for_err(const std::string& text, std::chrono::seconds deadline) const {
  wait_for([&] { return err(); }, text, pid_, deadline, [&] { return out() + err(); });
}

void Background::signal(int number) const { ::kill(pid_, number); }

Outcome Background::wait(std::chrono::seconds deadline) {
  int status = 0;
  const bool ended =
      exit_code_ || eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, deadline);
  if (!ended) throw std::runtime_error("still running at the deadline\n" + out() + err());
  if (!exit_code_) exit_code_ = exit_code_of(status);
  return {*exit_code_, out(), err()};
}

Outcome run(const Command& command, std::chrono::seconds deadline) {
  return Background(command).wait(deadline);
}

}  // namespace haingest::test
