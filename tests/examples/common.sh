# What the scripts that try examples share; `program` is the one that they try.

fail() {
  echo "$(basename "$program"): $1" >&2
  exit 1
}
# refuses WHAT OPTION...: ends with status 2 and a message that has WHAT in it.
refuses() {
  local status=0
  "$program" "${@:2}" >/dev/null 2>refused || status=$?
  [ $status = 2 ] || fail "${*:2} gave exit status $status, not 2"
  grep -qF -- "$1" refused || fail "${*:2} was refused with $(cat refused)"
}
