"""Completion offers every verb and flag, in bash as bash does it."""

import subprocess
import unittest

from command_line import Folder, need, solvent, verbs

# Asks the function for the words of the line that ends in the current word.
ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_solvent
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(Folder):
    def script(self, shell):
        path = self.folder / f"completion.{shell}"
        path.write_text(solvent("completion", shell))
        return path

    def complete(self, script, *words):
        asked = subprocess.run(["bash", "-c", ASK, "bash", str(script), *words], cwd=self.folder,
                               check=True, capture_output=True, text=True)
        self.assertEqual(asked.stderr, "")
        return set(asked.stdout.split())

    def test_bash_offers_every_verb_and_flag(self):
        script = self.script("bash")
        known = verbs()
        for path, flags in known.items():
            below = {other[-1] for other in known if other and other[:-1] == path}
            self.assertEqual(self.complete(script, "solvent", *path, ""),
                             below | {"--" + flag for flag in flags}, path)
        self.assertEqual(self.complete(script, "solvent", "ser"), {"serve"})
        self.assertEqual(self.complete(script, "solvent", "keys", "create", "--exp"),
                         {"--expires-days"})

    def test_bash_offers_values_and_files(self):
        script = self.script("bash")
        (self.folder / "plan.mod").touch()
        self.assertEqual(self.complete(script, "solvent", "serve", "--log-level", ""),
                         {"debug", "info", "warning", "error"})
        self.assertEqual(self.complete(script, "solvent", "serve", "--log-level", "w"), {"warning"})
        self.assertEqual(self.complete(script, "solvent", "serve", "--database", "pl"),
                         {"plan.mod"})
        self.assertEqual(self.complete(script, "solvent", "solve", "--json", "pl"), {"plan.mod"})

    def test_zsh_understands_its_script(self):
        need("zsh", "zsh")
        subprocess.run(["zsh", "-n", self.script("zsh")], check=True)
        self.assert_complete(self.script("zsh").read_text(), "{}[")

    def test_fish_understands_its_script(self):
        need("fish", "fish")
        script = self.script("fish")
        subprocess.run(["fish", "--no-execute", script], check=True)
        offered = subprocess.run(
            ["fish", "--no-config", "-c", f"source {script}; complete -C 'solvent serve --log-l'"],
            capture_output=True, text=True, env={"HOME": str(self.folder), "PATH": "/usr/bin"})
        self.assertIn("--log-level", offered.stdout)
        self.assertIn("--log-level", script.read_text().replace("-l log", "--log"))

    def assert_complete(self, text, shape):
        for path, flags in verbs().items():
            for flag in flags:
                self.assertIn(shape.format("--" + flag), text, path)


if __name__ == "__main__":
    unittest.main()
