"""Batches: what needs a server of its own kind. Every state's shape, a full queue, webhooks, a
database that refuses, and damage."""

import base64
import hashlib
import hmac
import json
import sqlite3
import unittest

import httpx

from harness import Server, ended, wait_until
from test_jobs import ENDS, SEED, JobTest, slow, small
from test_webhooks import Receiver

# What a value may be where the page's example has a text; null stands for "not yet".
NULLABLE = {"completedAt", "deletedAt", "expiredAt", "startedAt", "updatedAt", "scheduledAt",
            "envOverride", "memoryOverride"}


class States(JobTest):
    flags = ("--workers", "1", "--max-parallel-executions", "2")

    def assert_shape(self, value, seed, path=""):
        """The keys of the example at every depth, and values of its types."""
        if isinstance(seed, dict):
            self.assertIsInstance(value, dict, path)
            self.assertEqual(set(value), set(seed), path)
            for key in seed:
                if value[key] is None:
                    self.assertIn(key, NULLABLE, path)
                    continue
                self.assert_shape(value[key], seed[key], f"{path}.{key}")
        elif isinstance(seed, list):
            self.assertIsInstance(value, list, path)
            for i, item in enumerate(value):
                self.assert_shape(item, seed[0], f"{path}[{i}]")
        else:
            self.assertIs(type(value), type(seed), path)

    def seen(self, path, status):
        """The execution in that state, by both routes, in the page's shape."""
        execution = wait_until(lambda: (e := self.get(path))["status"] == status and e)
        listed = self.get(path.rsplit("/", 1)[0] + "?limit=100")
        self.assert_shape(listed, SEED)
        self.assert_shape([execution], SEED)
        mine = [e for e in listed if e["metadata"]["id"] == execution["metadata"]["id"]]
        self.assertEqual([e["status"] for e in mine], [status])
        self.check_execution(execution)
        return execution

    def test_every_state_has_the_shape_of_the_page(self):
        job = self.job()
        running = self.start(job, [slow(1), small(1)], env={"SEED": "1"}, memory=1024)
        self.seen(running, "running")
        pending = self.start(job, [small(2)])
        self.seen(pending, "pending")
        queued = self.start(job, [small(3), {"not": "a problem"}])
        self.seen(queued, "queued")
        dropped = self.start(job, [small(4)])
        self.assertEqual(self.api.delete(dropped).json()["status"], "cancelled")
        self.api.delete(running)
        self.seen(running, "cancelling")
        self.api.delete(running + "?force=true")
        self.seen(running, "cancelled")
        self.seen(pending, "succeeded")
        self.seen(queued, "failed")
        self.seen(self.start(job, [slow(i) for i in range(5)], timeout=1), "timeout")
        self.api.delete(f"/jobs/{job}")
        for path in (running, pending, queued, dropped):
            self.assertIsNotNone(self.get(path)["metadata"]["deletedAt"])

    def test_a_deleted_job_says_whether_solvers_are_still_to_be_stopped(self):
        job = self.job()
        path = self.start(job, [slow(1)])
        self.running(path)
        self.assertEqual(self.api.delete(f"/jobs/{job}").json()["status"], "DELETING")
        self.assertEqual(self.get(path)["status"], "cancelled")
        self.assertEqual(self.api.delete(f"/jobs/{self.job()}").json()["status"], "TERMINATED")


class FullQueue(JobTest):
    flags = ("--workers", "1", "--max-pending", "2")

    def test_a_large_batch_does_not_keep_single_solves_out(self):
        job = self.job()
        path = self.start(job, [slow(i) for i in range(40)])
        self.running(path)
        waiting = [self.api.post("/solve/async", json=small(i)) for i in range(2)]
        self.assertEqual([a.status_code for a in waiting], [202, 202])
        self.assert_error(self.api.post("/solve/async", json=small(3)), 503)
        self.api.delete(path + "?force=true")
        for answer in waiting:
            self.assertEqual(ended(self.api, answer.json()["execution_id"])["status"],
                             "completed")


