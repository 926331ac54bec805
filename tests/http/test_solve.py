"""Solving over HTTP: answers, refusals, waiting, cancelling, repeating."""

import threading
import time
import unittest

from harness import ServerTest, dumps, ended, problem, slow_problem, wait_until

RESULT_FIELDS = {
    "status", "objective_value", "variables", "solution", "solve_time_seconds", "gap",
    "iterations", "nodes", "credits_used", "credits_remaining", "execution_id", "solver_used",
    "auto_route_reason", "warning", "error_message", "dual_bound", "sensitivity",
    "warm_start_used", "progress_history", "infeasibility_analysis", "verification",
}

# name, problem, status, objective
ANSWERS = [
    ("covering", problem("minimize", "2*x + 3*y", {"x": {}, "y": {}}, ["x + y >= 4"]),
     "optimal", 8),
    ("mixed", problem("maximize", "3*x + 5*y", {"x": {"type": "integer", "upper_bound": 4},
                                                "y": "binary"}, ["x + y <= 4"]),
     "optimal", 14),
    ("one bound", problem("maximize", "3*x", {"x": {}}, ["x <= 5"]), "optimal", 15),
    ("two", problem("minimize", "x + y", {"x": {}, "y": {}}, ["x + y >= 10"]), "optimal", 10),
    ("conflict", problem("minimize", "x", {"x": {}}, ["x >= 10", "x <= 5"]), "infeasible", None),
    ("no limit", problem("maximize", "x", {"x": {}}), "unbounded", None),
    ("null bound", problem("minimize", "x", {"x": {"lower_bound": None}}), "unbounded", None),
    ("furniture",
     problem("maximize", "50*c + 40*t",
             {"c": {"type": "integer", "upper_bound": 100},
              "t": {"type": "integer", "upper_bound": 80}},
             ["2*c + 3*t <= 240", "4*c + 2*t <= 200"]),
     "optimal", 3550),
    ("constant objective", problem("minimize", "7", {"x": {"upper_bound": 1}}), "optimal", 7),
    ("objective constant", problem("minimize", "x + 10", {"x": {"lower_bound": 2}}),
     "optimal", 12),
    ("true constant row", problem("minimize", "x", {"x": {}}, ["1 <= 5"]), "optimal", 0),
    ("false constant row", problem("minimize", "x", {"x": {}}, ["5 <= 1"]), "infeasible", None),
    ("empty integer range",
     problem("minimize", "x",
             {"x": {"type": "integer", "lower_bound": 0.2, "upper_bound": 0.8}}),
     "infeasible", None),
    ("free variable", problem("minimize", "x", {"x": {"lower_bound": None}}, ["x >= -3.5"]),
     "optimal", -3.5),
]


