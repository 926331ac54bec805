"""solvent batch: one model over many inputs without a server, killed and gone on with."""

import json
import os
import pathlib
import pty
import resource
import signal
import subprocess
import tempfile
import unittest

from harness import SERVER, wait_until

MODEL = """
param need; param price default 2;
var x >= need integer;
minimize cost: price * x;
s.t. most: x <= 1000;
end;
"""

# Minutes of branching, and a point at once.
SLOW = """
param n; param seed;
set I := 1..n; set R := 1..8;
param w{r in R, i in I} := 10 + ((seed * 7919 + r * 104729 + i * 1299709 + r*i*i*31) mod 991);
var take{I} binary;
maximize worth: sum{i in I} (sum{r in R} w[r,i] / 8 + (i mod 7)) * take[i];
s.t. room{r in R}: sum{i in I} w[r,i] * take[i] <= floor(sum{i in I} w[r,i] / 2);
end;
"""


class BatchCommand(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="solvent-batch-")
        self.addCleanup(self.folder.cleanup)
        self.at = pathlib.Path(self.folder.name)
        (self.at / "model.mod").write_text(MODEL)
        self.output = self.at / "out.jsonl"

    def write_inputs(self, inputs):
        (self.at / "in.jsonl").write_text("".join(json.dumps(i) + "\n" for i in inputs))

    def command(self, *more, model="model.mod"):
        return [SERVER, "batch", str(self.at / model), "--inputs", str(self.at / "in.jsonl"), *more]

    def batch(self, *more, model="model.mod"):
        return subprocess.run(self.command(*more, model=model), capture_output=True, text=True,
                              timeout=120)

    def results(self, text=None):
        text = self.output.read_text() if text is None else text
        return [json.loads(line) for line in text.splitlines()]

    def test_results_come_in_the_order_of_the_inputs(self):
        self.write_inputs([{"need": i} for i in range(30)])
        run = self.batch("--parallel", "2")
        self.assertEqual(run.returncode, 0, run.stderr)
        results = self.results(run.stdout)
        self.assertEqual([r["index"] for r in results], list(range(30)))
        self.assertEqual([r["result"]["objective_value"] for r in results],
                         [2 * i for i in range(30)])
        self.assertIn("30 of 30 done, 0 running, 0 failed", run.stderr)

    def test_a_terminal_shows_what_is_done_running_failed_and_left(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 5, "seed": 1}, {"m": 5}] +
                          [{"n": 60, "seed": i} for i in range(6)])
        terminal, end = pty.openpty()
        process = subprocess.Popen(
            self.command("--time-limit", "0.5", "--parallel", "2", model="slow.mod"),
            stdout=subprocess.DEVNULL, stderr=end)
        os.close(end)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:  # the other end was closed
                break
            if not piece:
                break
            shown += piece
        os.close(terminal)
        self.assertEqual(process.wait(60), 1)
        text = shown.decode()
        self.assertRegex(text, r"\[#+\.+\] \d of 8 done, [12] running, 1 failed  \d+:\d\d left")
        self.assertRegex(text, r"\[#{30}\] 8 of 8 done, 0 running, 1 failed  \d+:\d\d in all")

    def test_a_bad_input_fails_alone_and_is_tried_again(self):
        self.write_inputs([{"need": 1}, {"nead": 2}, {"need": 3}])
        run = self.batch("--output", str(self.output))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertEqual([r["ok"] for r in self.results()], [True, False, True])
        kept = self.results()
        self.write_inputs([{"need": 1}, {"need": 2}, {"need": 3}])
        run = self.batch("--output", str(self.output))
        self.assertEqual(run.returncode, 0, run.stderr)
        again = self.results()
        self.assertEqual([again[0], again[2]], [kept[0], kept[2]])
        self.assertEqual(again[1]["result"]["objective_value"], 4)
        self.assertFalse(pathlib.Path(f"{self.output}.partial").exists())

    def test_results_go_with_their_inputs_when_lines_move(self):
        def line(need):
            return {"need": need, "price": 3}
        self.write_inputs([line(1), line(2), line(2), line(4)])
        self.assertEqual(self.batch("--output", str(self.output)).returncode, 0)
        kept = {r["index"]: r for r in self.results()}
        # One came in front, one went, two stand elsewhere, and one stands there once more.
        self.write_inputs([line(9), line(4), line(1), line(2), line(1)])
        run = self.batch("--output", str(self.output))
        self.assertEqual(run.returncode, 0, run.stderr)
        again = self.results()
        self.assertEqual([r["index"] for r in again], [0, 1, 2, 3, 4])
        self.assertEqual([r["result"]["objective_value"] for r in again], [27, 12, 3, 6, 3])
        # To the millisecond of their solves: they are those of the first start.
        for at, was in ((1, 3), (2, 0), (4, 0)):
            self.assertEqual({**again[at], "index": was}, kept[was])
        self.assertIn({**again[3], "index": 1}, ({**kept[1]}, {**kept[2], "index": 1}))

    def test_infeasible_is_an_answer(self):
        self.write_inputs([{"need": 2000}])
        run = self.batch()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.results(run.stdout)[0]["result"]["status"], "infeasible")

    def test_killed_it_goes_on_with_what_is_missing(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 5, "seed": i} for i in range(8)] +
                          [{"n": 70, "seed": i} for i in range(40)])
        partial = pathlib.Path(f"{self.output}.partial")
        # Short, as three long ones are to end; long enough for all short ones on a slow machine.
        more = ("--output", str(self.output), "--parallel", "2", "--time-limit", "2")
        process = subprocess.Popen(self.command(*more, model="slow.mod"), stderr=subprocess.DEVNULL)
        wait_until(lambda: partial.exists() and len(partial.read_text().split("\n")) > 11)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertFalse(self.output.exists())
        with open(partial, "a") as file:
            file.write('{"index": 40, "key": "cut of')
        before = {r["index"]: r for r in map(json.loads, filter(
            lambda line: line.endswith("}"), partial.read_text().splitlines()))}
        self.write_inputs([{"n": 5, "seed": i} for i in range(8)] +
                          [{"n": 6, "seed": i} for i in range(40)])
        run = self.batch(*more, model="slow.mod")
        self.assertEqual(run.returncode, 0, run.stderr)
        results = self.results()
        self.assertEqual([r["index"] for r in results], list(range(48)))
        self.assertEqual(results[:8], [before[i] for i in range(8)])  # not solved again
        self.assertEqual(self.batch(*more, model="slow.mod").returncode, 0)
        self.assertEqual(self.results(), results)

    def test_ctrl_c_stops_and_keeps_what_is_there(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 5, "seed": 1}] + [{"n": 80, "seed": i} for i in range(4)])
        process = subprocess.Popen(self.command("--output", str(self.output), model="slow.mod"),
                                   stderr=subprocess.DEVNULL)
        partial = pathlib.Path(f"{self.output}.partial")
        wait_until(lambda: partial.exists() and '"index":0' in partial.read_text())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(120), 5)
        self.assertTrue(partial.exists())

    def test_files_that_are_not_ours_are_left_alone(self):
        self.write_inputs([{"need": 1}])
        inputs = self.at / "in.jsonl"
        thesis = self.at / "thesis.txt"
        thesis.write_text("Chapter 1\n")
        for file, why in ((inputs, "would replace"), (self.at / "model.mod", "would replace"),
                          (thesis, "something else"), (self.at, "no regular file"),
                          (self.at / "missing" / "out.jsonl", "cannot write")):
            before = file.read_bytes() if file.is_file() else None
            run = self.batch("--output", str(file))
            self.assertEqual(run.returncode, 1, file)
            self.assertIn(why, run.stderr)
            self.assertNotIn("1 of 1 done", run.stderr)  # refused before the first solve
            self.assertEqual(file.read_bytes() if file.is_file() else None, before)
        self.assertEqual(sorted(os.listdir(self.at)), ["in.jsonl", "model.mod", "thesis.txt"])

    def test_two_batches_do_not_share_an_output(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 80, "seed": i} for i in range(4)])
        more = ("--output", str(self.output))
        process = subprocess.Popen(self.command(*more, model="slow.mod"),
                                   stderr=subprocess.DEVNULL)
        partial = pathlib.Path(f"{self.output}.partial")
        wait_until(lambda: partial.exists() and partial.read_text())
        second = self.batch(*more, model="slow.mod")
        self.assertEqual(second.returncode, 1)
        self.assertIn("in use by another batch", second.stderr)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(120), 5)

    def test_blank_lines_count_and_failures_name_their_line(self):
        (self.at / "in.jsonl").write_text('{"need": 1}\n\n{"nead": 2}\n{"need": 3}\n')
        run = self.batch("--output", str(self.output))
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, r"in\.jsonl:3: error: .*\[B201\]\n    input /nead")
        results = self.results()
        self.assertEqual([r["index"] for r in results], [0, 2, 3])
        self.assertEqual((results[1]["line"], results[1]["code"], results[1]["json_pointer"]),
                         (3, "B201", "/nead"))

    def test_ctrl_c_says_how_to_go_on(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 80, "seed": i} for i in range(2)])
        process = subprocess.Popen(self.command("--output", str(self.output), model="slow.mod"),
                                   stderr=subprocess.PIPE, text=True)
        partial = pathlib.Path(f"{self.output}.partial")
        wait_until(lambda: partial.exists() and partial.read_text())
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 5)
        self.assertIn("the same command goes on", said)

    def test_data_takes_one_file_each(self):
        (self.at / "data.mod").write_text("param a; param b; param need; var x >= need + a + b; "
                                          "minimize z: x; end;")
        (self.at / "a.dat").write_text("data; param a := 1; end;")
        (self.at / "b.dat").write_text("data; param b := 2; end;")
        self.write_inputs([{"need": 4}])
        run = subprocess.run(
            [SERVER, "batch", "--data", str(self.at / "a.dat"), "--data", str(self.at / "b.dat"),
             str(self.at / "data.mod"), "--inputs", str(self.at / "in.jsonl")],
            capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.results(run.stdout)[0]["result"]["objective_value"], 7)

    def test_results_of_other_tables_are_not_taken_over(self):
        (self.at / "table.mod").write_text(
            'set I; param cost{I}; table t IN "CSV" "costs.csv": I <- [item], cost; param need; '
            "var x{I} >= 0; minimize z: sum{i in I} cost[i]*x[i]; "
            "s.t. c: sum{i in I} x[i] >= need; end;")
        costs = self.at / "costs.csv"
        costs.write_text("item,cost\na,3\nb,5\n")
        self.write_inputs([{"need": i} for i in range(1, 4)])
        more = ("--output", str(self.output))

        def objectives():
            run = self.batch(*more, model="table.mod")
            self.assertEqual(run.returncode, 0, run.stderr)
            return [r["result"]["objective_value"] for r in self.results()]

        self.assertEqual(objectives(), [3, 6, 9])
        before = self.output.read_text()
        self.assertEqual(objectives(), [3, 6, 9])
        self.assertEqual(self.output.read_text(), before)  # not solved again
        costs.write_text("item,cost\na,7\nb,5\n")
        self.assertEqual(objectives(), [5, 10, 15])

    def test_links_are_followed_and_standard_output_is_left_alone(self):
        self.write_inputs([{"need": 1}])
        link, stdout = self.at / "link.jsonl", self.at / "stdout"
        link.symlink_to("out.jsonl")
        stdout.symlink_to("/proc/self/fd/1")
        for start in range(2):  # what it names does not exist, and does
            run = self.batch("--output", str(link))
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertTrue(link.is_symlink())
            self.assertEqual(len(self.results()), 1)
        run = self.batch("--output", str(stdout))
        self.assertIn("no regular file", run.stderr)  # a pipe
        with open(self.at / "redirected", "w") as file:
            run = subprocess.run(self.command("--output", str(stdout)), stdout=file,
                                 stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(stdout.is_symlink())
        self.assertEqual(len(self.results((self.at / "redirected").read_text())), 1)
        run = self.batch("--output", "-")
        self.assertEqual(len(self.results(run.stdout)), 1)

    def test_one_lock_whatever_name_an_output_has(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 80, "seed": 1}])
        link = self.at / "link.jsonl"
        link.symlink_to(self.output)
        process = subprocess.Popen(self.command("--output", str(self.output), model="slow.mod"),
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        partial = pathlib.Path(f"{self.output}.partial")
        wait_until(lambda: partial.exists() and partial.read_text())
        second = self.batch("--output", str(link), "--time-limit", "5", model="slow.mod")
        self.assertIn("in use by another batch", second.stderr)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(120), 5)

    def test_what_is_beside_the_output_is_not_overwritten_either(self):
        self.write_inputs([{"need": 1}])
        thesis = pathlib.Path(f"{self.output}.new")
        thesis.write_text("Chapter 1\n")
        run = self.batch("--output", str(self.output))
        self.assertEqual(run.returncode, 1)
        self.assertIn("something else", run.stderr)
        self.assertEqual(thesis.read_text(), "Chapter 1\n")
        # What a power failure left of a result is nobody's work.
        thesis.unlink()
        pathlib.Path(f"{self.output}.partial").write_bytes(b"\0" * 50)
        self.assertEqual(self.batch("--output", str(self.output)).returncode, 0)

    def test_standard_input_is_read_for_one_thing(self):
        self.write_inputs([{"need": 1}])
        for command in (["batch", "-", "--inputs", "-"],
                        ["batch", str(self.at / "model.mod"), "--inputs", "-", "--data", "-"]):
            run = subprocess.run([SERVER, *command], input=MODEL, capture_output=True, text=True,
                                 timeout=120)
            self.assertEqual(run.returncode, 1)
            self.assertIn("standard input can be one of", run.stderr)

    def test_a_full_disk_stops_all_solves_and_is_named(self):
        (self.at / "slow.mod").write_text(SLOW)
        self.write_inputs([{"n": 5, "seed": 1}, {"n": 80, "seed": 1}])

        # A limit on the size of files is as good: the newline at the opening fits, no result does.
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

        run = subprocess.run(
            self.command("--output", str(self.output), "--parallel", "2", "--time-limit", "30",
                         model="slow.mod"),
            capture_output=True, text=True, timeout=120, preexec_fn=small_files)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"cannot write {self.output}.partial: ", run.stderr)
        self.assertIn("0 running", run.stderr)
        self.assertFalse(self.output.exists())
        self.write_inputs([{"n": 5, "seed": 1}])
        self.assertEqual(
            self.batch("--output", str(self.output), model="slow.mod").returncode, 0)

    def test_an_input_is_one_line_and_faults_in_it_have_a_column(self):
        (self.at / "in.jsonl").write_text('{"need": 1}\n{"need": 2\n')
        run = self.batch()
        self.assertIn("in.jsonl:2: error: malformed JSON at column 11:", run.stderr)

    def test_wrong_files_are_told(self):
        self.assertNotEqual(self.batch().returncode, 0)  # no inputs
        self.write_inputs([{"need": 1}])
        (self.at / "bad.mod").write_text("var x; minimize y: z; end;")
        run = self.batch(model="bad.mod")
        self.assertEqual(run.returncode, 1)
        self.assertIn("bad.mod:1", run.stderr)
        self.assertNotIn("does not look like", run.stderr)
        (self.at / "plan.lp").write_text("Minimize\n x\nSubject To\n c: x >= 3\nEnd\n")
        run = self.batch(model="plan.lp")
        self.assertEqual(run.returncode, 1)
        self.assertIn("does not look like a MathProg model", run.stderr)


if __name__ == "__main__":
    unittest.main()
