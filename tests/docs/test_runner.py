"""The runner of the pages itself: what it must notice.

usage: test_runner.py BUILD_ROOT
"""

import pathlib
import sys
import tempfile
import unittest

import expect
import page as pages
from run_page import Runner
from harness import wait_until  # found through run_page

BUILD = pathlib.Path(sys.argv.pop(1))


def run(text):
    runner = Runner(pages.parse(text), BUILD, with_cpp=False)
    try:
        for block in runner.page.blocks:
            runner.run(block)
        return runner
    finally:
        runner.close()


class TextTest(unittest.TestCase):
    def test_dots_stand_for_any_characters_of_a_line_or_any_lines(self):
        expect.text("a … c\n…\nz\n", "a b c\nx\ny\nz\n")
        expect.text("…\nz\n", "z\n")
        for shown in ("a … d\n", "a\n", "a b c\nd\n"):
            with self.assertRaises(expect.Difference):
                expect.text(shown, "a b c\n")


class JsonTest(unittest.TestCase):
    def test_what_is_shown_must_be_there(self):
        printed = '{"id": "exe_1", "n": 2.5, "list": [1, 2, 3], "more": null}'
        expect.json_text('{"id": "exe_…", "n": 2.5, "list": [1, …], "more": …}', printed)
        expect.json_text('{"n": 2.5, …}', printed)
        for shown in ('{"n": 2.5}', '{"n": 3, …}', '{"x": …, …}', '{"list": [1, 2], …}',
                      '{"list": [2, …], …}', '{"more": false, …}', '{"id": "run_…", …}'):
            with self.assertRaises(expect.Difference, msg=shown):
                expect.json_text(shown, printed)

    def test_a_pattern_is_json_but_for_the_dots(self):
        for text in ('{"a" 1}', '{"a": 1', '[1 2]', '{"a": tru}', '{} {}', '"x'):
            with self.assertRaises(expect.Difference, msg=text):
                expect.Pattern(text).parse()


class PageTest(unittest.TestCase):
    def test_a_wrong_output_is_noticed(self):
        run("```sh\necho a\n```\n\n```text\na\n```\n")
        with self.assertRaises(expect.Difference):
            run("```sh\necho a\n```\n\n```text\nb\n```\n")

    def test_a_failing_command_is_noticed(self):
        with self.assertRaises(AssertionError):
            run("```sh\nfalse\ntrue\n```\n")
        run("<!-- run: exit 3 -->\n```sh\nexit 3\n```\n")
        with self.assertRaises(AssertionError):
            run("<!-- run: exit 3 -->\n```sh\ntrue\n```\n")

    def test_an_unknown_language_is_noticed(self):
        for fence in ("```", "```yaml"):
            with self.assertRaises(AssertionError):
                run(f"{fence}\nx\n```\n")

    def test_an_opt_out_needs_a_reason_and_is_counted(self):
        with self.assertRaises(AssertionError):
            run("<!-- run: no -->\n```sh\nfalse\n```\n")
        runner = run("<!-- run: no, it fails -->\n```sh\nfalse\n```\n")
        self.assertEqual(runner.counts["left out"], 1)
        self.assertIn("it fails", runner.notes[0])

    def test_a_file_must_be_used(self):
        run("Save this as `a.csv`:\n\n```csv\nx,y\n```\n\n```sh\ncat a.csv\n```\n\n"
            "```text\nx,y\n```\n")
        with self.assertRaises(AssertionError):
            run("Save this as `a.csv`:\n\n```csv\nx,y\n```\n")

    def test_variables_and_the_folder_stay(self):
        run("```sh\nmkdir d\ncd d\nA='two words'\n```\n\n```sh\nls -d ../d\necho \"$A\"\n```\n\n"
            "```text\n../d\ntwo words\n```\n")

    def test_what_runs_in_the_background_ends_with_the_page(self):
        with tempfile.NamedTemporaryFile("r") as pid:
            run(f"```sh\nsleep 1000 &\necho $! >{pid.name}\n```\n")
            number = int(pid.read())
        # Its parent is gone: somebody else reaps it.
        wait_until(lambda: not pathlib.Path(f"/proc/{number}/cmdline").exists()
                   or not pathlib.Path(f"/proc/{number}/cmdline").read_bytes())

    def test_commands_talk_to_a_server_of_the_page(self):
        run("```sh\ncurl -s http://127.0.0.1:8001/healthz\n"
            "curl -sf -H \"Authorization: Bearer $SOLVENT_KEY\" localhost:8001/api/v2/keys >keys\n"
            "```\n\n```text\nok\n```\n")

    def test_a_model_is_solved_and_a_broken_one_noticed(self):
        run("```mod\nvar x >= 2; minimize cost: x; end;\n```\n")
        with self.assertRaises(AssertionError):
            run("```mod\nvar x >= 2; minimize cost: y; end;\n```\n")

    def test_statements_of_values_are_found_and_wrong_ones_noticed(self):
        text = ("<!-- run: values -->\n<!-- run: context -->\n```mod\nset S := {1, 2};\nend;\n```\n"
                "So `card(S)` is `2`, `1/0`\nis `error M212`.\n```mod\n# `1` is `2`\nend;\n```\n")
        page = pages.parse(text)
        self.assertEqual(page.values, [(7, "card(S)", "2"), (7, "1/0", "error M212")])
        runner = Runner(page, BUILD, with_cpp=False)
        try:
            runner.check_value("card(S)", "2")
            runner.check_value("S union {9}", "{1, 2, 9}")
            runner.check_value("S cross S", "{(1,1), (1,2), (2,1), (2,2)}")
            runner.check_value("3 in S", "false")
            for expression, value in (("card(S)", "3"), ("S", "{2, 1}"), ("2 in S", "false"),
                                      ("1/0", "error M211"), ("1/1", "error M212"), ("1/", "1")):
                with self.assertRaises(AssertionError, msg=expression):
                    runner.check_value(expression, value)
        finally:
            runner.close()

    def test_a_problem_in_json_is_solved(self):
        problem = '{"variables": [{"name": "x"}], "objective": {"sense": "minimize", %s}}'
        run("```json\n" + problem % '"expression": "x"' + "\n```\n")
        with self.assertRaises(AssertionError):
            run("```json\n" + problem % '"expression": "x +"' + "\n```\n")


if __name__ == "__main__":
    unittest.main()