class Answers(ServerTest):
    def test_every_answer_is_right_and_feasible(self):
        for name, body, status, objective in ANSWERS:
            with self.subTest(name):
                response = self.api.post("/solve", json=body)
                self.assertEqual(response.status_code, 200, response.text)
                result = response.json()
                self.assertEqual(result["status"], status)
                self.assertLessEqual(RESULT_FIELDS, result.keys())
                if objective is None:
                    self.assertIsNone(result["objective_value"])
                    self.assertEqual(result["variables"], [])
                    self.assertEqual(result["solution"], {})
                else:
                    self.assertAlmostEqual(result["objective_value"], objective, places=6)
                    self.assert_point(
                        {**body, "constraints": [row for row in body["constraints"]
                                                 if "1 <= 5" not in row["expression"]]},
                        result)
                self.assertEqual(result["verification"]["trust"], "proven", result)

    def test_an_lp_has_exact_duals(self):
        body = problem("maximize", "3*x + 2*y", {"x": {}, "y": {}},
                       ["x + y <= 4", "x + 3*y <= 9", "x <= 3"])
        result = self.api.post("/solve", json=body).json()
        self.assertAlmostEqual(result["objective_value"], 11)
        prices = [row["shadow_price"] for row in result["sensitivity"]["constraints"]]
        # Strong duality: the prices times the right sides make up the objective.
        self.assertAlmostEqual(4 * prices[0] + 9 * prices[1] + 3 * prices[2], 11)
        self.assertAlmostEqual(prices[0], 2)
        self.assertTrue(result["sensitivity"]["constraints"][0]["is_binding"])

    def test_a_quadratic_objective_is_refused_in_plain_words(self):
        body = self.assert_error(
            self.api.post("/solve", json=problem("minimize", "x^2 + y^2", {"x": {}, "y": {}},
                                                 ["x + y >= 4"])), 422)
        self.assertIn("uadratic", body["message"])

    def test_the_record_of_a_solve_is_kept(self):
        body = problem("minimize", "2*x", {"x": {}}, ["x >= 3"], name="kept")
        result = self.api.post("/solve", json=body).json()
        record = self.api.get(f"/models/executions/{result['execution_id']}").json()
        self.assertEqual(record["status"], "completed")
        self.assertEqual(record["solver_status"], "optimal")
        self.assertEqual(record["result_data"]["objective_value"], 6)
        self.assertEqual(record["input_data"], body)
        self.assertEqual(record["name"], "kept")
        self.assertLessEqual(record["created_at"], record["completed_at"])
        self.assertIsNone(record["model_id"])

    def test_variables_at_zero_can_be_left_out(self):
        body = problem("minimize", "x + y", {"x": {}, "y": {}}, ["x >= 3"])
        result = self.api.post("/solve?solution_filter=nonzero", json=body).json()
        self.assertEqual(result["solution"], {"x": 3})
        self.assertEqual(result["variables_omitted"], 1)

    def test_a_warm_start_is_used_or_ignored(self):
        body = problem("maximize", "x + y", {"x": "integer", "y": "integer"},
                       ["3*x + 5*y <= 31"])
        first = self.api.post("/solve", json=body).json()
        for execution_id in (first["execution_id"], "exe_0000000000000000", "x" * 100):
            again = self.api.post(
                "/solve", json={**body, "warm_start": {"execution_id": execution_id}}).json()
            self.assertEqual(again["objective_value"], first["objective_value"])

    def test_solvers_are_listed(self):
        solvers = self.api.get("/solvers/available").json()["solvers"]
        self.assertEqual(solvers[0]["name"], "cbc")
        self.assertTrue(solvers[0]["capabilities"]["sensitivity"])


