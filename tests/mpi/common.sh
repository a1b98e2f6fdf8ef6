# What the scripts that try several processes share.

fail() {
  echo "mpi: $1" >&2
  exit 1
}

# More processes than cores, as root in a container as well; ones that wait let others work.
mpirun=(mpirun --oversubscribe --mca mpi_yield_when_idle 1 --mca btl_vader_single_copy_mechanism none)
[ "$(id -u)" != 0 ] || mpirun+=(--allow-run-as-root)

# ranks COUNT COMMAND...: runs it on so many ranks, quietly.
ranks() { timeout 120 "${mpirun[@]}" -n "$@" >/dev/null 2>log || fail "${*:1:2} failed: $(tail -n 5 log)"; }

# images FOLDER FILE: 2,048 images of the bytes of a file, in MNIST's format: 1,844 to train on.
images() {
  mkdir "$1"
  {
    printf '\0\0\10\3\0\0\10\0\0\0\0\34\0\0\0\34'
    head -c $((2048 * 784)) "$2"
  } >"$1/train-images-idx3-ubyte"
}
