// One of the two files of mixed_flags.sh.
#include <scorefield/core/types.hpp>

void grow(scorefield::Matrix<float>& m);

int main() {
  scorefield::Matrix<float> m = scorefield::Matrix<float>::Zero(3, 5);
  grow(m);
  return m.sum() == 21 ? 0 : 1;
}
