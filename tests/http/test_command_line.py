"""solvent solve and solvent convert, as a person or a script would use them."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from harness import SERVER, problem, slow_problem

FURNITURE = problem(
    "maximize", "50*c + 40*t",
    {"c": {"type": "integer", "upper_bound": 100}, "t": {"type": "integer", "upper_bound": 80}},
    ["2*c + 3*t <= 240", "4*c + 2*t <= 200"])


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="solvent-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_solvent(self, *arguments, text=None):
        return subprocess.run([SERVER, *map(str, arguments)], input=text, capture_output=True,
                              text=True, timeout=60)

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def test_the_answer_is_a_table_or_json(self):
        path = self.write("furniture.json", FURNITURE)
        table = self.run_solvent("solve", path)
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertIn("optimal", table.stdout)
        self.assertIn("3550", table.stdout)
        self.assertRegex(table.stdout, r"(?m)^c\s+15$")
        answer = json.loads(self.run_solvent("solve", path, "--json").stdout)
        self.assertEqual(answer["objective_value"], 3550)
        self.assertEqual(answer["solution"], {"c": 15, "t": 70})
        out = self.folder / "answer.json"
        self.assertEqual(self.run_solvent("solve", path, "--json", "--output", out).stdout, "")
        self.assertEqual(json.loads(out.read_text())["objective_value"], 3550)

    def test_all_formats_give_the_same_answer(self):
        path = self.write("furniture.json", FURNITURE)
        for name in ("f.mps", "f.lp", "g.json"):
            target = self.folder / name
            converted = self.run_solvent("convert", path, target)
            self.assertEqual(converted.returncode, 0, converted.stderr)
            answer = json.loads(self.run_solvent("solve", target, "--json").stdout)
            self.assertEqual(answer["objective_value"], 3550, name)
            back = self.run_solvent("convert", target, "-", "--to", "mps").stdout
            self.assertEqual(back, self.run_solvent("convert", path, "-", "--to", "mps").stdout)

    def test_exit_statuses(self):
        for body, status in (
            (problem("minimize", "x", {"x": {}}, ["x >= 3", "x <= 1"]), 3),
            (problem("maximize", "x", {"x": {}}), 4),
        ):
            self.assertEqual(self.run_solvent("solve", self.write("p.json", body)).returncode,
                             status)
        slow = self.write("slow.json", slow_problem(31))
        limited = self.run_solvent("solve", slow, "--time-limit", "0.5", "--json")
        self.assertEqual(limited.returncode, 5)
        self.assertIsNotNone(json.loads(limited.stdout)["objective_value"])
        self.assertEqual(self.run_solvent("solve", self.folder / "missing.lp").returncode, 1)
        self.assertEqual(self.run_solvent("solve").returncode, 2)
        self.assertEqual(self.run_solvent("--no-such-flag").returncode, 2)

    def test_errors_name_the_place(self):
        bad = self.run_solvent("solve", self.write("bad.lp", "Minimize\n obj: x +\nSubject To\n"
                                                             " c1: x >= >= 2\nEnd\n"))
        self.assertEqual(bad.returncode, 1)
        self.assertRegex(bad.stderr, r"line [0-9]+")
        bad = self.run_solvent("solve", self.write("bad.mps", "NAME x\nROWS\n N obj\n Q c1\n"))
        self.assertEqual(bad.returncode, 1)
        self.assertIn("line 4", bad.stderr)

    def test_a_mathprog_model_with_data_or_json(self):
        model = self.write("blend.mod", """
            set FOODS; param cost{FOODS} >= 0; param content{FOODS};
            var buy{FOODS} >= 0;
            minimize total: sum{f in FOODS} cost[f] * buy[f];
            s.t. enough: sum{f in FOODS} content[f] * buy[f] >= 12;
            solve;
            printf "cost %g\\n", total;
            end;
            """)
        data = self.write("blend.dat", """
            data; param : FOODS : cost content := oats 2 3  milk 1 1; end;
            """)
        document = self.write("blend.json", {"FOODS": ["oats", "milk"],
                                             "cost": {"oats": 2, "milk": 1},
                                             "content": {"oats": 3, "milk": 1}})
        for flags in (("--data", data), ("--input", document)):
            answer = self.run_solvent("solve", model, *flags, "--json")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            result = json.loads(answer.stdout)
            self.assertAlmostEqual(result["objective_value"], 8)
            self.assertEqual(result["output"], "cost 8\n")
            self.assertEqual(result["families"]["buy"]["rows"], [["oats", 4]])
            self.assertEqual(result["stats"]["columns"], 2)
        sizes = json.loads(self.run_solvent("check", model, "--data", data, "--json").stdout)
        self.assertEqual((sizes["rows"], sizes["columns"], sizes["nonzeros"]), (2, 2, 4))
        converted = self.folder / "blend.lp"
        self.assertEqual(
            self.run_solvent("convert", model, converted, "--data", data).returncode, 0)
        answer = json.loads(self.run_solvent("solve", converted, "--json").stdout)
        self.assertAlmostEqual(answer["objective_value"], 8)
        wrong = self.run_solvent("check", self.write("wrong.mod", "var x;\nminimize z: y;\nend;\n"))
        self.assertEqual(wrong.returncode, 1)
        self.assertRegex(wrong.stderr, r"wrong\.mod:2:13: error")

    def test_standard_input(self):
        answer = self.run_solvent("solve", "-", "--format", "json", "--json",
                                  text=json.dumps(FURNITURE))
        self.assertEqual(json.loads(answer.stdout)["objective_value"], 3550)

    def test_interrupting_prints_the_best_point(self):
        process = subprocess.Popen(
            [SERVER, "solve", str(self.write("slow.json", slow_problem(32))), "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stderr.readline()  # the first improvement
        self.assertIn("incumbent", line)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        self.assertLess(time.monotonic() - start, 15)
        self.assertEqual(process.returncode, 5)
        self.assertEqual(json.loads(output)["status"], "cancelled")

    def test_help_and_version(self):
        for verb in ((), ("serve",), ("solve",), ("convert",), ("keys",), ("keys", "create"),
                     ("credits",), ("credits", "grant")):
            shown = self.run_solvent(*verb, "--help")
            self.assertEqual(shown.returncode, 0)
            self.assertIn("Usage", shown.stdout)
        self.assertRegex(self.run_solvent("--version").stdout, r"solvent \d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
