// SPDX-License-Identifier: MIT
#pragma once

namespace haingest::test {

// What a sanitizer adds to a process' memory is not ours.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool k_is_sanitized = true;
#else
inline constexpr bool k_is_sanitized = false;
#endif

}  // namespace haingest::test
