# How this project's own tests, benchmarks and examples are compiled. None of it reaches a user's target.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceRuns)

add_library(scorefield_own INTERFACE)
target_link_libraries(scorefield_own INTERFACE scorefield)
foreach(name IN LISTS scorefield_optional_names)
  target_link_libraries(scorefield_own INTERFACE $<TARGET_NAME_IF_EXISTS:scorefield_${name}>)
endforeach()
target_compile_options(scorefield_own INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)

if(SCOREFIELD_ARCH)
  string(MAKE_C_IDENTIFIER "SCOREFIELD_RUNS_${SCOREFIELD_ARCH}" runs)
  if(CMAKE_CROSSCOMPILING)
    check_cxx_compiler_flag(-march=${SCOREFIELD_ARCH} ${runs})
  else()
    set(CMAKE_REQUIRED_FLAGS -march=${SCOREFIELD_ARCH})
    # A compiler builds for more than its machine can run.
    check_cxx_source_runs(
      "int main() {
       #ifdef __AVX2__
         if (!__builtin_cpu_supports(\"avx2\") || !__builtin_cpu_supports(\"fma\")) return 1;
       #endif
       #ifdef __AVX512F__
         if (!__builtin_cpu_supports(\"avx512f\")) return 1;
       #endif
         return 0;
       }"
      ${runs})
    unset(CMAKE_REQUIRED_FLAGS)
  endif()
  if(${runs})
    target_compile_options(scorefield_own INTERFACE -march=${SCOREFIELD_ARCH})
  else()
    message(STATUS "scorefield: this machine or compiler has no ${SCOREFIELD_ARCH}; using the compiler's default")
  endif()
endif()

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
