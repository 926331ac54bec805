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
            return "\n".join(run.reported(folder))

    def test_what_is_planted_is_reported(self):
        for kind in kinds.split(","):
            for fault, telling in FAULTS[kind].items():
                with self.subTest(fault):
                    self.assertIn(telling, self.reported(fault))

    def test_what_is_sound_is_not(self):
        self.assertEqual(self.reported("none"), "")


if __name__ == "__main__":
    planted, kinds = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
