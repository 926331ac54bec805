"""The manual page is well formed and has every verb and flag."""

import re
import subprocess
import unittest

from command_line import SOURCE, need, verbs

PAGE = SOURCE / "packaging" / "solvent.1"


def roff(name):
    """A flag as the page writes it: --time-limit is .Fl -time-limit."""
    return re.compile(r"\bFl (?:h , )?-" + re.escape(name) + r"(?![\w-])")


class Manual(unittest.TestCase):
    def test_every_verb_and_flag_is_in_the_page(self):
        text = PAGE.read_text()
        sections = dict(re.findall(r"^\.Ss (\w+)\n(.*?)(?=^\.S[sh] |\Z)", text, re.M | re.S))
        known = verbs()
        self.assertGreater(len(known), 10)
        for path, flags in known.items():
            if not path:
                section = text
            else:
                self.assertIn(path[0], sections, f"no section for the verb {path[0]}")
                section = sections[path[0]]
                for word in path[1:]:
                    self.assertIn(word, section)
            for flag in flags - {"help"}:
                # What several verbs share is explained once.
                where = text if flag in ("database", "organization", "json") else section
                self.assertRegex(where, roff(flag), f"{' '.join(path)} --{flag}")

    def test_the_page_names_no_flag_that_is_not_there(self):
        known = set().union(*verbs().values())
        for flag in re.findall(r"Fl (?:h , )?-([a-z][a-z-]+)", PAGE.read_text()):
            self.assertIn(flag, known)

    def test_the_page_has_no_fault(self):
        need("mandoc", "mandoc")
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE],
                              capture_output=True, text=True)
        self.assertEqual(lint.stdout, "")
        text = subprocess.run(["mandoc", "-T", "utf8", PAGE], capture_output=True, text=True)
        self.assertIn("optimization service", text.stdout)


if __name__ == "__main__":
    unittest.main()
