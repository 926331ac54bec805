"""Runs what the README shows: the curl request, the C++ program, the command lines.

usage: test_readme.py SOURCE_ROOT BUILD_ROOT
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv[1])
BUILD = pathlib.Path(sys.argv[2])
sys.path.insert(0, str(ROOT / "tests" / "http"))

from harness import SERVER, Server  # noqa: E402

README = (ROOT / "README.md").read_text()
OPERATING = (ROOT / "docs" / "operating.md").read_text()


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


class Readme(unittest.TestCase):
    def test_the_curl_request(self):
        (request,) = [block for block in blocks(README, "sh") if block.startswith("curl")]
        with Server() as server:
            script = request.replace("http://127.0.0.1:8001", server.url)
            answer = subprocess.run(["bash", "-euc", script], check=True, capture_output=True,
                                    text=True, env={**os.environ, "SOLVENT_KEY": server.key})
        self.assertIn('"objective_value":3550', answer.stdout)
        self.assertIn('"chairs":15', answer.stdout)

    def test_the_program(self):
        (program,) = blocks(README, "cpp")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "plan.cc").write_text(program)
            private = subprocess.run(
                ["pkg-config", "--cflags", "--libs", "--static", "solvent"], check=True,
                capture_output=True, text=True,
                env={**os.environ, "PKG_CONFIG_PATH": str(BUILD / "meson-uninstalled")}).stdout
            subprocess.run(["g++", "-std=c++20", f"-I{ROOT / 'include'}", folder / "plan.cc", "-o", folder / "plan",
                            *shlex.split(private)], check=True)
            answer = subprocess.run([folder / "plan"], check=True, capture_output=True, text=True)
        self.assertIn("objective 3550", answer.stdout)

    def test_the_command_lines_are_known(self):
        commands = [line for text in (README, OPERATING) for block in blocks(text, "sh")
                    for line in block.splitlines() if line.startswith("solvent ")]
        self.assertGreater(len(commands), 6)
        for command in commands:
            words = shlex.split(command, comments=True)[1:]
            # --help after the verb accepts the flags before it, or refuses one that is unknown.
            run = subprocess.run([SERVER, *words, "--help"], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, command + run.stderr)
            for flag in (word for word in words if word.startswith("--")):
                self.assertIn(flag, run.stdout, command)

    def test_links_lead_somewhere(self):
        for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md",
                         *(ROOT / "docs").glob("*.md")]:
            for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
                self.assertTrue((document.parent / target).exists(), f"{document}: {target}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
