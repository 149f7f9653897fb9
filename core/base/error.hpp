// SPDX-License-Identifier: MIT
// What went wrong, in the two tiers that haingest uses: a function returns Result<T> where its
// caller decides what a failure means (network, file, parse), and throws Failure where the error
// must climb to the command. Result<T>::value() turns the first into the second.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace haingest::base {

// How a command ends because of an error; cli/exit_code.cpp is the only place with the numbers.
enum class ErrorKind {
  failure,      // anything without a kind of its own
  usage,        // the command line or the configuration
  credentials,  // a peer refused the token, or bans this address; never tried again by itself
  unreachable,  // a peer could not be reached, cut the connection or did not answer in time
  guard,        // a safety guard stopped the work: mass removal, another house, a newer schema
};

struct Error {
  ErrorKind kind = ErrorKind::failure;
  // One line: what happened, what it means, what to do. Never a token.
  std::string message;
  // A command that would help, shown on a line of its own behind "Try:"; may be empty.
  std::string try_command = {};
};

class Failure : public std::runtime_error {
 public:
  explicit Failure(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  Failure(ErrorKind kind, std::string message, std::string try_command = {})
      : Failure(Error{kind, std::move(message), std::move(try_command)}) {}

  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// Of what no code has foreseen.
[[nodiscard]] inline Error unexpected(const std::exception& error) {
  return {
      ErrorKind::failure, std::string("unexpected: ") + error.what() + "; please report this", {}};
}

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location& /*where*/) {
  throw Failure(error);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace haingest::base