class Webhooks(JobTest):
    flags = ("--workers", "2", "--webhook-allow", "127.0.0.0/8", "--webhook-retry", "0.1,0.1,0.1")

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def told(self, kind, execution):
        items = self.api.get("/notifications", params={"limit": 100}).json()["items"]
        return [n for n in items if n["type"] == kind
                and (n["data"] or {}).get("execution_id") == execution]

    def test_the_end_is_sent_signed_and_only_once(self):
        secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
        job = self.job(webhook_url=self.receiver.url, webhook_secret=secret)
        self.assertNotIn(secret, self.api.get(f"/jobs/{job}").text)
        path = self.start(job, [small(1), {"not": "a problem"}])
        done = self.ended(path)
        wait_until(lambda: self.receiver.requests)
        ((_, headers, body),) = self.receiver.requests
        sent = json.loads(body)
        self.assertEqual(sent["event"], "job.execution.completed")
        expected = {"job": job, "execution_id": path.split("/")[-1], "status": "failed",
                    "stats": done["stats"]}
        self.assertEqual(sent["data"], expected)
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        self.assertIn(mac, headers.values())
        (notice,) = self.told("execution_failed", expected["execution_id"])
        self.assertEqual(notice["data"], expected)
        self.assertEqual(self.told("execution_complete", expected["execution_id"]), [])

    def test_a_receiver_that_never_takes_it_is_told_of_once(self):
        self.receiver.answers = [500] * 8
        job = self.job(webhook_url=self.receiver.url)
        path = self.start(job, [small(1)])
        execution = path.split("/")[-1]
        (notice,) = wait_until(lambda: self.told("system", execution))
        self.assertEqual(len(self.receiver.requests), 4)
        self.assertEqual((notice["data"]["job"], notice["data"]["event_type"]),
                         (job, "job.execution.completed"))
        self.assertEqual(self.get(path)["status"], "succeeded")

    def test_a_receiver_that_is_gone_is_taken_off_the_job(self):
        self.receiver.answers = [410]
        job = self.job(webhook_url=self.receiver.url)
        path = self.start(job, [small(1)])
        wait_until(lambda: self.told("system", path.split("/")[-1]))
        self.assertIsNone(self.get(f"/jobs/{job}")["spec"]["webhook_url"])
        self.ended(self.start(job, [small(1)]))
        self.assertEqual(len(self.receiver.requests), 1)

    def test_private_places_are_refused(self):
        for url in ("http://10.0.0.5/x", "ftp://example.com/", "http://a:b@example.com/"):
            self.assert_refused(self.api.post("/jobs", json=self.definition(webhook_url=url)),
                                400, "bad_request", "spec.webhook_url")


class Refusals(JobTest):
    flags = ("--workers", "1", "--rate-limit-solve", "3")

    def test_starts_are_counted_like_solves(self):
        job = self.job()
        body = {"tasks": [{"input_data": small(1)}]}
        for _ in range(3):
            self.assertEqual(self.api.post(f"/jobs/{job}/executions", json=body).status_code, 200)
        refused = self.api.post(f"/jobs/{job}/executions", json=body)
        self.assert_refused(refused, 429, "rate_limited")
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)


class Damage(unittest.TestCase):
    """Hands on the database, as a failing disk or an operator would have them."""

    def setUp(self):
        self.server = Server("--workers", "1")
        self.addCleanup(self.server.remove)
        self.server.start()
        with self.server.client() as api:
            model = api.post("/models", json={"name": "m", "generator_type": "generic"}).json()
            made = api.post("/jobs", json={"metadata": {"name": "j"},
                                           "spec": {"modelId": model["id"]}})
            self.assertEqual(made.status_code, 200, made.text)

    def execute(self, sql):
        database = sqlite3.connect(self.server.database, timeout=30)
        with database:
            database.execute(sql)
        database.close()

    def test_tasks_whose_frozen_model_is_gone_fail_and_say_so(self):
        with self.server.client() as api:
            tasks = [{"input_data": slow(1)}] + [{"input_data": small(i)} for i in range(3)]
            started = api.post("/jobs/j/executions", json={"tasks": tasks})
            path = f"/jobs/j/executions/{started.json()['executionId']}"
            wait_until(lambda: api.get(path).json()["stats"]["running"] == 1)
        self.server.kill()
        self.execute("DELETE FROM model_documents")
        self.server.start()
        with self.server.client(self.server.key) as api:
            done = wait_until(lambda: (e := api.get(path).json())["status"] in ENDS and e)
            self.assertEqual(done["status"], "failed")
            self.assertEqual(done["stats"]["failure"], 4)
            for task in done["tasks"]:
                last = task["conditions"][-1]
                self.assertEqual(last["reason"], "ModelError")
                self.assertIn("cannot be read any more", last["message"])
            record = api.get(path + "/tasks/task-1").json()["execution_id"]
            self.assertIn("cannot be read any more",
                          api.get(f"/models/executions/{record}").json()["error_message"])
        self.server.stop()
        self.assertEqual(self.server.read_log().count("batch.unreadable"), 1)

    def test_an_internal_error_has_a_request_id_and_no_detail(self):
        self.execute("UPDATE jobs SET definition = 'no JSON'")
        # Not with the client that holds answers to the API's document: it promises no such thing.
        answer = httpx.get(self.server.url + "/v0/jobs/j", timeout=60, verify=False,
                           headers={"Authorization": f"Bearer {self.server.key}"})
        body = answer.json()
        self.assertEqual((answer.status_code, body["error"], body["code"]),
                         (500, "internal_error", 500))
        self.assertEqual(body["request_id"], answer.headers["X-Request-ID"])
        self.assertNotIn("JSON", answer.text)

    def test_while_the_disk_refuses_writes_nothing_is_stored(self):
        database = sqlite3.connect(self.server.database, timeout=30, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        body = {"tasks": [{"input_data": small(1)}], "executionId": "later"}
        with self.server.client() as api:
            refused = api.post("/jobs/j/executions", json=body)
            self.assertEqual((refused.status_code, refused.json()["error"]),
                             (503, "unavailable"), refused.text)
            self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
            database.execute("ROLLBACK")
            database.close()
            self.assertEqual(api.get("/jobs/j/executions").json(), [])
            again = api.post("/jobs/j/executions", json=body)
            self.assertEqual(again.status_code, 200, again.text)
            self.assertNotIn("Idempotency-Replayed", again.headers)


if __name__ == "__main__":
    unittest.main()
