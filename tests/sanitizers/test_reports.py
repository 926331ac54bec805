"""What a process does wrong whose standard error nobody reads fails a run of ./dev sanitize.

usage: test_reports.py PLANTED KIND
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import run

FAULTS = {
    "address": {"leak": "LeakSanitizer", "overflow": "heap-buffer-overflow"},
    "undefined": {"shift": "runtime error: shift"},
    "thread": {"race": "data race"},
}


@unittest.skipUnless("SANITIZER_REPORTS" in os.environ, "not run by ./dev sanitize")
class Reports(unittest.TestCase):
    def reported(self, fault):
        real = os.environ["SANITIZER_REPORTS"]
        with tempfile.TemporaryDirectory() as folder:
            environment = {name: value.replace(real, folder) for name, value in os.environ.items()}
            subprocess.run([planted, fault], env=environment, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            return run.reported(folder)

    def test_what_is_planted_is_reported(self):
        for kind in kinds.split(","):
            for fault, telling in FAULTS[kind].items():
                with self.subTest(fault):
                    lines, failures = self.reported(fault)
                    self.assertEqual(failures, 1)
                    self.assertIn(telling, "\n".join(lines))

    def test_what_is_sound_is_not(self):
        self.assertEqual(self.reported("none"), ([], 0))

    def test_only_the_solver_s_own_fall_in_a_worker_is_no_failure(self):
        fall = ("==PROGRAM==7==ERROR: ThreadSanitizer: SEGV on unknown address 0x28\n"
                "==PROGRAM==7==The signal is caused by a READ memory access.\n"
                "    #0 FRAME\n    #1 CbcMain1(int) <null> (libCbcSolver.so.3+0x9)\n")
        ours = "solvent::RunCbc(solvent::MinForm const&) ../lib/solve/cbc/cbc_run.cc:9"
        clp = "ClpPresolve::gutsOfPresolvedModel(int) <null> (libClp.so.1+0xb)"
        whole = "0x7f in ClpPresolve::gutsOfPresolvedModel(int) (/lib/x86_64/libClp.so.1+0xb)"
        race = "WARNING: ThreadSanitizer: data race (pid=7)\n    #0 " + ours + "\n"
        shift = "../lib/solve/cbc/cbc_run.cc:9:3: runtime error: shift exponent 40 is too large\n"
        for program, frame, text, failures in (
                ("solvent-worker", clp, fall, 0),
                ("solvent-worker", whole, "=====\n" + fall, 0),
                ("solvent-worker", ours, fall, 1),
                ("solvent-worker", clp, race + fall, 1),
                ("solvent-worker", clp, shift + fall, 1),
                ("test_solve", clp, fall, 1),
                ("solvent-worker", clp, fall.replace("SEGV", "heap-buffer-overflow"), 1)):
            with self.subTest(program=program, frame=frame), \
                    tempfile.TemporaryDirectory() as folder:
                report = text.replace("PROGRAM", program).replace("FRAME", frame)
                pathlib.Path(folder, "one").write_text(report)
                self.assertEqual(run.reported(folder)[1], failures)


if __name__ == "__main__":
    planted, kinds = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
