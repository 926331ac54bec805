"""Starts `solvent serve` as a page shows it, but on a free port; once it listens, stops it.

usage: serve_briefly.py SOLVENT serve FLAGS...
"""

import re
import signal
import subprocess
import sys
import tempfile


def main():
    program, *arguments = sys.argv[1:]
    arguments = " ".join(arguments)
    arguments = re.sub(r" --port[ =]\d+", "", arguments).split(" ") + ["--port", "0"]
    with tempfile.TemporaryDirectory() as folder:
        # Without a database of its own it is a new server, in an empty folder.
        where = "." if {"--database", "--config"} & set(arguments) else folder
        with subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, cwd=where,
                              stderr=subprocess.PIPE, text=True) as server:
            listening = False
            for line in server.stdout:
                print(re.sub(r"(http://[\d.]+):\d+", r"\1:8001", line), end="", flush=True)
                if "listening on" in line:
                    listening = True
                    break
            if listening:
                server.send_signal(signal.SIGTERM)
            rest, log = server.communicate(timeout=60)
    print(rest, end="")
    if not listening or server.returncode != 0:
        print(log, file=sys.stderr)
        return server.returncode or 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
