"""docs/templates.md lists every template under its category, with its names and its short text.

usage: test_templates.py SOURCE_ROOT
"""

import json
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))


class Templates(unittest.TestCase):
    def test_the_page_lists_what_ships(self):
        shipped = set()
        for path in (ROOT / "lib/catalog/templates").glob("*.json"):
            document = json.loads(path.read_text())
            heading = document["category"].replace("_", " ").capitalize()
            shipped.add((heading, f"`{document['name']}` {document['display_name']}: "
                                  f"{document['short_description']}"))
        listed = set()
        heading = ""
        for line in (ROOT / "docs/templates.md").read_text().splitlines():
            if line.startswith("## "):
                heading = line[3:]
            elif re.match("- `[a-z0-9_]+` ", line):
                listed.add((heading, line[2:]))
        self.assertEqual(shipped - listed, set())
        self.assertEqual(listed - shipped, set())

    def test_every_model_is_built_in(self):
        names = {path.stem for path in (ROOT / "lib/catalog/templates").iterdir()}
        build = (ROOT / "lib/catalog/meson.build").read_text()
        listed = re.search(r"template_names = \[(.*?)\]", build, re.S)[1]
        self.assertEqual(set(re.findall("'(.*?)'", listed)), names)


if __name__ == "__main__":
    unittest.main()
