"""Batches: the routes, their rules one by one, and what they promise about tasks and numbers."""

import concurrent.futures
import csv
import io
import json
import os
import random
import re
import threading
import unittest

from harness import Server, ServerTest, problem, slow_problem, wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

# The example of the page that these routes follow, to the key.
SEED = json.loads("""
[{"metadata": {"cluster": "<string>", "completedAt": "<string>", "createdAt": "<string>",
    "deletedAt": "<string>", "expiredAt": "<string>", "id": "exec-abc123",
    "job": "data-processing-job", "startedAt": "<string>", "updatedAt": "<string>",
    "workspace": "my-workspace"},
  "spec": {"envOverride": "{\\"MY_VAR\\": \\"***\\", \\"BATCH_SIZE\\": \\"***\\"}",
    "memoryOverride": 2048, "parallelism": 5,
    "tasks": [{"conditions": [{"executionReason": "<string>", "message": "<string>",
        "reason": "<string>", "severity": "<string>", "state": "<string>", "type": "<string>"}],
      "metadata": {"completedAt": "<string>", "createdAt": "<string>", "name": "task-0",
        "scheduledAt": "<string>", "startedAt": "<string>", "updatedAt": "<string>"},
      "spec": {"maxRetries": 3, "timeout": "30m"}, "status": "unspecified"}],
    "timeout": 3600},
  "stats": {"cancelled": 0, "failure": 1, "retried": 2, "running": 1, "success": 8, "total": 10},
  "status": "queued",
  "tasks": [{"conditions": [{"executionReason": "<string>", "message": "<string>",
      "reason": "<string>", "severity": "<string>", "state": "<string>", "type": "<string>"}],
    "metadata": {"completedAt": "<string>", "createdAt": "<string>", "name": "task-0",
      "scheduledAt": "<string>", "startedAt": "<string>", "updatedAt": "<string>"},
    "spec": {"maxRetries": 3, "timeout": "30m"}, "status": "unspecified"}]}]
""")

ENDS = ("succeeded", "failed", "cancelled", "timeout")


def small(bound):
    return problem("minimize", "2*x", {"x": "integer"}, [f"x >= {bound}"])


def without_quick_point(seed=1):
    """Market split: no solver finds a point of it in a second, nor that there is none."""
    rng = random.Random(seed)
    size, rows = 50, 6
    weights = [[rng.randint(0, 99) for _ in range(size)] for _ in range(rows)]
    return problem("minimize", "x0", {f"x{i}": "binary" for i in range(size)},
                   [" + ".join(f"{w}*x{i}" for i, w in enumerate(row)) + f" == {sum(row) // 2}"
                    for row in weights])


def slow(seed=1):
    return slow_problem(seed, size=80, rows=10)


