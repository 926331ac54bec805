#!/usr/bin/env bash
# Builds the fuzzers in a configured build directory and runs each for a number of seconds, starting
# from the corpus beside this script. A finding stays in BUILD/findings.
#
# usage: run.sh BUILD SECONDS [NAMES]
set -euo pipefail
build=$1
seconds=$2
shift 2
corpus=$(dirname "$0")/corpus
ninja -C "$build" --quiet $(ninja -C "$build" -t targets all | sed -n 's/^\(tests\/fuzz\/fuzz_[a-z_]*\):.*/\1/p')
mkdir -p "$build/findings"
passed=0
failed=0
for program in "$build"/tests/fuzz/fuzz_*; do
  [ -x "$program" ] && [ -f "$program" ] || continue
  name=$(basename "$program")
  name=${name#fuzz_}
  [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
  # New inputs go to a scratch folder: the corpus in the tree stays what people put there.
  scratch=$(mktemp -d)
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=0 \
    -artifact_prefix="$build/findings/$name-" "$scratch" "$corpus/$name" >"$scratch.log" 2>&1; then
    passed=$((passed + 1))
    echo "fuzz $name: $(tail -n 1 "$scratch.log")"
  else
    failed=$((failed + 1))
    echo "fuzz $name FAILED:"
    tail -n 60 "$scratch.log"
  fi
  rm -rf "$scratch" "$scratch.log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
