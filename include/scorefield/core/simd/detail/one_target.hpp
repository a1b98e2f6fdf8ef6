/// A link-time check that all files of a program are compiled for one instruction set (-march) and one set of macros.
///
/// The linker keeps one copy of each of Eigen's and this library's functions. A file that is compiled for another
/// instruction set, or with Eigen macros that change alignment or indices, would be given functions for matrices that
/// are allocated or laid out otherwise, and crash far from there. Link-time optimisation, --gc-sections, and other
/// formats than ELF leave the check out; the parts of a program that are shared libraries are checked one by one.
#pragma once

#include <Eigen/Core>

#if defined(__ELF__) && defined(__GNUC__)

namespace scorefield::detail {

#ifdef __FMA__
inline constexpr int fused = 1;
#else
inline constexpr int fused = 0;
#endif

namespace {

// clang-format off
#define SCOREFIELD_TARGET "scorefield_files_differ_in_march_or_EIGEN_macros.packet_%c0_align_%c1_index_%c2_fma_%c3"

/// Never called. Each file refers to a symbol that is named after its target and stands in a group of sections whose
/// name is the same in all files. Of such groups the linker keeps the first alone, so that another target's symbol is
/// missing. (Optimisation at link time may put two files into one, hence .ifndef.)
[[gnu::used]] void refer_to_target() {
  asm(".ifndef " SCOREFIELD_TARGET "\n"
      ".pushsection .rodata.scorefield_target, \"aG\", %%progbits, scorefield_target, comdat\n"
      ".globl " SCOREFIELD_TARGET "\n"
      ".hidden " SCOREFIELD_TARGET "\n"
      SCOREFIELD_TARGET ": .long 0\n"
      ".popsection\n"
      ".endif\n"
      ".pushsection .rodata.scorefield_reference, \"a\", %%progbits\n"
      ".long " SCOREFIELD_TARGET " - .\n"
      ".popsection\n"
      : : "i"(sizeof(Eigen::internal::packet_traits<float>::type)), "i"(EIGEN_MAX_ALIGN_BYTES),
          "i"(sizeof(Eigen::Index)), "i"(fused));
}

#undef SCOREFIELD_TARGET
// clang-format on

}  // namespace

}  // namespace scorefield::detail

#endif
