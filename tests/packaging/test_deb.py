"""The Debian package: what it holds, and that it installs, upgrades and goes, in a root of its own."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.request

from command_line import SERVER, SOURCE, VERSION, Folder, need

sys.path.insert(0, str(SOURCE / "tests" / "http"))
from harness import LISTENING, problem  # noqa: E402

PLAN = problem("maximize", "3*x", {"x": {"upper_bound": 4}})


class Package(Folder):
    def setUp(self):
        super().setUp()
        need("dpkg-shlibdeps", "dpkg-dev")
        need("strip", "binutils")

    def build(self, version):
        built = subprocess.run(
            [SOURCE / "packaging" / "build_deb.sh", SERVER, version, self.folder],
            capture_output=True, text=True, env={**os.environ, "DEB_COMPRESSION": "gzip"})
        self.assertEqual(built.returncode, 0, built.stderr)
        return pathlib.Path(built.stdout.strip())

    def test_the_package_says_what_it_needs_and_whose_its_files_are(self):
        package = self.build(VERSION)
        fields = subprocess.run(["dpkg-deb", "--field", package], check=True, capture_output=True,
                                text=True).stdout
        fields = dict(re.findall(r"^([\w-]+): (.*)$", fields, re.M))
        self.assertEqual(fields["Version"], VERSION)
        for library in ("libsqlite3-0", "coinor-libcbc3", "libssl3", "libc6", "adduser"):
            self.assertIn(library, fields["Depends"])
        self.assertGreater(int(fields["Installed-Size"]), 1000)
        listed = subprocess.run(["dpkg-deb", "--contents", package], check=True,
                                capture_output=True, text=True).stdout
        files = {}
        for line in listed.splitlines():
            mode, owner, _, _, _, name = line.split(None, 5)
            self.assertEqual(owner, "root/root", line)
            self.assertNotIn("w", mode[5] + mode[8], line)
            files[name.removeprefix(".")] = mode
        self.assertEqual(files["/usr/bin/solvent"], "-rwxr-xr-x")
        for name in ("/etc/solvent/solvent.conf", "/lib/systemd/system/solvent.service",
                     "/usr/share/man/man1/solvent.1.gz", "/usr/share/doc/solvent/copyright",
                     "/usr/share/bash-completion/completions/solvent",
                     "/usr/share/zsh/vendor-completions/_solvent",
                     "/usr/share/fish/vendor_completions.d/solvent.fish"):
            self.assertEqual(files[name], "-rw-r--r--", name)

    def test_it_installs_runs_upgrades_keeps_and_goes(self):
        root = self.folder / "root"
        for name in ("info", "updates"):
            (root / "var/lib/dpkg" / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "tmp").mkdir()
        as_root = [] if os.geteuid() == 0 else [need("fakeroot", "fakeroot")]

        def dpkg(*arguments):
            done = subprocess.run(
                [*as_root, "dpkg", f"--root={root}", f"--log={root}/dpkg.log",
                 "--force-script-chrootless", "--force-depends", "--force-not-root",
                 "--force-confold", *arguments],
                capture_output=True, text=True,
                env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

        program = root / "usr/bin/solvent"
        database = root / "var/lib/solvent/solvent.db"
        config = root / "etc/solvent/solvent.conf"
        secret = "ok_live_" + "4" * 64

        def look_at_server(solve):
            """Starts the installed server as the unit does; returns how many runs it knows."""
            server = subprocess.Popen(
                [program, "serve", "--config", config, "--port", "0", "--database", database],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env={"SOLVENT_BOOTSTRAP_KEY": secret})
            try:
                line = next(line for line in server.stdout if LISTENING.search(line))
                url = LISTENING.search(line)[1]

                def get(path, body=None):
                    request = urllib.request.Request(
                        url + path, data=body, headers={"Authorization": "Bearer " + secret,
                                                        "Content-Type": "application/json"})
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        return answer.read().decode()

                self.assertEqual(get("/healthz"), "ok\n")
                if solve:
                    answer = json.loads(get("/api/v2/solve", json.dumps(PLAN).encode()))
                    self.assertEqual(answer["objective_value"], 12)
                return int(re.search(r'solvent_runs\{state="completed"\} (\d+)',
                                     get("/metrics"))[1])
            finally:
                server.terminate()
                self.assertEqual(server.wait(30), 0)
                server.stdout.close()

        dpkg("--install", self.build("0.0.1"))
        model = self.folder / "plan.lp"
        model.write_text("Maximize\n obj: 3 x\nSubject To\n c: x <= 4\nEnd\n")
        solved = subprocess.run([program, "solve", "--quiet", model], capture_output=True, text=True)
        self.assertEqual(solved.returncode, 0, solved.stderr)
        self.assertIn("12", solved.stdout)
        self.assertEqual(database.parent.stat().st_mode & 0o777, 0o750)
        self.assertEqual(look_at_server(solve=True), 1)

        with config.open("a") as file:
            file.write("max-pending = 77\n")
        ours = hashlib.sha256(config.read_bytes()).digest()
        dpkg("--install", self.build(VERSION))
        self.assertEqual(hashlib.sha256(config.read_bytes()).digest(), ours)
        self.assertEqual(look_at_server(solve=False), 1)

        dpkg("--remove", "solvent")
        self.assertFalse(program.exists())
        self.assertTrue(database.exists())
        self.assertTrue(config.exists())
        dpkg("--purge", "solvent")
        self.assertFalse(database.parent.exists())
        self.assertFalse(config.parent.exists())
        left = [str(path.relative_to(root)) for path in root.rglob("*solvent*")
                if "var/lib/dpkg" not in str(path)]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
