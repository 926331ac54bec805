"""Runs the benchmarks of a build directory and prints their figures as Markdown tables.

usage: run.py BUILD_DIRECTORY [NAMES] [--long]

Every benchmark prints JSON objects, one a line, and measures its peer in the same run; the ratios
are what counts.
"""

import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}"


def show(value):
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return str(value)


def main():
    build = pathlib.Path(sys.argv[1])
    names = [word for word in sys.argv[2:] if not word.startswith("-")]
    flags = [word for word in sys.argv[2:] if word.startswith("-")]
    targets = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], check=True,
                             capture_output=True, text=True).stdout
    programs = sorted({line.split(":")[0] for line in targets.splitlines()
                       if line.startswith("tests/bench/bench_") and "/" not in line.split(":")[0][12:]
                       and not line.split(":")[0].endswith(".p")})
    print(f"{machine()}, {datetime.date.today()}\n", flush=True)
    status = 0
    for program in programs:
        name = program.removeprefix("tests/bench/bench_")
        if names and name not in names:
            continue
        subprocess.run(["ninja", "-C", build, "--quiet", program], check=True)
        arguments = {
            "service": [str(build / "server" / "solvent")],
            "triggers": [str(build / "server" / "solvent")],
            "jobs": [str((build / "server" / "solvent").absolute())],
            "mip": ["--worker", str((build / "lib" / "solve" / "solvent-worker").absolute())],
        }.get(name, [])
        run = subprocess.run([str(build / program), *arguments, *(flags if name == "store" else [])], stdout=subprocess.PIPE,
                             text=True)
        status = status or run.returncode
        print(f"### {name}\n")
        print("| measured | figures |\n| --- | --- |")
        for line in run.stdout.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                title = row.pop("bench", name)
                print(f"| {title} | " + ", ".join(f"{k} {show(v)}" for k, v in row.items()) + " |")
        print(flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
