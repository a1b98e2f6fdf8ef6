// The other file of mixed_flags.sh.
#include <scorefield/core/types.hpp>

void grow(scorefield::Matrix<float>& m) { m = scorefield::Matrix<float>::Ones(3, 7); }