def shape(value):
    """The keys, recursively; a list has the shapes of its items."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in sorted(value.items())}
    if isinstance(value, list):
        shapes = []
        for item in value:
            if shape(item) not in shapes:
                shapes.append(shape(item))
        return shapes
    return None


class JobTest(ServerTest):
    flags = ("--workers", "2", "--max-batch-tasks", "60")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.count = 0
        cls.model = cls.make_model(cls.api, "any", {})
        cls.schema_model = cls.make_model(cls.api, "with-schema", {
            "type": "object", "required": ["variables"],
            "properties": {"objective": {"type": "object"}}})

    @staticmethod
    def make_model(api, name, schema):
        answer = api.post("/models", json={"name": name, "generator_type": "generic",
                                           "input_schema": schema})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def definition(self, name=None, model=None, **spec):
        type(self).count += 1
        runtime = spec.pop("runtime", {})
        return {"metadata": {"name": name or f"job-{self.count}"},
                "spec": {"modelId": model or self.model, "runtime": runtime, **spec}}

    def job(self, **spec):
        body = self.definition(**spec)
        answer = self.api.post("/jobs", json=body)
        self.assertEqual(answer.status_code, 200, answer.text)
        return body["metadata"]["name"]

    def start(self, job, inputs, **body):
        answer = self.api.post(f"/jobs/{job}/executions", json={
            "tasks": [i if "input_data" in i else {"input_data": i} for i in inputs], **body})
        self.assertEqual(answer.status_code, 200, answer.text)
        return f"/jobs/{job}/executions/{answer.json()['executionId']}"

    def get(self, path):
        answer = self.api.get(path)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def ended(self, path, seconds=120):
        def look():
            execution = self.get(path)
            self.check_execution(execution)
            return execution if execution["status"] in ENDS else None
        return wait_until(look, seconds)

    def running(self, path, count=1):
        return wait_until(lambda: self.get(path)["stats"]["running"] >= count and self.get(path))

    def check_execution(self, e, with_tasks=True):
        """The shape, and every number recomputed from the answer's own tasks."""
        seed = SEED[0]
        self.assertEqual(list(e), list(seed))
        for part in ("metadata", "spec", "stats"):
            self.assertEqual(list(e[part]), list(seed[part]))
        for name in ("completedAt", "createdAt", "deletedAt", "expiredAt", "startedAt",
                     "updatedAt"):
            value = e["metadata"][name]
            self.assertTrue(value is None or TIME.fullmatch(value), value)
        self.assertIn(e["status"], ("queued", "pending", "running", "cancelling", *ENDS))
        stats = e["stats"]
        self.assertLessEqual(stats["retried"], stats["total"])
        if not with_tasks:
            return
        # A further attempt that has started shows; whether one had when the task ended otherwise
        # does not.
        retries = [c["state"] for t in e["tasks"] for c in t["conditions"] if c["type"] == "Retry"]
        self.assertGreaterEqual(stats["retried"], retries.count("succeeded"))
        self.assertLessEqual(stats["retried"], len(retries))
        self.assertEqual(len(e["spec"]["tasks"]), len(e["tasks"]))
        counts = dict.fromkeys(("pending", "reconciling", "running", "succeeded", "failed",
                                "cancelled"), 0)
        for plan, task in zip(e["spec"]["tasks"], e["tasks"]):
            for t in (plan, task):
                self.assertEqual(list(t), list(seed["tasks"][0]))
                self.assertEqual(list(t["metadata"]), list(seed["tasks"][0]["metadata"]))
                self.assertEqual(list(t["spec"]), list(seed["tasks"][0]["spec"]))
            self.assertEqual((plan["status"], plan["conditions"]), ("unspecified", []))
            self.assertEqual(plan["metadata"]["name"], task["metadata"]["name"])
            self.assertEqual(plan["spec"], task["spec"])
            counts[task["status"]] += 1
            self.check_conditions(task)
        self.assertEqual(stats["total"], len(e["tasks"]))
        self.assertEqual((stats["success"], stats["failure"], stats["cancelled"],
                          stats["running"]), (counts["succeeded"], counts["failed"],
                                              counts["cancelled"], counts["running"]))
        self.assertLessEqual(stats["running"], e["spec"]["parallelism"])
        waits = counts["pending"] + counts["reconciling"] + counts["running"]
        over = waits == 0
        self.assertEqual(e["status"] in ENDS, over)
        self.assertEqual(e["metadata"]["completedAt"] is not None, over)
        self.assertEqual(e["metadata"]["expiredAt"] is not None, over)
        if e["status"] == "succeeded":
            self.assertEqual(counts["succeeded"], stats["total"])
        if e["status"] == "cancelled":
            self.assertGreater(counts["cancelled"], 0)
        if e["status"] == "failed":
            self.assertGreater(counts["failed"], 0)
        if e["status"] in ("queued", "pending"):
            self.assertEqual(counts["pending"], stats["total"])

    def check_conditions(self, task):
        types = [c["type"] for c in task["conditions"]]
        self.assertEqual(types, [t for t in ("Scheduled", "Retry", "Completed") if t in types])
        self.assertEqual(types[0], "Scheduled")
        for condition in task["conditions"]:
            self.assertEqual(list(condition), list(SEED[0]["tasks"][0]["conditions"][0]))
            self.assertTrue(all(isinstance(v, str) for v in condition.values()))
            self.assertLessEqual(len(condition["message"]), 500)
        ended = task["status"] in ("succeeded", "failed", "cancelled")
        self.assertEqual("Completed" in types, ended)
        self.assertEqual(task["metadata"]["completedAt"] is not None, ended)
        if ended:
            self.assertEqual(task["conditions"][-1]["state"], task["status"])

    def assert_refused(self, answer, status, word, path=None):
        self.assertEqual(answer.status_code, status, answer.text)
        body = answer.json()
        self.assertEqual((body["error"], body["code"]), (word, status))
        self.assertTrue(body["message"])
        if path is not None:
            self.assertIn(path, [d["path"] for d in body["details"]], answer.text)
        return body


