"""Commands and flags that pages name in passing exist: `solvent VERB --flag`, `--flag`, `./dev VERB`.

usage: test_inline.py SOURCE_ROOT
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
SERVER = os.environ["SOLVENT_SERVER"]
# Flags of other programs, which the pages speak of.
FOREIGN = {"--static", "--json", "--wrap-mode", "--help"}


def named(pattern):
    """(page, text) of everything in backticks that matches."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        prose = re.sub(r"^\s*```.*?^\s*```", "", page.read_text(), flags=re.S | re.M)
        prose = re.sub(r"<!--.*?-->", "", prose, flags=re.S)
        for text in re.findall(r"`([^`\n]+)`", prose):
            if re.match(pattern, text):
                yield page.name, text


def help_of(*verb):
    run = subprocess.run([SERVER, *verb, "--help"], capture_output=True, text=True)
    return run.stdout if run.returncode == 0 else ""


class Inline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        verbs = re.findall(r"^  (\w+) {3,}", help_of().split("Subcommands:")[1], re.M)
        cls.helps = {verb: help_of(verb) for verb in verbs}
        for verb, actions in (("keys", ("create", "list", "revoke")),
                              ("credits", ("show", "grant", "adjust", "set"))):
            for action in actions:
                cls.helps[f"{verb} {action}"] = help_of(verb, action)

    def test_verbs_and_their_flags(self):
        found = 0
        for page, text in named("solvent [a-z]"):
            words = shlex.split(text.replace("'", ""))[1:]
            verb = " ".join(words[:2]) if " ".join(words[:2]) in self.helps else words[0]
            with self.subTest(page=page, text=text):
                self.assertIn(verb, self.helps)
                for flag in (word for word in words if word.startswith("--")):
                    self.assertIn(flag, self.helps[verb] + "--help")
                    found += 1
        self.assertGreater(found, 2)

    def test_flags_on_their_own(self):
        found = 0
        for page, text in named("--[a-z]"):
            flag = re.match(r"--[a-z-]*[a-z]", text)[0]
            with self.subTest(page=page, text=text):
                self.assertTrue(flag in FOREIGN or any(flag in h for h in self.helps.values()))
                found += 1
        self.assertGreater(found, 20)

    def test_verbs_of_dev(self):
        usage = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True).stdout
        verbs = set(re.findall(r"^  ([a-z-]+) ", usage, re.M))
        for page, text in named(r"\./dev [a-z]"):
            with self.subTest(page=page, text=text):
                self.assertIn(text.split()[1], verbs)


if __name__ == "__main__":
    unittest.main()