class Refusals(ServerTest):
    def check(self, status, body, text=None, code=None):
        answer = self.assert_error(self.api.post("/solve", json=body), status, code)
        if text:
            self.assertIn(text, dumps(answer))
        return answer

    def test_bad_problems_are_named(self):
        good = problem("minimize", "x", {"x": {}})
        x = {"name": "x", "type": "continuous"}
        for status, text, change in [
            (400, "nowhere", {"constraints": [{"expression": "x + nowhere <= 3"}]}),
            (400, "lower", {"variables": [{**x, "lower_bound": 10, "upper_bound": 5}]}),
            (400, "inary", {"variables": [{"name": "x", "type": "binary", "upper_bound": 2}]}),
            (422, "x", {"variables": [x, x]}),
            (422, "variables", {"variables": []}),
            (422, "type", {"variables": [{"name": "x", "type": "complex"}]}),
            (422, "sense", {"objective": {"sense": "upward", "expression": "x"}}),
            (422, "time_limit_seconds", {"options": {"time_limit_seconds": 0}}),
            (422, "time_limit_seconds", {"options": {"time_limit_seconds": -1}}),
            (422, "time_limit_seconds", {"options": {"time_limit_seconds": 1e9}}),
            (422, "gap_tolerance", {"options": {"gap_tolerance": 2}}),
            (422, "solver", {"solver_name": "hal9000"}),
            (422, "name", {"variables": [{"name": "a b"}]}),
            (422, "name", {"variables": [{"name": "x'; DROP TABLE runs; --"}]}),
            (422, "name", {"name": "n" * 300}),
            (422, "variables", {"variables": "x"}),
        ]:
            with self.subTest(text=text, change=str(change)[:60]):
                self.check(status, {**good, **change}, text)
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], 0)

    def test_all_faults_of_a_problem_are_listed(self):
        body = problem("minimize", "x + ghost", {"x": {}}, ["spirit >= 1"])
        answer = self.check(400, body)
        self.assertEqual([fault["loc"] for fault in answer["errors"]],
                         [["body", "objective", "expression"],
                          ["body", "constraints", 0, "expression"]])

    def test_expression_errors_carry_their_position(self):
        body = problem("minimize", "x", {"x": {}}, ["x + * 3 <= 4"])
        answer = self.check(400, body, code="expression_error")
        self.assertEqual(answer["position"], 4)
        self.assertIn("*", answer["expression"])
        self.assertIn("where", answer)

    def test_unreadable_bodies_are_refused(self):
        for text in ("", "{", "[]", "nonsense", '{"a":1,"a":2}', '{"variables":NaN}',
                     "[" * 100000, '"\ud800"'.encode("utf-8", "surrogatepass").decode("latin1")):
            response = self.api.post("/solve", content=text.encode(),
                                     headers={"Content-Type": "application/json"})
            self.assertIn(response.status_code, (400, 422), text[:20])

    def test_numbers_that_are_not_finite_are_wrong_values(self):
        body = '{"variables":[{"name":"x","lower_bound":%s}],"objective":{"expression":"x"}}'
        for number in ("NaN", "-Infinity", "1e999"):
            for path in ("/solve", "/solve/async", "/models"):
                answer = self.assert_error(
                    self.api.post(path, content=(body % number).encode(),
                                  headers={"Content-Type": "application/json"}),
                    422, "validation_error")
                self.assertIn(f"line 1, column 41: {number}", answer["message"])

    def test_other_content_types_are_refused(self):
        self.assert_error(
            self.api.post("/solve", content=b"x=1",
                          headers={"Content-Type": "application/x-www-form-urlencoded"}),
            415, "unsupported_media_type")

    def test_large_and_deep_input_is_answered_in_bounded_time(self):
        names = [f"x{i}" for i in range(10_000)]
        body = problem("minimize", " + ".join(names), {n: {} for n in names})
        start = time.monotonic()
        self.assertEqual(self.api.post("/solve", json=body).json()["objective_value"], 0)
        deep = problem("minimize", "(" * 1000 + "x" + ")" * 1000, {"x": {}})
        self.assertEqual(self.api.post("/solve", json=deep).status_code, 400)
        call = problem("minimize", "sum(" + ",".join(["x"] * 5000) + ")",
                       {"x": {"lower_bound": 1}})
        self.assertEqual(self.api.post("/solve", json=call).json()["objective_value"], 5000)
        self.assertLess(time.monotonic() - start, 120)

    def test_a_body_above_the_limit_is_413(self):
        filler = b" " * (51 << 20)
        self.assert_error(
            self.api.post("/solve", content=filler, headers={"Content-Type": "application/json"}),
            413, "payload_too_large")

        def chunks():
            for _ in range(52):
                yield b" " * (1 << 20)

        self.assert_error(
            self.api.post("/solve", content=chunks(),
                          headers={"Content-Type": "application/json"}),
            413, "payload_too_large")


class Edges(ServerTest):
    def post_text(self, body):
        return self.api.post("/solve", content=body.encode(),
                             headers={"Content-Type": "application/json"})

    def test_sixty_four_levels_are_taken_whatever_stands_in_them(self):
        for inside in ("", "1"):
            for levels, status in ((64, 200), (65, 400)):
                metadata = '{"a":' + "[" * (levels - 2) + inside + "]" * (levels - 2) + "}"
                for key in ("metadata", "nobody_reads_this"):
                    body = dumps(problem("minimize", "x", {"x": {}}))
                    body = body[:-1] + f', "{key}": {metadata}}}'
                    self.assertEqual(self.post_text(body).status_code, status,
                                     (inside, levels, key))

    def test_large_integers_are_taken_where_nobody_counts_with_them(self):
        for number in ("18446744073709551616", "-9223372036854775809", "9" * 300):
            for key in ("metadata", "nobody_reads_this"):
                body = dumps(problem("minimize", "x", {"x": {}}))
                body = body[:-1] + f', "{key}": {{"a": {number}}}}}'
                self.assertEqual(self.post_text(body).status_code, 200, number)
                body = body.replace(number, "9" * 400)
                self.assertEqual(self.post_text(body).status_code, 422)

    def test_a_side_of_1e30_is_infinite(self):
        x = {"x": {"upper_bound": 1e30}}
        answer = self.api.post("/solve", json=problem("maximize", "x", x, ["x <= 1e30"])).json()
        self.assertEqual(answer["status"], "unbounded")
        refused = self.assert_error(
            self.api.post("/solve", json=problem("minimize", "x", x, ["x >= 1e30"])), 400)
        self.assertIn("no value fits it", refused["message"])