class Definitions(JobTest):
    def test_a_job_is_created_read_listed_replaced_and_deleted(self):
        body = self.definition()
        body["metadata"].update(displayName="Nightly", externalId="erp-42", labels={"team": "ops"})
        body["spec"]["runtime"] = {"maxConcurrentTasks": 5, "maxRetries": 3, "timeout": 3600,
                                   "taskTimeout": "30m", "memory": 2048,
                                   "envs": [{"name": "MIP_GAP", "value": "0.01"}]}
        body["spec"]["webhook_url"] = "https://example.com/hooks/batch"
        body["spec"]["webhook_secret"] = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtMTIzNA=="
        made = self.api.post("/jobs", json=body)
        self.assertEqual(made.status_code, 200, made.text)
        job = made.json()
        name = body["metadata"]["name"]
        self.assertEqual(job["status"], "DEPLOYED")
        self.assertEqual(job["spec"]["runtime"], body["spec"]["runtime"])
        self.assertNotIn("webhook_secret", made.text)
        self.assertTrue(TIME.fullmatch(job["metadata"]["createdAt"]))
        self.assertEqual(self.get(f"/jobs/{name}"), job)
        self.assertEqual(self.get("/jobs?limit=1"), [job])
        self.assertGreaterEqual(int(self.api.get("/jobs?limit=1").headers["X-Total-Count"]), 1)
        body["spec"]["enabled"] = False
        put = self.api.put(f"/jobs/{name}", json=body)
        self.assertEqual(put.json()["status"], "DEACTIVATED")
        self.assert_refused(self.api.post(f"/jobs/{name}/executions",
                                          json={"tasks": [{"input_data": small(1)}]}),
                            409, "conflict")
        self.assertEqual(self.api.delete(f"/jobs/{name}").json()["status"], "TERMINATED")
        self.assert_refused(self.api.get(f"/jobs/{name}"), 404, "not_found")
        self.assert_refused(self.api.delete(f"/jobs/{name}"), 404, "not_found")
        body["spec"]["enabled"] = True
        self.assertEqual(self.api.post("/jobs", json=body).status_code, 200)  # the name is free


