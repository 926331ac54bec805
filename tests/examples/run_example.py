"""Runs an example in an empty folder and looks for what it must print.

usage: run_example.py PROGRAM TEXT [WORKER]
"""

import os
import subprocess
import sys
import tempfile

program, text = os.path.abspath(sys.argv[1]), sys.argv[2]
worker = [os.path.abspath(path) for path in sys.argv[3:]]
with tempfile.TemporaryDirectory() as folder:
    database = ["example.db"] if "embed_solve" not in program else []
    run = subprocess.run([program, *database, *worker], cwd=folder, capture_output=True,
                         text=True, timeout=60)
print(run.stdout + run.stderr)
sys.exit(0 if run.returncode == 0 and text in run.stdout else 1)
