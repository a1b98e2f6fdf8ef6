# What the scripts have in common that kill runs of the example mnist, in the folder that they work in.

# fail MESSAGE: in the name of the script's folder.
fail() {
  echo "$(basename "$(dirname "$0")"): $1" >&2
  exit 1
}

# images FOLDER FILE COUNT: images of the bytes of a file, in MNIST's format, up to 65,535.
images() {
  mkdir "$1"
  {
    printf '\0\0\10\3\0\0'
    printf "\\$(printf %03o $(($3 / 256)))\\$(printf %03o $(($3 % 256)))"
    printf '\0\0\0\34\0\0\0\34'
    head -c $(($3 * 784)) "$2"
  } >"$1/train-images-idx3-ubyte"
}

# What a run has left in parts, file by file, against whole. A kill may leave temporary files, which have a name of
# their own.
compare() {
  rm -f parts/.scorefield-*.tmp
  [ "$(ls -A whole)" = "$(ls -A parts)" ] || fail "a resumed run left $(ls -A parts | tr '\n' ' ')"
  local file
  for file in whole/*; do
    cmp "$file" "parts/${file#*/}" || fail "$file and parts/${file#*/} differ"
  done
}

# Sets `resume` to the option with which the run in parts goes on, if one waits there.
look_for_run() {
  resume=()
  [ ! -e parts/checkpoint.safetensors ] || resume=(--resume)
}

# now: milliseconds of a clock.
now() { echo $(($(date +%s%N) / 1000000)); }

# random_moment TOOK: waits up to half as much again as a whole run takes, in milliseconds, so that some come to a
# checkpoint and some to the end.
random_moment() {
  local milliseconds=$(($1 * 3 * RANDOM / 2 / 32768))
  sleep $((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))
}
