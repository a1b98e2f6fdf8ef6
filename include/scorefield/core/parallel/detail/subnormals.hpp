/// Flush-to-zero of subnormal numbers, which some processors compute with a hundred times as slowly.
#pragma once

#include <cstdint>

namespace scorefield::detail {

/// While it lives, subnormal numbers count and come out as 0 in this thread, where the processor can do so. Gradients
/// of saturated units decay to such numbers, which are too small to move a parameter: Adam's epsilon is far larger.
class FlushSubnormals {
 public:
  FlushSubnormals() : before_(control()) { control(before_ | flush); }
  ~FlushSubnormals() { control(before_); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__SSE2__) && defined(__GNUC__)
  using Control = std::uint32_t;
  static constexpr Control flush = 1 << 15 | 1 << 6;  // of results, and of operands
  static Control control() { return __builtin_ia32_stmxcsr(); }
  static void control(Control value) { __builtin_ia32_ldmxcsr(value); }
#elif defined(__aarch64__) && defined(__GNUC__)
  using Control = std::uint64_t;
  static constexpr Control flush = 1 << 24;
  static Control control() {
    Control value;
    asm volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }
  static void control(Control value) { asm volatile("msr fpcr, %0" : : "r"(value)); }
#else
  using Control = int;
  static constexpr Control flush = 0;
  static Control control() { return 0; }
  static void control(Control) {}
#endif

  Control before_;
};

}  // namespace scorefield::detail
