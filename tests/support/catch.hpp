/// Catch2, version 3 or 2, in the spelling of 3.
#pragma once

#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch {
using Detail::Approx;
namespace Matchers {
inline auto ContainsSubstring(const std::string& part) { return Contains(part); }
}  // namespace Matchers
}  // namespace Catch
#endif

namespace scorefield::test {

/// For CHECK_THROWS_WITH: the message contains `part`.
inline auto contains(const std::string& part) { return Catch::Matchers::ContainsSubstring(part); }

}  // namespace scorefield::test
