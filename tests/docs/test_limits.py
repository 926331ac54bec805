"""Limits that the pages state are those of the headers and of the server's flags.

usage: test_limits.py SOURCE_ROOT
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def number(text):
    """The number at the start of a cell: "4 GB", "5 · 10⁸", "1,000,000"."""
    if found := re.match(r"([\d,]+) · 10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text):
        return int(found[1]) * 10 ** int(found[2].translate(SUPERSCRIPTS))
    value = int(re.match(r"[\d,]+", text)[0].replace(",", ""))
    if "GB" in text:
        return value << 30
    return value << 20 if re.search(r"\d MB", text) else value


def section(page, heading):
    text = (ROOT / "docs" / page).read_text()
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.S | re.M)[1]


class Limits(unittest.TestCase):
    def test_those_of_the_language(self):
        header = (ROOT / "include/solvent/mathprog.h").read_text()
        struct = re.search(r"struct MathProgLimits \{(.*?)\};", header, re.S)[1]
        actual = {}
        for name, value in re.findall(r"max_(\w+) = (.*?);", struct):
            value = re.sub(r"int64_t\{(\d+)\}", r"\1", value).replace("'", "")
            actual[name] = eval(value, {})
        cells = {}
        for row in re.findall(r"^\| (.*) \| (.*) \|$", section("modeling-reference.md", "Limits"),
                              re.M)[1:]:
            names, values = (re.split("; ", cell) for cell in row)
            cells.update(zip(names, values))
        for name, cell in {
                "rows": "rows", "columns": "columns", "nonzeros": "nonzeros",
                "set_members": "members of a set", "total_members": "of all sets",
                "tuples_visited": "index tuples visited", "steps": "evaluation steps",
                "seconds": "time", "memory_bytes": "memory of the compiler",
                "expression_depth": "nesting of expressions",
                "recursion": "recursion of parameters", "symbol_bytes": "a symbol",
                "model_bytes": "the model", "data_bytes": "the data",
                "output_bytes": "printed output", "result_rows": "rows of the result",
                "errors": "errors reported at once"}.items():
            with self.subTest(limit=name):
                self.assertEqual(number(cells[cell]), actual[name])

    def test_those_of_the_server(self):
        help_text = subprocess.run([os.environ["SOLVENT_SERVER"], "serve", "--help"],
                                   capture_output=True, text=True, check=True).stdout
        defaults = dict(re.findall(r"^\s+(--[a-z-]+) [^\n=]*=(\d+)", help_text, re.M))
        checked = 0
        for _, shown, flags in re.findall(r"^\| (.*) \| (.*) \| (.*) \|$",
                                          section("operating.md", "Limits"), re.M):
            values = shown.split("; ")
            for value, flag in zip(values, re.findall(r"`(--[a-z-]+)`", flags)):
                if flag in defaults and flag != "--workers" and value[0].isdigit():
                    with self.subTest(flag=flag):
                        self.assertEqual(re.match(r"[\d,]+", value)[0].replace(",", ""),
                                         defaults[flag])
                        checked += 1
        self.assertGreaterEqual(checked, 7)


if __name__ == "__main__":
    unittest.main()
