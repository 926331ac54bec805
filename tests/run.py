"""Runs the test suite of a build directory and closes with what failed and a count of executed
test cases.

usage: run.py BUILD_DIRECTORY [MESON TEST ARGUMENTS]

With SANITIZER_REPORTS in the environment, each file in that folder is a failure: what a sanitizer
had to say of any process of the run. Only that a worker fell within the packaged solver's own code
is no more than told: workers exist since it does.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed")
UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.M)
NODE = re.compile(r"^# (pass|fail|skipped) (\d+)$", re.M)
UNITTEST_BAD = re.compile(r"FAILED \((.*)\)")
SKIPPED = re.compile(r"skipped=(\d+)")


def count(entry):
    """(passed, failed, skipped) test cases of one test program."""
    output = entry.get("stdout", "") + entry.get("stderr", "")
    ok = entry["result"] == "OK"
    if found := DOCTEST.search(output):
        passed, failed = int(found[2]), int(found[3])
        return passed, max(failed, 0 if ok else 1), 0
    if found := UNITTEST.search(output):
        ran = int(found[1])
        bad = 0
        if failure := UNITTEST_BAD.search(output):
            bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", failure[1]))
        skipped = sum(int(n) for n in SKIPPED.findall(output))
        return ran - bad - skipped, max(bad, 0 if ok else 1), skipped
    if found := dict(NODE.findall(output)):
        failed = int(found.get("fail", 0))
        return int(found.get("pass", 0)), max(failed, 0 if ok else 1), int(found.get("skipped", 0))
    if entry["result"] == "SKIP":
        return 0, 0, 1
    return (1, 0, 0) if ok else (0, 1, 0)


# The lines of an output that say which case failed and why, for each kind of test program.
TELLING = re.compile(
    r"^(TEST CASE:.*|.*\.cc:\d+: (ERROR|FATAL ERROR):.*|  values: .*|(FAIL|ERROR): .*"
    r"|\S*(Error|Exception)\b.*|not ok .*|.*==ERROR: .*|SUMMARY: .*|WARNING: ThreadSanitizer.*)$"
)


def told(entry):
    """What a failed test program said of its failures, short: a log is often read by its end."""
    output = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    lines = [line[:300] for line in output.splitlines() if TELLING.match(line)]
    if not lines:
        lines = [line[:300] for line in output.splitlines()[-5:]]
    return [f"failed: {entry['name']} ({entry['result']}, {entry['duration']:.0f} s)"] + [
        "  " + line for line in lines[:20]
    ]


# What stands between the frames of a report and says what it is about.
REPORT = re.compile(r"^(==.*==ERROR.*|WARNING: .*|.*runtime error: .*|(Direct|Indirect) leak .*"
                    r"|\s+#[0-7] .*|SUMMARY: .*)$")


# A signal, not what a sanitizer checks, and the innermost frame is in one of COIN-OR's libraries.
SOLVER_FELL = re.compile(r"^==solvent-worker==.*Sanitizer: (SEGV|FPE|ABRT)\b.*\n(?:==.*\n)*"
                         r"\s+#0 (.*\((?:/\S*/)?lib(?:Clp|Cbc|CbcSolver|Osi|OsiClp|Cgl|CoinUtils)\.so.*)",
                         re.M)
# How each report begins: a process may have several, all in its one file.
HEADING = re.compile(r"^(==.*==ERROR: .*|WARNING: .*Sanitizer.*|.*runtime error: .*)$", re.M)


def reported(folder):
    """What sanitizers wrote into the folder: (lines to print, number of failures)."""
    lines = []
    failures = 0
    for path in sorted(pathlib.Path(folder).iterdir()):
        text = path.read_text(errors="replace")
        if (fell := SOLVER_FELL.search(text)) and len(HEADING.findall(text)) == 1:
            lines.append(f"noted: a worker fell ({fell[1]}) in {fell[2][:200]}")
            continue
        failures += 1
        lines.append(f"failed: {path} says")
        lines += ["  " + line[:300] for line in text.splitlines() if REPORT.match(line)][:40]
    return lines, failures


def main():
    build = pathlib.Path(sys.argv[1])
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", str(build), "--no-rebuild", "--print-errorlogs"]
    status = subprocess.run(command + sys.argv[2:]).returncode
    passed = failed = skipped = 0
    bad = []
    if log.exists():
        for line in log.read_text().splitlines():
            entry = json.loads(line)
            p, f, s = count(entry)
            passed, failed, skipped = passed + p, failed + f, skipped + s
            if f:
                bad += told(entry)
    if folder := os.environ.get("SANITIZER_REPORTS"):
        lines, failures = reported(folder)
        bad += lines
        failed += failures
    print(*bad, sep="\n", end="\n" if bad else "")
    tail = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{tail}")
    return 1 if status or failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
