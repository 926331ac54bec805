#!/usr/bin/env bash
# Builds the fuzzers in a configured build directory and runs each for a number of seconds, starting
# from the corpus beside this script. A finding stays in BUILD/findings.
#
# usage: run.sh BUILD SECONDS [NAMES]
#
# With FUZZ_SEED in the environment the same program tries the same inputs in the same order.
set -euo pipefail
build=$1
seconds=$2
shift 2
corpus=$(dirname "$0")/corpus
ninja -C "$build" --quiet $(ninja -C "$build" -t targets all | sed -n 's/^\(tests\/fuzz\/fuzz_[a-z_]*\):.*/\1/p')
mkdir -p "$build/findings"

# fuzz PROGRAM: the outcome, in one piece, since several run at once.
fuzz() {
  local name scratch
  name=$(basename "$1")
  name=${name#fuzz_}
  # New inputs go to a scratch folder: the corpus in the tree stays what people put there.
  scratch=$(mktemp -d)
  if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=0 \
    ${FUZZ_SEED:+-seed="$FUZZ_SEED"} \
    -artifact_prefix="$build/findings/$name-" "$scratch" "$corpus/$name" >"$scratch.log" 2>&1; then
    echo "fuzz $name: $(tail -n 1 "$scratch.log")"
  else
    printf '%s\n' "fuzz $name FAILED:" "$(tail -n 60 "$scratch.log")"
  fi
  rm -rf "$scratch" "$scratch.log"
}
export -f fuzz
export build seconds corpus

programs=()
for program in "$build"/tests/fuzz/fuzz_*; do
  [ -x "$program" ] && [ -f "$program" ] || continue
  name=$(basename "$program")
  [ $# -eq 0 ] || [[ " $* " == *" ${name#fuzz_} "* ]] || continue
  programs+=("$program")
done
outcomes=$(mktemp)
trap 'rm -f "$outcomes"' EXIT
printf '%s\0' "${programs[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c 'fuzz {}' | tee "$outcomes"
failed=$(grep -c '^fuzz [a-z_]* FAILED:$' "$outcomes" || true)
passed=$(grep -c '^fuzz [a-z_]*: ' "$outcomes" || true)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -eq "${#programs[@]}" ] && [ "$passed" -gt 0 ]
