"""Why a run has no answer, and what its answer hangs on: by HTTP and on the command line."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from harness import SERVER, ServerTest, problem


def named(rows, *arguments):
    """A flat problem whose rows have names."""
    whole = problem(*arguments, rows.values())
    for entry, name in zip(whole["constraints"], rows):
        entry["name"] = name
    return whole


CONFLICT = named({"redundant": "x + y <= 1000", "floor": "x >= 10", "ceiling": "x <= 5"},
                 "minimize", "x", {"x": {}, "y": {"upper_bound": 4}})
MIX = named({"tight": "x + y <= 10", "least": "x >= 2", "loose": "y <= 15"},
            "minimize", "3*x - 2*y", {"x": {"upper_bound": 20}, "y": {"upper_bound": 20}})
ENDLESS = problem("maximize", "x + y", {"x": {}, "y": {}}, ["x - y <= 2"])

MODEL = """set W; param cap{W}; param need;
var ship{w in W} >= 0;
minimize total: sum{w in W} ship[w];
s.t. room{w in W}: ship[w] <= cap[w];
s.t. meet: sum{w in W} ship[w] >= need;
data; set W := "East Hub" West; param cap := "East Hub" 60 West 30; param need := %d; end;
"""


class Explain(ServerTest):
    def run_id(self, body):
        return self.api.post("/solve", json=body).json()["execution_id"]

    def analysis(self, run, **query):
        return self.api.get(f"/models/executions/{run}/exact-analysis", params=query)

    def test_a_conflict_is_the_two_rows_only(self):
        run = self.run_id(CONFLICT)
        response = self.api.post(f"/solve/{run}/infeasibility-analysis")
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(set(answer["iis_constraints"]), {"floor", "ceiling"})
        self.assertEqual(answer["iis_variable_bounds"], [])
        self.assertEqual(answer["conflict_type"], "constraint")
        self.assertTrue(answer["irreducible"])
        self.assertEqual(answer["trust"], "proven")
        # The same question gets the kept answer.
        again = self.api.post(f"/solve/{run}/infeasibility-analysis", json={}).json()
        self.assertEqual(again, answer)

    def test_only_infeasible_runs_have_one(self):
        run = self.run_id(MIX)
        response = self.api.post(f"/solve/{run}/infeasibility-analysis")
        self.assertEqual(response.status_code, 422, response.text)
        self.assertIn("infeasible", response.text)
        for path in ("/solve/exe_0000000000000000/infeasibility-analysis",):
            self.assertEqual(self.api.post(path).status_code, 404)
        self.assertEqual(self.analysis("exe_0000000000000000").status_code, 404)

    def test_an_optimum_is_taken_apart(self):
        answer = self.analysis(self.run_id(MIX)).json()
        self.assertTrue(answer["computed"])
        self.assertEqual(answer["objective_value"], -10)
        self.assertEqual(answer["total_constraints"], 3)
        self.assertEqual(answer["binding_count"], 2)
        rows = {row["name"]: row for row in answer["constraints"]}
        self.assertEqual(rows["tight"]["slack"], 0)
        self.assertEqual(rows["loose"],
                         {"name": "loose", "activity": 8, "rhs": 15, "operator": "<=", "slack": 7,
                          "is_binding": False, "utilization": 8 / 15})
        self.assertEqual(answer["contributions"], [{"label": "y", "contribution": -16},
                                                   {"label": "x", "contribution": 6}])
        self.assertNotIn("sensitivity", answer)

    def test_sensitivity_on_request(self):
        answer = self.analysis(self.run_id(MIX), sensitivity="true").json()["sensitivity"]
        self.assertTrue(answer["computed"])
        self.assertTrue(answer["ranges"])
        rows = {row["name"]: row for row in answer["constraints"]}
        self.assertEqual(rows["tight"]["shadow_price"], -2)
        self.assertEqual(rows["tight"]["rhs_range"], [2, 17])
        self.assertEqual(rows["least"]["shadow_price"], 5)
        columns = {column["name"]: column for column in answer["variables"]}
        self.assertEqual(columns["y"]["coefficient_range"], [None, 0])
        self.assertEqual(self.analysis(self.run_id(MIX), sensitivity="maybe").status_code, 422)

    def test_runs_without_a_point(self):
        answer = self.analysis(self.run_id(CONFLICT)).json()
        self.assertEqual((answer["computed"], answer["note"]), (False, "no_solution"))
        run = self.run_id(ENDLESS)
        self.assertFalse(self.analysis(run).json()["computed"])
        ray = self.analysis(run, sensitivity="true").json()["ray"]
        self.assertTrue(ray["found"])
        self.assertEqual({step["variable"]: step["change"] for step in ray["steps"]},
                         {"x": 1, "y": 1})

    def test_a_models_conflict_speaks_the_models_names(self):
        created = self.api.post("/models", json={
            "name": "ware", "generator_type": "template", "language": "mathprog",
            "model": MODEL % 100})
        self.assertIn(created.status_code, (200, 201), created.text)
        model = created.json()["id"]
        ended = self.api.post(f"/models/{model}/execute", json={"input_data": {}}).json()
        run = ended.get("execution_id") or ended["id"]
        answer = self.api.post(f"/solve/{run}/infeasibility-analysis").json()
        self.assertEqual(set(answer["iis_constraints"]),
                         {"room[East Hub]", "room[West]", "meet"})
        member = next(m for m in answer["members"] if m["name"] == "room[East Hub]")
        self.assertEqual((member["family"], member["index"]), ("room", ["East Hub"]))
        self.assertEqual(member["text"], "room[East Hub]: ship[East Hub] <= 60")


    def test_an_infeasible_models_result_names_the_rows(self):
        def create(name, **more):
            created = self.api.post("/models", json={
                "name": name, "generator_type": "template", "language": "mathprog",
                "model": MODEL % 100, **more})
            self.assertIn(created.status_code, (200, 201), created.text)
            return created.json()["id"]

        def result(model):
            ended = self.api.post(f"/models/{model}/execute", json={"input_data": {}}).json()
            run = ended.get("execution_id") or ended["id"]
            return self.api.get(f"/models/executions/{run}").json()["result_data"]

        answer = result(create("ware_why"))
        self.assertEqual(answer["status"], "infeasible")
        rows = {"room[East Hub]", "room[West]", "meet"}
        self.assertEqual(set(answer["conflict"]), rows)
        members = answer["infeasibility_analysis"]["members"]
        self.assertIn(("room", ["East Hub"]), [(m["family"], m["index"]) for m in members])
        unasked = result(create("ware_quiet", custom_config={"result": {"conflict": False}}))
        self.assertEqual(unasked["status"], "infeasible")
        self.assertNotIn("conflict", unasked)
        self.assertIsNone(unasked["infeasibility_analysis"])
        wrong = self.api.post("/models", json={
            "name": "wrong", "generator_type": "template", "model": MODEL % 100,
            "custom_config": {"result": {"conflict": "yes"}}})
        self.assertEqual(wrong.status_code, 422)

    def test_a_text_that_is_kept_nowhere_says_why_too(self):
        answer = self.api.post("/solve/mathprog", json={"model": MODEL % 100}).json()
        self.assertIn("meet", json.dumps(answer))
        self.assertEqual(set(answer["conflict"]), {"room[East Hub]", "room[West]", "meet"})


class CommandLine(unittest.TestCase):
    def explain(self, content, *flags, name="problem.json"):
        with tempfile.TemporaryDirectory(prefix="solvent-explain-") as folder:
            path = pathlib.Path(folder) / name
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            return subprocess.run([SERVER, "explain", str(path), *flags], capture_output=True,
                                  text=True, timeout=60)

    def solve(self, content, *flags, name="ware.mod"):
        with tempfile.TemporaryDirectory(prefix="solvent-explain-") as folder:
            path = pathlib.Path(folder) / name
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            return subprocess.run([SERVER, "solve", str(path), "--quiet", *flags],
                                  capture_output=True, text=True, timeout=60)

    def test_solving_says_what_contradicts(self):
        done = self.solve(MODEL % 100)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("These contradict each other:\n", done.stdout)
        self.assertIn("  room[East Hub]: ship[East Hub] <= 60\n", done.stdout)
        answer = json.loads(self.solve(MODEL % 100, "--json").stdout)
        self.assertEqual(set(answer["conflict"]), {"room[East Hub]", "room[West]", "meet"})
        self.assertEqual(answer["infeasibility_analysis"]["outcome"], "irreducible")
        self.assertNotIn("conflict", json.loads(self.solve(MODEL % 50, "--json").stdout))
        flat = self.solve(CONFLICT, name="flat.json")
        self.assertIn("  floor: x >= 10\n", flat.stdout)

    def test_a_conflict(self):
        done = self.explain(MODEL % 100, name="ware.mod")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("room[East Hub]: ship[East Hub] <= 60", done.stdout)
        self.assertIn("each of them is needed", done.stdout)
        answer = json.loads(self.explain(CONFLICT, "--json").stdout)
        self.assertEqual(answer["status"], "infeasible")
        self.assertEqual(set(answer["infeasibility_analysis"]["iis_constraints"]),
                         {"floor", "ceiling"})

    def test_an_optimum(self):
        done = self.explain(MIX)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^  tight +10 +-2 +\[2, 17\]$")
        self.assertRegex(done.stdout, r"(?m)^  loose +8 +7$")
        answer = json.loads(self.explain(MODEL % 50, "--json", name="ware.mod").stdout)
        self.assertEqual(answer["exact_analysis"]["objective_value"], 50)
        self.assertTrue(answer["exact_analysis"]["sensitivity"]["computed"])

    def test_an_unbounded_problem(self):
        done = self.explain(ENDLESS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("x +1", done.stdout)

    def test_what_cannot_be_read(self):
        self.assertEqual(self.explain("{").returncode, 1)
        self.assertEqual(self.explain(MIX, "--format", "nonsense").returncode, 1)


if __name__ == "__main__":
    unittest.main()