class Validate(ServerTest):
    def test_a_valid_problem_is_counted_and_not_run(self):
        body = problem("minimize", "x + y + z", {"x": {}, "y": "integer", "z": "binary"},
                       ["x + y >= 1"])
        answer = self.anonymous.post("/solve/validate", json=body).json()
        self.assertTrue(answer["valid"])
        self.assertEqual(answer["variable_types"], {"continuous": 1, "integer": 1, "binary": 1})
        self.assertEqual((answer["num_variables"], answer["num_constraints"]), (3, 1))
        self.assertEqual(answer["estimated_credits"], 4)  # 1 + 0.3 + 2*sqrt(2) + 0.05
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], 0)

    def test_all_faults_are_reported_at_once(self):
        body = problem("minimize", "x + ghost", {"x": {"lower_bound": 9, "upper_bound": 1}})
        response = self.anonymous.post("/solve/validate", json=body)
        self.assertEqual(response.status_code, 200)
        answer = response.json()
        self.assertFalse(answer["valid"])
        self.assertGreaterEqual(len(answer["errors"]), 2)
        self.assertIn("ghost", " ".join(answer["errors"]))

    def test_a_hundred_faults_are_listed_and_all_are_counted(self):
        body = problem("minimize", "x", {"x": {}}, ["ghost >= 1"] * 250)
        answer = self.anonymous.post("/solve/validate", json=body).json()
        self.assertEqual(len(answer["errors"]), 101)
        self.assertEqual(answer["errors"][-1], "150 more faults are not listed")
        refused = self.assert_error(self.api.post("/solve", json=body), 400)
        self.assertIn("(and 249 more)", refused["message"])
        # One that gets no verdict decides, wherever it stands.
        body["constraints"].append({"name": "late"})
        self.assert_error(self.anonymous.post("/solve/validate", json=body), 422)

    def test_a_body_of_the_wrong_shape_is_refused(self):
        self.assert_error(self.anonymous.post("/solve/validate", json={"variables": 3}), 422)


class Async(ServerTest):
    def test_a_task_is_queued_solved_and_read(self):
        body = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])
        response = self.api.post("/solve/async", json=body)
        self.assertEqual(response.status_code, 202)
        task = response.json()
        self.assertEqual(task["task_id"], task["execution_id"])
        self.assertTrue(task["ws_url"].endswith("/ws/executions/" + task["task_id"]))
        poll = task["poll_url"].removeprefix("/api/v2")

        def done():
            answer = self.api.get(poll).json()
            return answer if answer["status"] == "completed" else None

        answer = wait_until(done)
        self.assertEqual(answer["result"]["objective_value"], 6)
        self.assertNotIn("result", answer["result"])
        cancelled = self.api.post(f"/solve/async/{task['task_id']}/cancel").json()
        self.assertFalse(cancelled["cancelled"])

    def test_a_running_task_shows_progress_and_can_be_cancelled(self):
        task = self.api.post("/solve/async", json=slow_problem()).json()["task_id"]

        def running():
            answer = self.api.get(f"/solve/async/{task}").json()
            return answer if answer["status"] == "running" and answer["objective_value"] else None

        answer = wait_until(running)
        self.assertGreaterEqual(answer["progress"], 0)
        self.assertLess(answer["progress"], 1)
        start = time.monotonic()
        self.assertTrue(self.api.post(f"/solve/async/{task}/cancel").json()["cancelled"])
        record = ended(self.api, task)
        self.assertLess(time.monotonic() - start, 40)  # the limit is 60
        self.assertEqual(record["status"], "cancelled")
        self.assertIsNone(record["result_data"])
        self.assertFalse(self.api.post(f"/solve/async/{task}/cancel").json()["cancelled"])

    def test_the_time_limit_holds(self):
        body = slow_problem(seed=2)
        body["options"] = {"time_limit_seconds": 1}
        start = time.monotonic()
        result = self.api.post("/solve", json=body).json()
        self.assertLess(time.monotonic() - start, 40)  # without one it is 60
        self.assertEqual(result["status"], "time_limit")
        self.assertIsNotNone(result["objective_value"])
        self.assert_point(body, result)

    def test_strangers_find_nothing(self):
        task = self.api.post("/solve/async", json=slow_problem(seed=3)).json()["task_id"]
        unknown = "exe_" + "0" * 16
        for path in (f"/solve/async/{task}", f"/models/executions/{task}"):
            foreign = self.other.get(path)
            random = self.other.get(path.replace(task, unknown))
            self.assert_error(foreign, 404, "not_found")
            same = {k: v for k, v in foreign.json().items() if k != "request_id"}
            self.assertEqual(same, {k: v for k, v in random.json().items() if k != "request_id"})
        self.assert_error(self.other.post(f"/solve/async/{task}/cancel"), 404)
        self.assertIn(self.api.get(f"/solve/async/{task}").json()["status"],
                      ("pending", "running"))
        self.assertTrue(self.api.post(f"/solve/async/{task}/cancel").json()["cancelled"])


