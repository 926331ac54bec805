"""Links of the pages lead somewhere, headings included, and no page is left untested.

usage: test_links.py SOURCE_ROOT TESTED_PAGE...
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])
TESTED = set(sys.argv[2:])
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def prose(page):
    """The page without its fenced blocks."""
    return re.sub(r"^\s*```.*?^\s*```", "", page.read_text(), flags=re.S | re.M)


def anchors(page):
    """The names that headings get."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Links(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s:]+)\)", prose(page)):
                path, _, anchor = target.partition("#")
                file = (page.parent / path) if path else page
                with self.subTest(page=page.name, target=target):
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(file))

    def test_files_that_are_named_exist(self):
        named = re.compile(r"`((?:lib|server|tests|include|docs|examples|console)/[\w./-]+)`")
        for page in PAGES:
            for path in named.findall(prose(page)):
                with self.subTest(page=page.name, path=path):
                    self.assertTrue("NNNN" in path or "NAME" in path or (ROOT / path).exists())

    def test_every_page_is_run(self):
        self.assertEqual({str(page.relative_to(ROOT)) for page in PAGES}, TESTED)

    def test_every_page_is_found_from_the_readme(self):
        readme = (ROOT / "README.md").read_text()
        for page in (ROOT / "docs").glob("*.md"):
            self.assertIn(f"docs/{page.name}", readme)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
