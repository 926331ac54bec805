"""systemd takes the unit as it is meant, and it is shut in."""

import os
import pathlib
import re
import subprocess
import unittest

from command_line import SERVER, Folder, need

UNIT = pathlib.Path(os.environ.get("SOLVENT_UNIT", "build/packaging/solvent.service"))
# As `systemd-analyze security` rates it, from 0 (all shut) to 10; sockets alone cost 0.5.
MOST_EXPOSED = 1.6


class Unit(Folder):
    def setUp(self):
        super().setUp()
        need("systemd-analyze", "systemd")
        # The program is not where it will be installed.
        text = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={pathlib.Path(SERVER).resolve()}",
                      UNIT.read_text())
        self.unit = self.folder / "solvent.service"
        self.unit.write_text(text)

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                              env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})

    def test_the_unit_has_no_fault(self):
        verified = self.analyze("verify", "--man=no", "--recursive-errors=no", str(self.unit))
        self.assertEqual(verified.returncode, 0, verified.stderr)
        # It may speak of other units of this machine.
        self.assertNotIn("solvent.service", verified.stderr)

    def test_the_service_is_shut_in(self):
        rated = self.analyze("security", "--offline=yes", "--no-pager", str(self.unit))
        level = re.search(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout)
        if level is None:
            self.skipTest("this systemd-analyze cannot rate a unit file: " + rated.stderr.strip())
        self.assertLessEqual(float(level[1]), MOST_EXPOSED, rated.stdout)

    def test_workers_may_do_what_they_need(self):
        text = self.unit.read_text()
        for setting in ("NoNewPrivileges=yes", "ProtectSystem=strict", "Type=notify",
                        "StateDirectory=solvent", "MemoryDenyWriteExecute=yes"):
            self.assertIn("\n" + setting + "\n", text)
        # Limits on itself, and the program again as a worker.
        self.assertNotIn("~@resources", text)
        self.assertNotIn("NoExecPaths", text)
        self.assertNotIn("TasksMax", text)


if __name__ == "__main__":
    unittest.main()