class SyncWait(ServerTest):
    flags = ("--sync-wait", "1", "--workers", "1")

    def test_a_long_solve_becomes_a_task(self):
        # Now the only slot and its worker are at hand.
        small = self.api.post("/solve/async", json=problem("minimize", "x", {"x": {}}))
        ended(self.api, small.json()["task_id"])
        response = self.api.post("/solve", json=slow_problem(seed=4))
        self.assertEqual(response.status_code, 202)
        self.assertEqual(response.json()["status"], "running")
        task = response.json()["task_id"]
        queued = self.api.post("/solve", json=slow_problem(seed=5))
        self.assertEqual(queued.status_code, 202)
        self.assertEqual(queued.json()["status"], "pending")
        waiting = queued.json()["task_id"]
        self.assertTrue(self.api.post(f"/solve/async/{waiting}/cancel").json()["cancelled"])
        self.assertEqual(ended(self.api, waiting)["status"], "cancelled")
        self.api.post(f"/solve/async/{task}/cancel")
        self.assertEqual(ended(self.api, task)["status"], "cancelled")


class Idempotency(ServerTest):
    def test_a_repeated_key_gives_the_first_answer(self):
        body = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])
        headers = {"Idempotency-Key": "order-17"}
        first = self.api.post("/solve", json=body, headers=headers)
        self.assertNotIn("Idempotent-Replay", first.headers)
        again = self.api.post("/solve", content=dumps(dict(reversed(body.items()))),
                              headers={**headers, "Content-Type": "application/json"})
        self.assertEqual(again.headers.get("Idempotent-Replay"), "true")
        self.assertEqual(again.json()["execution_id"], first.json()["execution_id"])
        other = problem("minimize", "5*x", {"x": {}}, ["x >= 3"])
        self.assert_error(self.api.post("/solve", json=other, headers=headers), 422,
                          "idempotency_key_reused")
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], 1)
        # Another route and another organization have keys of their own.
        self.assertEqual(self.api.post("/solve/async", json=other, headers=headers).status_code,
                         202)
        self.assertEqual(self.other.post("/solve", json=other, headers=headers).status_code, 200)

    def test_simultaneous_repeats_make_one_run(self):
        body = problem("minimize", "2*x", {"x": {}}, ["x >= 4"])
        answers = []

        def post():
            with self.server.client() as client:
                answers.append(client.post("/solve", json=body,
                                           headers={"Idempotency-Key": "same"}).json())

        threads = [threading.Thread(target=post) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({answer["execution_id"] for answer in answers}), 1)
        self.assertEqual({answer["objective_value"] for answer in answers}, {8})

    def test_a_bad_key_is_refused(self):
        body = problem("minimize", "x", {"x": {}})
        for key in ("", "a b", "x" * 256):
            self.assert_error(
                self.api.post("/solve", json=body, headers={"Idempotency-Key": key}), 422)


if __name__ == "__main__":
    unittest.main()