class Executions(JobTest):
    def test_the_example_of_the_page_key_by_key(self):
        job = self.job(runtime={"maxConcurrentTasks": 5, "maxRetries": 3, "taskTimeout": "30m"})
        path = self.start(job, [small(i) for i in range(3)],
                          env={"MIP_GAP": "0.02", "SEED": "7"}, memory=1024)
        done = self.ended(path)
        listed = self.get(f"/jobs/{job}/executions")
        self.assertEqual(listed, [done])
        expected = shape(SEED)
        expected[0]["spec"]["tasks"][0]["conditions"] = []  # the plan's are empty
        self.assertEqual(shape(listed), expected)
        self.assertEqual(done["spec"]["envOverride"], '{"MIP_GAP":"***","SEED":"***"}')
        self.assertEqual(done["spec"]["memoryOverride"], 1024)
        self.assertEqual(done["spec"]["parallelism"], 5)
        self.assertEqual(done["spec"]["timeout"], 3600)
        self.assertEqual(done["tasks"][0]["spec"], {"maxRetries": 3, "timeout": "30m"})
        self.assertEqual(done["metadata"]["cluster"], "local")
        self.assertEqual(done["status"], "succeeded")
        none = self.get(path + "?tasks=none")
        self.check_execution(none, with_tasks=False)
        self.assertEqual((none["tasks"], none["spec"]["tasks"]), ([], []))
        self.assertEqual((none["stats"], none["status"]), (done["stats"], done["status"]))

    def test_results_are_those_of_ordinary_executions(self):
        job = self.job(runtime={"maxConcurrentTasks": 2})
        path = self.start(job, [small(5), {"name": "more", "input_data": small(9)},
                                problem("minimize", "x", {"x": {}}, ["x >= 1", "x <= 0"])])
        done = self.ended(path)
        reasons = [t["conditions"][-1]["reason"] for t in done["tasks"]]
        self.assertEqual(reasons, ["SolverOptimal", "SolverOptimal", "SolverInfeasible"])
        detail = self.get(path + "/tasks/more")
        self.assertEqual(list(detail), ["task", "execution_id", "input_data", "result_data",
                                        "attempts"])
        self.assertEqual(detail["result_data"]["objective_value"], 18)
        self.assertEqual(detail["input_data"], small(9))
        self.assertEqual([a["outcome"] for a in detail["attempts"]], ["succeeded"])
        record = self.get(f"/models/executions/{detail['execution_id']}")
        self.assertEqual(record["status"], "completed")
        self.assertEqual(record["result_data"], detail["result_data"])
        summary = self.get(path + "/summary")
        self.assertEqual(summary["objective"]["min"], 10)
        self.assertEqual(summary["objective"]["median"], 14)
        self.assertEqual(summary["solver_statuses"], {"infeasible": 1, "optimal": 2})
        self.assertEqual(len(summary["slowest"]), 3)
        table = self.api.get(path + "/results.csv")
        self.assertIn("text/csv", table.headers["Content-Type"])
        rows = list(csv.DictReader(io.StringIO(table.text, newline=""), strict=True))
        self.assertEqual([(r["index"], r["name"], r["status"], r["reason"], r["solver_status"],
                           r["objective_value"], r["attempts"]) for r in rows],
                         [("0", "task-0", "succeeded", "SolverOptimal", "optimal", "10", "1"),
                          ("1", "more", "succeeded", "SolverOptimal", "optimal", "18", "1"),
                          ("2", "task-2", "succeeded", "SolverInfeasible", "infeasible", "", "1")])
        self.assertEqual(rows[1]["execution_id"], detail["execution_id"])
        self.assertEqual(rows[1]["completed_at"], done["tasks"][1]["metadata"]["completedAt"])
        self.assertTrue(table.text.endswith("\r\n"))
        self.assertEqual(table.text.count("\r\n"), table.text.count("\n"))
        self.assert_refused(self.api.get(path + "/tasks/none"), 404, "not_found")
        self.assert_refused(self.other.get(path + "/tasks/more"), 404, "not_found")

    def test_tasks_come_in_pages(self):
        job = self.job()
        path = self.start(job, [small(i) for i in range(7)])
        names, cursor = [], ""
        while True:
            page = self.get(path + f"/tasks?limit=3&cursor={cursor}")
            names += [t["metadata"]["name"] for t in page["data"]]
            self.assertEqual(page["meta"]["total"], 7)
            if not page["meta"]["hasMore"]:
                self.assertIsNone(page["meta"]["nextCursor"])
                break
            cursor = page["meta"]["nextCursor"]
        self.assertEqual(names, [f"task-{i}" for i in range(7)])
        for query in ("limit=0", "limit=201", "cursor=x", "limit=1&limit=2",
                      f"cursor={cursor}9999999999999"):
            self.assert_refused(self.api.get(path + "/tasks?" + query), 400, "bad_request")
        other = self.start(job, [small(1)] * 2)
        self.assert_refused(self.api.get(other + f"/tasks?cursor={cursor}"), 400, "bad_request")
        self.ended(path)
        self.ended(other)

    def test_limits_are_frozen_and_the_lower_one_is_shown(self):
        job = self.job(runtime={"timeout": 200, "taskTimeout": "90s", "maxRetries": 2})
        path = self.start(job, [{"input_data": small(1), "timeout": "1m20s", "maxRetries": 0},
                                small(2)], timeout=85)
        changed = self.definition(name=job, runtime={"timeout": 5})
        self.assertEqual(self.api.put(f"/jobs/{job}", json=changed).status_code, 200)
        done = self.ended(path)
        self.assertEqual(done["spec"]["timeout"], 85)
        self.assertEqual([t["spec"] for t in done["tasks"]],
                         [{"maxRetries": 0, "timeout": "1m20s"},
                          {"maxRetries": 2, "timeout": "1m25s"}])

    def test_a_frozen_model_outlives_its_deactivation(self):
        model = self.make_model(self.api, "short-lived", {})
        job = self.job(model=model)
        path = self.start(job, [small(i) for i in range(20)])
        self.api.delete(f"/models/{model}")
        self.assertEqual(self.ended(path)["status"], "succeeded")
        self.assert_refused(self.api.post(f"/jobs/{job}/executions", json={
            "tasks": [{"input_data": small(1)}]}), 409, "conflict")

    def test_the_same_request_a_hundred_times_at_once(self):
        job = self.job()
        body = {"tasks": [{"input_data": small(4)}], "executionId": "once"}
        reordered = {"executionId": "once", "tasks": [{"input_data": small(4)}]}

        all_there = threading.Barrier(100)

        def send(i):
            all_there.wait()
            return self.api.post(f"/jobs/{job}/executions", json=reordered if i % 2 else body)

        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(send, range(100)))
        self.assertEqual({a.status_code for a in answers}, {200})
        self.assertEqual(len({a.text for a in answers}), 1)
        self.assertEqual(sum("Idempotency-Replayed" in a.headers for a in answers), 99)
        self.assertEqual(self.api.get(f"/jobs/{job}/executions").headers["X-Total-Count"], "1")
        self.assert_refused(self.api.post(f"/jobs/{job}/executions", json={
            **body, "tasks": [{"input_data": small(5)}]}), 409, "conflict")

    def test_request_ids_and_idempotency_keys_mean_the_same(self):
        job = self.job()
        body = {"tasks": [{"input_data": small(4)}]}
        first = self.api.post(f"/jobs/{job}/executions", json=body,
                              headers={"Idempotency-Key": "abc"})
        again = self.api.post(f"/jobs/{job}/executions", json=body,
                              headers={"Idempotency-Key": "abc"})
        self.assertEqual(first.json(), again.json())
        self.assertEqual(first.json()["id"], "abc")
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assert_refused(self.api.post(f"/jobs/{job}/executions", json={
            "tasks": [{"input_data": small(5)}]}, headers={"Idempotency-Key": "abc"}),
            409, "conflict")
        fresh = [self.api.post(f"/jobs/{job}/executions", json=body).json() for _ in range(2)]
        self.assertNotEqual(fresh[0]["executionId"], fresh[1]["executionId"])
        self.assertRegex(fresh[0]["executionId"], r"^exec-[0-9a-f]{16}$")
        self.assertRegex(fresh[0]["id"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-")

    def test_bad_inputs_fail_their_own_task_only(self):
        job = self.job(runtime={"maxConcurrentTasks": 2, "maxRetries": 3})
        path = self.start(job, [small(1), {"what": "is this"}, small(2)])
        done = self.ended(path)
        self.assertEqual(done["status"], "failed")
        self.assertEqual([t["status"] for t in done["tasks"]], ["succeeded", "failed", "succeeded"])
        failed = done["tasks"][1]["conditions"]
        self.assertEqual([c["type"] for c in failed], ["Scheduled", "Retry", "Completed"])
        self.assertEqual(failed[2]["reason"], "InvalidInput")
        detail = self.get(path + "/tasks/task-1")
        self.assertEqual(len(detail["attempts"]), 1)
        self.assertEqual(self.get(f"/models/executions/{detail['execution_id']}")["status"],
                         "failed")

    def test_the_end_is_announced_once(self):
        job = self.job()
        path = self.start(job, [small(1), small(2)])
        self.ended(path)
        told = self.get("/notifications")
        told = told if isinstance(told, list) else told.get("notifications", told.get("items"))
        mine = [n for n in told
                if (n.get("data") or {}).get("execution_id") == path.split("/")[-1]]
        self.assertEqual(len(mine), 1, told)
        self.assertEqual(mine[0]["type"], "execution_complete")
        self.assertEqual(mine[0]["data"]["stats"]["success"], 2)


class Stopping(JobTest):
    def test_a_cancel_lets_finish_what_is_under_way(self):
        job = self.job(runtime={"taskTimeout": "4s"})
        path = self.start(job, [{**slow()}, small(1), small(2)], parallelism=1)
        self.running(path)
        answer = self.api.delete(path)
        self.assertEqual(answer.status_code, 200)
        self.check_execution(answer.json())
        self.assertEqual(answer.json()["status"], "cancelling")
        self.assertEqual([t["status"] for t in answer.json()["tasks"]],
                         ["running", "cancelled", "cancelled"])
        self.assertEqual(self.api.delete(path).status_code, 200)
        done = self.ended(path)
        self.assertEqual(done["status"], "cancelled")
        self.assertEqual(done["tasks"][0]["status"], "succeeded")
        self.assertEqual(done["tasks"][0]["conditions"][-1]["reason"], "SolverFeasible")
        self.assertEqual(done["tasks"][1]["conditions"][-1]["executionReason"], "CANCELLED")
        self.assertEqual(self.api.delete(path).json(), done)

    def test_a_forced_cancel_stops_the_solvers_too(self):
        job = self.job(runtime={"maxConcurrentTasks": 2})
        path = self.start(job, [slow(1), slow(2), slow(3)])
        self.running(path, 2)
        self.api.delete(path)
        self.assertEqual(self.get(path)["status"], "cancelling")
        forced = self.api.delete(path + "?force=true").json()
        self.assertEqual(forced["status"], "cancelled")
        self.assertEqual({t["status"] for t in forced["tasks"]}, {"cancelled"})
        # The slots are free again soon.
        quick = self.start(job, [small(1)])
        self.assertEqual(self.ended(quick, 30)["status"], "succeeded")
        detail = self.get(path + "/tasks/task-0")
        record = self.get(f"/models/executions/{detail['execution_id']}")
        self.assertEqual(record["status"], "failed")
        self.assertIn("Cancelled", record["error_message"])
        self.assertEqual(detail["attempts"][0]["outcome"], "cancelled")
        self.assert_refused(self.api.delete(quick), 409, "conflict")
        self.assert_refused(self.api.delete(path[:-3] + "xxx"), 404, "not_found")

    def test_a_task_without_a_point_at_its_limit_is_tried_again_and_fails(self):
        job = self.job(runtime={"maxRetries": 1, "taskTimeout": "1s"})
        path = self.start(job, [without_quick_point()])
        wait_until(lambda: self.get(path)["tasks"][0]["status"] == "reconciling")
        waiting = self.get(path)
        self.check_execution(waiting)
        self.assertEqual(waiting["status"], "running")
        done = self.ended(path)
        self.assertEqual(done["status"], "failed")
        self.assertEqual(done["stats"]["retried"], 1)
        conditions = {c["type"]: c for c in done["tasks"][0]["conditions"]}
        self.assertEqual(conditions["Retry"]["state"], "failed")
        self.assertEqual(conditions["Completed"]["reason"], "TaskTimeout")
        detail = self.get(path + "/tasks/task-0")
        self.assertEqual([a["number"] for a in detail["attempts"]], [1, 2])
        self.assertEqual(self.get(f"/models/executions/{detail['execution_id']}")["status"],
                         "timeout")

    def test_the_overall_limit_ends_everything(self):
        job = self.job(runtime={"maxConcurrentTasks": 1})
        # Solvers are told 2 s, so that the second one is under way when 3 s are over.
        path = self.start(job, [slow(1), slow(2), small(3)], timeout=3)
        done = self.ended(path)
        self.assertEqual(done["status"], "timeout")
        self.assertEqual(done["tasks"][1]["conditions"][-1]["reason"], "ExecutionTimeout")
        self.assertEqual(done["tasks"][2]["status"], "cancelled")
        self.assertEqual(done["tasks"][2]["conditions"][-1]["executionReason"], "TIMEOUT")
        self.assert_refused(self.api.delete(path), 409, "conflict")

    def test_deleting_a_job_cancels_its_executions_with_force(self):
        job = self.job()
        path = self.start(job, [slow(), small(1)])
        self.running(path)
        self.assertIn(self.api.delete(f"/jobs/{job}").json()["status"],
                      ("DELETING", "TERMINATED"))
        done = self.ended(path)
        self.assertEqual(done["status"], "cancelled")
        self.assertIsNotNone(done["metadata"]["deletedAt"])
        self.assertEqual(done["tasks"][0]["conditions"][-1]["reason"], "JobDeleted")
        self.assertEqual(done["tasks"][0]["conditions"][-1]["executionReason"], "DELETED")
        self.assertEqual(len(self.get(f"/jobs/{job}/executions")), 1)
        self.assert_refused(self.api.post(f"/jobs/{job}/executions", json={
            "tasks": [{"input_data": small(1)}]}), 404, "not_found")

    def test_a_record_of_a_batch_is_not_cancelled_by_itself(self):
        job = self.job()
        path = self.start(job, [slow(), small(1)])
        self.running(path)
        record = self.get(path + "/tasks/task-1")["execution_id"]
        self.assertEqual(self.api.post(f"/solve/async/{record}/cancel").status_code, 409)
        self.api.delete(path + "?force=true")

    def test_without_room_and_without_queueing_nothing_is_stored(self):
        job = self.job(runtime={"maxConcurrentTasks": 2})
        path = self.start(job, [slow(1), slow(2)])
        self.running(path, 2)
        refused = self.api.post(f"/jobs/{job}/executions", json={
            "tasks": [{"input_data": small(1)}], "allowQueue": False})
        self.assert_refused(refused, 429, "capacity_exceeded")
        self.assertIn("Retry-After", refused.headers)
        self.assertEqual(self.api.get(f"/jobs/{job}/executions").headers["X-Total-Count"], "1")
        big = self.job(runtime={"memory": 1048576})
        self.assert_refused(self.api.post(f"/jobs/{big}/executions", json={
            "tasks": [{"input_data": small(1)}], "allowQueue": False}), 400, "bad_request",
            "memory")
        self.api.delete(path + "?force=true")

    def test_ordinary_solves_get_their_turn_beside_a_batch(self):
        job = self.job(runtime={"maxConcurrentTasks": 2})
        path = self.start(job, [{"input_data": slow(i), "timeout": "1s"} for i in range(20)])
        self.running(path, 1)
        before = self.get(path)["stats"]["success"]
        answer = self.api.post("/solve", json=small(3))
        self.assertEqual(answer.json()["objective_value"], 6)
        self.assertLess(self.get(path)["stats"]["success"] - before, 10)
        self.api.delete(path + "?force=true")


class Numbers(JobTest):
    flags = ("--workers", "2", "--max-parallel-executions", "4")
    # Executions, tasks of each, answers to check. `./dev batch-numbers` sets the long form.
    size = tuple(map(int, os.environ.get("SOLVENT_BATCH_NUMBERS", "8 25 120").split()))

    # Between two looks an execution may have gone more than one step.
    order = ("queued", "pending", "running", "cancelling")

    def may_follow(self, before, status):
        if before in ENDS:
            return False
        return status in ENDS or before is None or (
            self.order.index(status) > self.order.index(before))

    def begin(self, job, rng):
        inputs = [small(i) if rng.random() < 0.9 else {"not": "a problem"}
                  for i in range(self.size[1])]
        inputs[rng.randrange(len(inputs))] = without_quick_point()  # times out, and is retried
        return self.start(job, inputs, parallelism=rng.choice([1, 2]))

    def test_every_answer_adds_up_while_batches_run_fail_retry_and_are_cancelled(self):
        rng = random.Random(3)
        executions, _, answers = self.size
        job = self.job(runtime={"maxConcurrentTasks": 2, "maxRetries": 1, "taskTimeout": "1s"})
        paths = [self.begin(job, rng) for _ in range(executions)]
        looks = retried = 0
        seen = {}
        open_paths = set(paths)
        while open_paths or looks < answers:
            if not open_paths:
                paths.append(self.begin(job, rng))
                open_paths.add(paths[-1])
            if rng.random() < 0.2:
                listed = self.get(f"/jobs/{job}/executions?limit=4&offset={rng.randrange(4)}")
            else:
                listed = [self.get(rng.choice(sorted(open_paths) if rng.random() < 0.9
                                              else paths))]
            looks += 1
            for execution in listed:
                self.check_execution(execution)
                name, status = execution["metadata"]["id"], execution["status"]
                if status != seen.get(name):
                    self.assertTrue(self.may_follow(seen.get(name), status),
                                    (seen.get(name), status))
                    seen[name] = status
                if status in ENDS:
                    open_paths.discard(f"/jobs/{job}/executions/{name}")
                retried += execution["stats"]["retried"]
            # In one read, never more than the instance has slots.
            if looks % 10 == 0:
                counts = self.get(f"/jobs/{job}/executions?tasks=none&limit=100")
                self.assertLessEqual(sum(e["stats"]["running"] for e in counts), 2)
            # Only then, so that something is retried however slow the machine is.
            if retried and rng.random() < 0.02:
                self.api.delete(rng.choice(sorted(open_paths) or paths),
                                params={"force": rng.random() < 0.5})
        self.assertGreater(retried, 0)
        self.assertGreaterEqual(looks, answers)


class Prices(JobTest):
    flags = ("--workers", "2", "--credits", "5")

    def test_a_batch_is_paid_whole_or_refused_whole(self):
        job = self.job()
        body = {"tasks": [{"input_data": small(i)} for i in range(6)]}
        refused = self.api.post(f"/jobs/{job}/executions", json=body)
        told = self.assert_refused(refused, 402, "insufficient_credits")
        self.assertEqual((told["credits_needed"], told["credits_available"]), (6, 5))
        self.assertEqual(self.api.get("/credits/balance").json()["credits_balance"], 5)
        self.assertEqual(self.get(f"/jobs/{job}/executions"), [])
        self.assertEqual(self.get("/models/executions/all")["total"], 0)
        path = self.start(job, [small(1), {"what": "is this"}, small(2)])
        done = self.ended(path)
        self.assertEqual(done["stats"]["success"], 2)
        # Three were paid, and the one without an answer was given back.
        self.assertEqual(self.ended(self.start(job, [small(i) for i in range(3)]))["status"],
                         "succeeded")
        self.assert_refused(self.api.post(f"/jobs/{job}/executions", json={
            "tasks": [{"input_data": small(1)}]}), 402, "insufficient_credits")


class Restarts(unittest.TestCase):
    def test_tasks_survive_a_stop_and_a_kill_and_end_once(self):
        server = Server("--workers", "2")
        try:
            server.start()
            with server.client() as api:
                model = api.post("/models", json={"name": "m", "generator_type": "generic"}).json()
                api.post("/jobs", json={"metadata": {"name": "j"}, "spec": {
                    "modelId": model["id"], "runtime": {"maxConcurrentTasks": 2}}})
                tasks = [{"input_data": small(i)} for i in range(300)]
                started = api.post("/jobs/j/executions", json={"tasks": tasks})
                self.assertEqual(started.status_code, 200, started.text)
                path = f"/jobs/j/executions/{started.json()['executionId']}"
            ends = {}
            for stop in (server.kill, server.stop, server.kill):
                with server.client(server.key) as api:
                    before = api.get(path).json()["stats"]["success"]
                    wait_until(lambda: api.get(path).json()["stats"]["success"] > min(before + 9,
                                                                                      290))
                    for task in api.get(path).json()["tasks"]:
                        if task["status"] == "succeeded":
                            end = ends.setdefault(task["metadata"]["name"], task)
                            self.assertEqual(end, task)
                stop()
                server.start()
            with server.client(server.key) as api:
                done = wait_until(lambda: (e := api.get(path).json())["status"] in ENDS and e)
                self.assertEqual(done["status"], "succeeded")
                self.assertEqual(done["stats"]["success"], 300)
                for task in done["tasks"]:
                    self.assertEqual(ends.get(task["metadata"]["name"], task), task)
                detail = api.get(path + "/tasks/task-7").json()
                self.assertEqual(detail["result_data"]["objective_value"], 14)
        finally:
            server.remove()


if __name__ == "__main__":
    unittest.main()
