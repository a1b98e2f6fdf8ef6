#!/usr/bin/env bash
# Holds the library to its rule for bits: a product that meets a sum is fused by name (core/fused.hpp), or stands in a
# function that has one copy. Compares two builds of the same programs, one of which forbids the compiler to contract:
# a function in which only the other has fused instructions breaks the rule, unless it is in the list below.
#
#   tests/bits/contraction.sh PROGRAM SAME_PROGRAM_BUILT_WITH_FP_CONTRACT_OFF
set -euo pipefail

# Functions of one copy (SCOREFIELD_ONE_COPY), by name; some are too long to be demangled.
one_copy=$(cd "$(dirname "$0")/../.." && grep -rhA3 SCOREFIELD_ONE_COPY include |
  sed -nE 's/^SCOREFIELD_ONE_COPY .* ([a-z_]+)\(.*/\1/p; s/^  SCOREFIELD_ONE_COPY .* ([a-z_]+)\(.*/\1/p' | sort -u |
  paste -sd'|')
# Decompositions, of a covariance and of a prior, which are computed once, before what threads and batches share.
once='^<[^(]*(scorefield::principal_moments|[hH]ouseholder|[tT]ridiagonal|selfadjoint)|^<[^(]*Eigen::internal::'
once+='(gebp_kernel|(general|triangular)_matrix_vector_product|generic_product_impl|outer_product_selector|'
once+='partial_lu_impl|triangular_solve_(matrix|vector)|dense_assignment_loop<Eigen::internal::restricted_packet)'

fused_instructions() {
  objdump --disassemble --demangle --no-show-raw-insn "$1" |
    awk '/^[0-9a-f]+ <.*>:$/ { sub(/^[0-9a-f]+ /, ""); name = $0 }
         /\tvfn?m(add|sub)/ { count[name]++ }
         END { for (name in count) printf "%d\t%s\n", count[name], name }'
}

found=$(join -t $'\t' -a 1 -1 2 -2 2 -e 0 -o 0,1.1,2.1 <(fused_instructions "$1" | LC_ALL=C sort -t $'\t' -k 2) \
  <(fused_instructions "$2" | LC_ALL=C sort -t $'\t' -k 2) |
  awk -F '\t' '$2 != $3' | grep -vE "(^|[ :<])($one_copy)[<(]|^<_ZN10scorefield[0-9]+($one_copy)I|$once" || true)
if [ -n "$found" ]; then
  echo "The compiler contracts products and sums of its own accord in (function, fused, fused by name):" >&2
  cut -c 1-400 <<<"$found" >&2
  exit 1
fi
echo "$(basename "$1"): every product that meets a sum is fused by name, or has one copy"
