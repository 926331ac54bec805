"""solvent solve and solvent convert, as a person or a script would use them."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness import SERVER, problem, slow_problem

FURNITURE = problem(
    "maximize", "50*c + 40*t",
    {"c": {"type": "integer", "upper_bound": 100}, "t": {"type": "integer", "upper_bound": 80}},
    ["2*c + 3*t <= 240", "4*c + 2*t <= 200"])


# They turn the direction of text, or end lines.
HOSTILE_MARKS = "\u202a\u202e\u2066\u2069\u2028\u2029"


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
        for limit in (0.5, 2, 8, 32):  # a slow build needs more to find a first point
            limited = self.run_solvent("solve", slow, "--time-limit", limit, "--json")
            self.assertEqual(limited.returncode, 5)
            if found := json.loads(limited.stdout)["objective_value"] is not None:
                break
        self.assertTrue(found)
        self.assertEqual(self.run_solvent("solve", self.folder / "missing.lp").returncode, 1)
        self.assertEqual(self.run_solvent("solve").returncode, 2)
        self.assertEqual(self.run_solvent("--no-such-flag").returncode, 2)

    def test_an_unknown_ending_is_wrong_usage_of_convert(self):
        path = self.write("f.json", FURNITURE)
        for name in ("x.zip", "y.foo", "model.mps.gz", "z.mod"):
            refused = self.run_solvent("convert", path, self.folder / name)
            self.assertEqual(refused.returncode, 2, name)
            self.assertIn(".json, .mps or .lp", refused.stderr)
            self.assertFalse((self.folder / name).exists(), name)
        for name, flags, begin in (("plain", (), "NAME "), ("x.LP", (), "Maximize"),
                                   ("x.zip", ("--to", "json"), "{")):
            converted = self.run_solvent("convert", path, self.folder / name, *flags)
            self.assertEqual(converted.returncode, 0, converted.stderr)
            self.assertTrue((self.folder / name).read_text().startswith(begin), name)

    def test_a_side_of_1e30_goes_through_every_format(self):
        body = problem("minimize", "x", {"x": {"lower_bound": -1e30}}, ["x <= 1e30", "x >= 2"])
        path = self.write("f.json", body)
        for name in ("f.mps", "f.lp", "g.json"):
            converted = self.run_solvent("convert", path, self.folder / name)
            self.assertEqual(converted.returncode, 0, converted.stderr)
            path = self.folder / name
            answer = json.loads(self.run_solvent("solve", path, "--json").stdout)
            self.assertEqual(answer["objective_value"], 2, name)
        path = self.write("f.json", problem("minimize", "x", {"x": {}}, ["x >= 1e30"]))
        refused = self.run_solvent("convert", path, self.folder / "no.mps")
        self.assertEqual(refused.returncode, 1)
        self.assertIn('constraint "c1"', refused.stderr)
        model = self.write("far.mod", "var x >= 0; minimize z: x; s.t. far: x + x >= 1e31; end;\n")
        refused = self.run_solvent("convert", model, self.folder / "no.lp")
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("row far: no file can hold", refused.stderr)
        self.assertFalse((self.folder / "no.lp").exists())

    def test_names_in_latin_1_stay_distinct(self):
        path = self.folder / "old.mps"
        path.write_bytes(b"NAME\nROWS\n N obj\n G r\nCOLUMNS\n a\xe9 obj 1 r 1\n"
                         b" a\xe8 obj 1 r 2\n a\x9b obj 5 r 1\nRHS\n R r 4\nENDATA\n")
        solved = self.run_solvent("solve", path, "--json")
        self.assertEqual(set(json.loads(solved.stdout)["solution"]),
                         {"a\u00e9", "a\u00e8", "a\x9b"}, solved.stderr)

    def assert_harmless(self, text, also=""):
        """Nothing in it commands a terminal."""
        for c in text:
            if c in "\n" + also:
                continue
            self.assertFalse(ord(c) < 32 or 127 <= ord(c) < 160 or c in HOSTILE_MARKS,
                             (hex(ord(c)), text))

    def test_names_cannot_command_a_terminal(self):
        row = "\x1b]0;pwned\x07\x1b[2Jrow\nstatus      forged\r\x7f\x9b2J" + HOSTILE_MARKS
        name = "v[\x9b2J" + HOSTILE_MARKS + "]"
        infeasible = problem("minimize", name, {name: {}}, [])
        infeasible["constraints"] = [{"name": row, "expression": name + " >= 3"},
                                     {"name": row + "2", "expression": name + " <= 1"}]
        feasible = problem("minimize", name, {name: {"lower_bound": 1}}, [])
        feasible["constraints"] = [{"name": row, "expression": name + " >= 3"},
                                   {"name": row + "2", "expression": name + " <= 9"}]
        unbounded = problem("maximize", name, {name: {}}, [])
        for body in (infeasible, feasible, unbounded):
            path = self.write("f.json", body)
            for verb in (("solve", "--quiet"), ("explain",)):
                shown = self.run_solvent(verb[0], path, *verb[1:])
                self.assert_harmless(shown.stdout + shown.stderr)
                self.assertNotRegex(shown.stdout, "(?m)^status      forged")
                if verb == ("explain",) or body is not unbounded:
                    self.assertIn(r"\u202e" if body is unbounded else r"\u2028", shown.stdout)
        # What goes into a file stays as it was.
        out = self.folder / "answer.txt"
        self.write("f.json", feasible)
        self.run_solvent("solve", self.folder / "f.json", "--quiet", "--output", out)
        self.assertIn(name, out.read_text())

    def test_names_of_an_mps_file_cannot_command_a_terminal(self):
        path = self.folder / "f.mps"
        path.write_text("NAME\nROWS\n N obj\n G r\u009b2J\nCOLUMNS\n"
                        " x\u009b2J\u202e obj 1 r\u009b2J 1\nRHS\n R r\u009b2J 3\nENDATA\n")
        for verb in ("solve", "explain"):
            shown = self.run_solvent(verb, path)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assert_harmless(shown.stdout + shown.stderr)
            self.assertIn(r"x\x9b2J\u202e", shown.stdout)

    def test_messages_cannot_command_a_terminal(self):
        hostile = "\x1b[2J\x9b\x7f\nforged" + HOSTILE_MARKS
        wrong_name = problem("minimize", "x", {"x": {}, hostile: {}})
        wrong_sense = problem(hostile, "x", {"x": {}})
        undeclared = problem("minimize", "x", {"x": {}}, [])
        undeclared["constraints"] = [{"name": hostile, "expression": "x + nobody >= 1"},
                                     {"name": hostile, "expression": "x +"}]
        for body in (wrong_name, wrong_sense, undeclared):
            path = self.write("f.json", body)
            for arguments in (("solve", path), ("explain", path), ("check", path),
                              ("convert", path, "-")):
                shown = self.run_solvent(*arguments)
                self.assertEqual(shown.returncode, 1)
                self.assertIn(r"\x1b", shown.stderr)
                self.assert_harmless(shown.stderr)
                self.assertNotRegex(shown.stderr, "(?m)^forged")
        for arguments in (("\x1b[2J",), ("solve", "\x1b[2J"), ("solve", "a", "--\x1b[2J")):
            shown = self.run_solvent(*arguments)
            self.assertNotEqual(shown.returncode, 0)
            self.assertIn(r"\x1b", shown.stderr)
            self.assert_harmless(shown.stderr)
        model = self.write("hostile.mod", "var x; s.t. '\x9b2J': y >= 1;\r\n\tend;")
        shown = self.run_solvent("check", model)
        self.assertEqual(shown.returncode, 1)
        self.assert_harmless(shown.stderr, "\t")

    def test_what_a_model_prints_cannot_command_a_terminal(self):
        model = self.write("print.mod", 'var x >= 2; minimize z: x;\n'
                                        'printf "a\tb\x1b[2J\x9b\\nnext\\n"; solve; end;\n')
        for verb in ("solve", "check"):
            piped = self.run_solvent(verb, model)
            self.assertIn("a\tb\x1b[2J\x9b\nnext\n", piped.stdout, piped.stderr)
            main, terminal = os.openpty()
            self.addCleanup(os.close, main)
            try:
                subprocess.run([SERVER, verb, str(model)], stdout=terminal, check=True, timeout=60,
                               stderr=subprocess.DEVNULL)
            finally:
                os.close(terminal)
            shown = b""
            while b"next" not in shown:
                shown += os.read(main, 4096)
            # A terminal writes tabs and ends of lines in its own way.
            self.assertRegex(shown, rb"a[\t ]+b\\x1b\[2J\\x9b\r?\nnext")

    def test_errors_name_the_place(self):
        bad = self.run_solvent("solve", self.write("bad.lp", "Minimize\n obj: x +\nSubject To\n"
                                                             " c1: x >= >= 2\nEnd\n"))
        self.assertEqual(bad.returncode, 1)
        self.assertRegex(bad.stderr, r"line [0-9]+")
        bad = self.run_solvent("solve", self.write("bad.mps", "NAME x\nROWS\n N obj\n Q c1\n"))
        self.assertEqual(bad.returncode, 1)
        self.assertIn("line 4", bad.stderr)

    def test_a_table_after_solve_is_read(self):
        self.write("later.csv", "i,p\na,2\nb,3\n")
        model = self.write("later.mod", """
            var x >= 2; minimize z: x; solve;
            set I; param p{I};
            table t IN "CSV" "later.csv" : I <- [i], p;
            printf{i in I}: "%s %g\\n", i, p[i] * x;
            end;
            """)
        answer = self.run_solvent("solve", model, "--json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(json.loads(answer.stdout)["output"], "a 4\nb 6\n")

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

    def test_data_swallows_no_file_that_follows(self):
        model = self.write("tr.mod", "param need; var x >= need; minimize z: x; end;")
        data = self.write("tr.dat", "data; param need := 3; end;")
        for order in ((model, "--data", data, "@"), ("--data", data, model, "@"),
                      (f"--data={data}", model, "@"), (model, "@", "--data", data)):
            out = self.folder / "out.lp"
            out.unlink(missing_ok=True)
            arguments = [out if a == "@" else a for a in order]
            converted = self.run_solvent("convert", *arguments)
            self.assertEqual((converted.returncode, converted.stdout), (0, ""), converted.stderr)
            self.assertIn("Minimize", out.read_text())

    def test_several_data_files_are_named_in_errors(self):
        model = self.write("two.mod", "param a; param b; var x >= a + b; minimize z: x; end;")
        good = self.write("good.dat", "data;\nparam a := 1;\nend;\n")
        bad = self.write("bad.dat", "data;\nparam nosuch := 1;\nend;\n")
        for files in ((good, bad), (bad, good)):
            run = self.run_solvent("check", model, "--data", files[0], "--data", files[1])
            self.assertEqual(run.returncode, 1)
            self.assertRegex(run.stderr, r"(?m)^\S*/bad\.dat:2:\d+: error")
        own = self.write("own.mod", "param a; var x >= a; minimize z: x; data; param a := ; end;")
        self.assertRegex(self.run_solvent("check", own).stderr, r"own\.mod:1:\d+: error")

    def test_a_model_is_known_by_its_content(self):
        text = "# a model\n/* of\nmine */ var x >= 2; minimize z: x; end;"
        for verb in ("solve", "check", "explain"):
            run = self.run_solvent(verb, "-", "--json", text=text)
            self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.run_solvent("solve", self.write("model.txt", text)).returncode, 0)
        self.assertIn("x", self.run_solvent("convert", "-", text=text).stdout)
        lp = "Minimize\n obj: x\nSubject To\n c: x >= 2\nEnd\n"
        for text in (lp, lp.lower(), "\\ a comment\n" + lp,
                     lp.replace("\n c", "\n\\ a line;\n c")):
            self.assertEqual(self.run_solvent("solve", "-", text=text).returncode, 0)

    def test_what_cannot_be_used_is_refused(self):
        path = self.write("furniture.json", FURNITURE)
        data = self.write("some.dat", "data; end;")
        for flag in ("--data", "--input"):
            for verb in ("solve", "check", "explain", "convert"):
                run = self.run_solvent(verb, path, flag, data)
                self.assertEqual(run.returncode, 1, verb)
                self.assertIn("no MathProg model", run.stderr)
        run = self.run_solvent("solve", path, "--format", "xyz")
        self.assertIn("mathprog, json, mps or lp", run.stderr)
        for name in ("empty.json", "empty.lp", "empty"):
            run = self.run_solvent("solve", self.write(name, " \n"))
            self.assertEqual(run.returncode, 1)
            self.assertIn(name + ": there is nothing in it", run.stderr)
        run = self.run_solvent("solve", self.write("bad.lp", "Minimize\n obj: x +\nEnd\n"))
        self.assertIn("bad.lp: ", run.stderr)
        run = self.run_solvent("solv", "x")
        self.assertEqual(run.returncode, 2)
        self.assertIn('no command "solv"; did you mean "solve"?', run.stderr)

    def test_names_stay_readable_in_other_formats(self):
        model = self.write("ship.mod", """
            set W := {"East Hub", "West"}; set P := 1..2;
            var ship{W, P} >= 1; minimize cost: sum{w in W, p in P} p * ship[w,p];
            s.t. room{w in W}: sum{p in P} ship[w,p] <= 9; end;
            """)
        lp = self.run_solvent("convert", model, "-", "--to", "lp").stdout
        self.assertIn("\\ ship(East_Hub,1) = ship['East Hub',1]\n", lp)
        self.assertIn(" room(West): ", lp)
        mps = self.run_solvent("convert", model).stdout
        self.assertIn("* ship['East_Hub',1] = ship['East Hub',1]\n", mps)
        self.assertIn(" L  room[West]\n", mps)
        for name, text in (("a.lp", lp), ("a.mps", mps)):
            answer = self.run_solvent("solve", self.write(name, text), "--json")
            self.assertEqual(json.loads(answer.stdout)["objective_value"], 6)

    def test_a_byte_order_mark_is_no_fault(self):
        path = self.write("marked.json", "\ufeff" + json.dumps(FURNITURE))
        self.assertEqual(self.run_solvent("solve", path).returncode, 0)

    def test_the_strict_dialect_takes_no_byte_order_mark(self):
        model = "set I; var x{I} >= 1; minimize z: sum{i in I} x[i]; end;\n"
        data = "set I := a b; end;\n"
        marked = self.write("marked.mod", "\ufeff" + model)
        plain = self.write("plain.mod", model)
        marked_data = self.write("marked.dat", "\ufeff" + data)
        plain_data = self.write("plain.dat", data)
        for dialect, file, values, accepted in (
            ("strict", plain, plain_data, True),
            ("strict", marked, plain_data, False),
            ("strict", plain, marked_data, False),
            ("default", marked, marked_data, True),
        ):
            done = self.run_solvent("check", file, "--data", values, "--dialect", dialect)
            self.assertEqual(done.returncode == 0, accepted, done.stderr)
            if not accepted:
                self.assertIn("byte order mark", done.stderr)

    def test_a_models_text_answer_shows_its_tables_and_files(self):
        model = self.write("out.mod", """
            set S := {"East Hub", "West"}; var x{S} >= 2; minimize z: sum{s in S} x[s]; solve;
            printf "hello\\n" > "out.txt";
            table plan{s in S} OUT "JSON" "plan": s~site, x[s]~units;
            table list{s in S} OUT "CSV" "list.csv": s~site;
            end;
            """)
        run = self.run_solvent("solve", model)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"table plan\n  site +units\n  East Hub +2\n  West +2\n")
        self.assertRegex(run.stdout, r"file out\.txt .*\nhello\n")
        self.assertIn("list.csv", run.stdout)
        answer = json.loads(self.run_solvent("solve", model, "--json").stdout)
        for name in ("verification", "nodes", "iterations", "solve_time_seconds"):
            self.assertIsNotNone(answer[name], name)
        self.assertTrue(answer["verification"]["point_checked"])

    def test_a_full_disk_is_told(self):
        path = self.write("furniture.json", FURNITURE)
        for verb in ("solve", "check", "explain", "convert", "routes"):
            arguments = [] if verb == "routes" else [str(path)]
            with open("/dev/full", "w") as full:
                run = subprocess.run([SERVER, verb, *arguments], stdout=full,
                                     stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(run.returncode, 1, verb)
            self.assertIn("cannot write standard output", run.stderr)
        run = subprocess.run([SERVER, "solve", str(path), "--output", "-"], cwd=self.folder,
                             capture_output=True, text=True, timeout=60)
        self.assertIn("optimal", run.stdout)
        self.assertFalse((self.folder / "-").exists())

    def test_an_explanation_cut_short_is_no_success(self):
        slow = self.write("slow.json", slow_problem(33))
        run = self.run_solvent("explain", slow, "--time-limit", "0.5")
        self.assertEqual(run.returncode, 5, run.stderr)

    def test_looking_makes_no_database(self):
        typo = self.folder / "typo.db"
        for arguments in (("keys", "list"), ("keys", "revoke", "key_1"), ("credits", "show"),
                          ("credits", "grant", "--amount", "5")):
            run = self.run_solvent(*arguments, "--organization", "o", "--database", typo)
            self.assertEqual(run.returncode, 1)
            self.assertIn("there is no database", run.stderr)
            self.assertFalse(typo.exists())
        database = self.folder / "real.db"
        create = ("keys", "create", "--organization", "o", "--database", database)
        run = self.run_solvent(*create, "--expires-days", "0")
        self.assertEqual(run.returncode, 2)
        self.assertIn("--expires-days", run.stderr)
        self.assertEqual(self.run_solvent(*create, "--expires-days", "3").returncode, 0)
        listed = self.run_solvent("keys", "list", "--json", "--organization", "o",
                                  "--database", database)
        key = json.loads(listed.stdout)
        self.assertRegex(key["created_at"], r"^20\d\d-")
        self.assertGreater(key["expires_at"], key["created_at"])
        self.assertIsNone(key["last_used_at"])

    def test_a_server_that_cannot_listen_makes_no_key(self):
        database = self.folder / "new.db"
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            for where in (("--port", taken.getsockname()[1]), ("--host", "no.such.host.invalid")):
                run = self.run_solvent("serve", "--database", database, *where)
                self.assertEqual(run.returncode, 1)
                self.assertEqual(run.stdout, "")
                self.assertIn("cannot listen", run.stderr)
                self.assertFalse(database.exists())

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
        output, _ = process.communicate(timeout=120)
        self.assertLess(time.monotonic() - start, 40)  # the limit is 60
        self.assertEqual(process.returncode, 5)
        self.assertEqual(json.loads(output)["status"], "cancelled")

    def test_numbers_out_of_range_are_wrong_usage_and_told_the_range(self):
        path = self.write("furniture.json", FURNITURE)
        for verb, flag, bad, said in (
                ("solve", "--seed", "-1", "must be a whole number from 0 to 4294967295, not \"-1\""),
                ("solve", "--seed", "4294967296", "from 0 to 4294967295"),
                ("solve", "--seed", "1.5", "a whole number"),
                ("solve", "--gap", "nan", "must be a number from 0 to 1, not \"nan\""),
                ("solve", "--time-limit", "nan", "must be a number from 0.001 to 1000000000"),
                ("explain", "--time-limit", "inf", "from 0.001 to 1000000000"),
                ("doctor", "--worker-memory", "much", "from 0 to 16777216")):
            files = [path] if verb != "doctor" else []
            done = self.run_solvent(verb, *files, flag, bad)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"{flag}: ", done.stderr)
            self.assertIn(said, done.stderr)
        self.assertEqual(self.run_solvent("solve", path, "--seed", "4294967295").returncode, 0)

    def test_help_shows_ranges_as_people_write_them(self):
        shown = self.run_solvent("serve", "--help").stdout
        self.assertIn("--max-pending INT:1 to 1099511627776=100000", shown)
        self.assertIn("--max-time-limit FLOAT:1 to 10000000=3600", shown)
        self.assertIn("--webhook-retry FLOAT:0 to 2592000=[30,60,120] ...", shown)
        self.assertNotIn(" in [", shown)

    def test_help_and_version(self):
        for verb in ((), ("serve",), ("solve",), ("convert",), ("keys",), ("keys", "create"),
                     ("credits",), ("credits", "grant")):
            shown = self.run_solvent(*verb, "--help")
            self.assertEqual(shown.returncode, 0)
            self.assertIn("Usage", shown.stdout)
        self.assertRegex(self.run_solvent("--version").stdout, r"solvent \d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
