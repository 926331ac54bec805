"""Batches: each rule of a request by a request that breaks it alone, and each error by its cause."""

import json
import signal
import socket
import sqlite3
import unittest

import httpx

from harness import Server, problem, wait_until
from test_jobs import ENDS, JobTest, slow, small

JSON = {"Content-Type": "application/json"}


def changed(body, path, value):
    """The body with another value at a place such as "spec.runtime.memory"."""
    body = json.loads(json.dumps(body))
    *parents, last = path.split(".")
    place = body
    for parent in parents:
        place = place[parent]
    place[last] = value
    return body


class Definitions(JobTest):
    # A change of a good definition, and where the fault is told to be if not at the changed place.
    broken = [
        ("metadata", None, "metadata"),
        ("metadata", [], "metadata"),
        ("metadata.name", None, "metadata.name"),
        ("metadata.name", "", "metadata.name"),
        ("metadata.name", 3, "metadata.name"),
        ("metadata.name", "Big", "metadata.name"),
        ("metadata.name", "-a", "metadata.name"),
        ("metadata.name", "a-", "metadata.name"),
        ("metadata.name", "a_b", "metadata.name"),
        ("metadata.name", "a" * 50, "metadata.name"),
        ("metadata.displayName", "", "metadata.displayName"),
        ("metadata.displayName", "x" * 64, "metadata.displayName"),
        ("metadata.displayName", 3, "metadata.displayName"),
        ("metadata.externalId", "", "metadata.externalId"),
        ("metadata.externalId", "a b", "metadata.externalId"),
        ("metadata.externalId", "a" * 65, "metadata.externalId"),
        ("metadata.externalId", 42, "metadata.externalId"),
        ("metadata.labels", [], "metadata.labels"),
        ("metadata.labels", {str(i): "" for i in range(33)}, "metadata.labels"),
        ("metadata.labels", {"a": "x" * 64}, "metadata.labels.a"),
        ("metadata.labels", {"a" * 64: "x"}, "metadata.labels." + "a" * 64),
        ("metadata.labels", {"a": 1}, "metadata.labels.a"),
        ("metadata.owner", "me", "metadata.owner"),
        ("spec", None, "spec"),
        ("spec", "x", "spec"),
        ("spec.enabled", "yes", "spec.enabled"),
        ("spec.modelId", None, "spec.modelId"),
        ("spec.modelId", 7, "spec.modelId"),
        ("spec.image", "x", "spec.image"),
        ("spec.triggers", [], "spec.triggers"),
        ("spec.volumes", [], "spec.volumes"),
        ("spec.region", "eu", "spec.region"),
        ("spec.policies", [], "spec.policies"),
        ("spec.revision", 1, "spec.revision"),
        ("spec.webhook_url", 3, "spec.webhook_url"),
        ("spec.webhook_url", "not a place", "spec.webhook_url"),
        ("spec.webhook_secret", "whsec_c2VjcmV0", "spec.webhook_secret"),  # without a URL
        ("spec.runtime", [], "spec.runtime"),
        ("spec.runtime.maxConcurrentTasks", 0, "spec.runtime.maxConcurrentTasks"),
        ("spec.runtime.maxConcurrentTasks", 65, "spec.runtime.maxConcurrentTasks"),
        ("spec.runtime.maxConcurrentTasks", "2", "spec.runtime.maxConcurrentTasks"),
        ("spec.runtime.maxRetries", -1, "spec.runtime.maxRetries"),
        ("spec.runtime.maxRetries", 11, "spec.runtime.maxRetries"),
        ("spec.runtime.maxRetries", 1.5, "spec.runtime.maxRetries"),
        ("spec.runtime.timeout", 0, "spec.runtime.timeout"),
        ("spec.runtime.timeout", 86401, "spec.runtime.timeout"),
        ("spec.runtime.timeout", "1h", "spec.runtime.timeout"),
        ("spec.runtime.taskTimeout", "2h", "spec.runtime.taskTimeout"),  # the job has one
        ("spec.runtime.taskTimeout", "0s", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", "30", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", "-1s", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", "1m1h", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", "1m1m", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", "1.5m", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", "25h", "spec.runtime.taskTimeout"),
        ("spec.runtime.taskTimeout", 60, "spec.runtime.taskTimeout"),
        ("spec.runtime.memory", 63, "spec.runtime.memory"),
        ("spec.runtime.memory", 1048577, "spec.runtime.memory"),
        ("spec.runtime.memory", "1024", "spec.runtime.memory"),
        ("spec.runtime.image", "x", "spec.runtime.image"),
        ("spec.runtime.envs", {"MIP_GAP": "0.1"}, "spec.runtime.envs"),
        ("spec.runtime.envs", ["MIP_GAP"], "spec.runtime.envs[0]"),
        ("spec.runtime.envs", [{"value": "1"}], "spec.runtime.envs[0].name"),
        ("spec.runtime.envs", [{"name": "SEED"}], "spec.runtime.envs[0].value"),
        ("spec.runtime.envs", [{"name": "SEED", "value": 2}], "spec.runtime.envs[0].value"),
        ("spec.runtime.envs", [{"name": "SEED", "value": "2", "from": "x"}],
         "spec.runtime.envs[0].from"),
        ("spec.runtime.envs", [{"name": "SEED", "value": "2", "secret": True}],
         "spec.runtime.envs[0].secret"),
        ("spec.runtime.envs", [{"name": "SEED", "value": "1"}, {"name": "SEED", "value": "2"}],
         "spec.runtime.envs.SEED"),
        ("spec.runtime.envs", [{"name": "PATH", "value": "/"}], "spec.runtime.envs.PATH"),
        ("status", "DEPLOYED", "status"),
    ]
    bad_options = [("MIP_GAP", "2"), ("MIP_GAP", "-0.1"), ("MIP_GAP", "nan"), ("MIP_GAP", "1%"),
                   ("NODE_LIMIT", "-1"), ("NODE_LIMIT", "1.5"), ("NODE_LIMIT", "9007199254740992"),
                   ("SEED", "4294967296"), ("SOLVER", "none"), ("THREADS", "9"),
                   ("TIME_LIMIT", "0"), ("TIME_LIMIT", "10000001"), ("VERIFY", "yes")]
    # What is still allowed.
    at_the_edge = [
        ("metadata.name", "a"),
        ("metadata.name", "0" * 49),
        ("metadata.displayName", "x" * 63),
        ("metadata.displayName", "\u00e4" * 63),  # characters, not bytes
        ("metadata.externalId", "A-9" + "z" * 61),
        ("metadata.labels", {"k" * 63: "v" * 63}),
        ("metadata.labels", {str(i): "" for i in range(32)}),
        ("spec.enabled", False),
        ("spec.runtime.maxConcurrentTasks", 1),
        ("spec.runtime.maxConcurrentTasks", 64),
        ("spec.runtime.maxRetries", 0),
        ("spec.runtime.maxRetries", 10),
        ("spec.runtime.timeout", 1),
        ("spec.runtime.timeout", 86400),
        ("spec.runtime.taskTimeout", "1s"),
        ("spec.runtime.taskTimeout", "1h"),
        ("spec.runtime.taskTimeout", "60m"),
        ("spec.runtime.memory", 64),
        ("spec.runtime.memory", 1048576),
        ("spec.runtime.envs", [{"name": "MIP_GAP", "value": "1"}]),
        ("spec.runtime.envs", [{"name": "NODE_LIMIT", "value": "9007199254740991"}]),
        ("spec.runtime.envs", [{"name": "THREADS", "value": "8"}]),
        ("spec.runtime.envs", [{"name": "TIME_LIMIT", "value": "10000000"}]),
    ]

    def all_broken(self):
        yield from self.broken
        for name, value in self.bad_options:
            yield ("spec.runtime.envs", [{"name": name, "value": value}],
                   f"spec.runtime.envs.{name}")

    def test_each_rule_of_a_definition_is_kept(self):
        before = self.api.get("/jobs?limit=1").headers["X-Total-Count"]
        for path, value, at in self.all_broken():
            with self.subTest(path=path, value=value):
                self.assert_refused(
                    self.api.post("/jobs", json=changed(self.definition(), path, value)),
                    400, "bad_request", at)
        self.assertEqual(self.api.get("/jobs?limit=1").headers["X-Total-Count"], before)

    def test_each_rule_holds_for_a_replacement_too_and_leaves_the_job_as_it_was(self):
        name = self.job()
        job = self.get(f"/jobs/{name}")
        for path, value, at in self.all_broken():
            with self.subTest(path=path, value=value):
                body = changed(self.definition(name=name), path, value)
                self.assert_refused(self.api.put(f"/jobs/{name}", json=body), 400, "bad_request")
        self.assertEqual(self.get(f"/jobs/{name}"), job)
        self.assert_refused(self.api.put(f"/jobs/{name}", json=self.definition(name="another")),
                            400, "bad_request", "metadata.name")

    def test_what_is_just_allowed_is_allowed(self):
        for path, value in self.at_the_edge:
            with self.subTest(path=path, value=value):
                body = changed(self.definition(), path, value)
                made = self.api.post("/jobs", json=body)
                self.assertEqual(made.status_code, 200, made.text)
                name = body["metadata"]["name"]
                self.assertEqual(self.get(f"/jobs/{name}"), made.json())
                self.api.delete(f"/jobs/{name}")
        told = self.api.post("/jobs", json=changed(
            self.definition(), "spec.runtime.taskTimeout", "60m")).json()
        self.assertEqual(told["spec"]["runtime"]["taskTimeout"], "1h")

    def test_the_model_is_an_active_one_of_the_organization(self):
        gone = self.make_model(self.api, "gone", {})
        self.api.delete(f"/models/{gone}")
        foreign = self.make_model(self.other, "foreign", {})
        name = self.job()
        for model in ("mdl_none", gone, foreign, "no id at all"):
            with self.subTest(model=model):
                told = self.assert_refused(self.api.post(
                    "/jobs", json=self.definition(model=model)), 404, "not_found")
                again = self.assert_refused(self.api.put(
                    f"/jobs/{name}", json=self.definition(name, model)), 404, "not_found")
                self.assertEqual(told["message"], again["message"])

    def test_a_replaced_job_keeps_its_secret_and_executions_keep_what_they_froze(self):
        name = self.job(runtime={"maxConcurrentTasks": 3, "timeout": 60})
        path = self.start(name, [small(1)])
        body = self.definition(name=name, runtime={"timeout": 30})
        self.assertEqual(self.api.put(f"/jobs/{name}", json=body).status_code, 200)
        self.assertEqual(self.get(f"/jobs/{name}")["spec"]["runtime"]["maxConcurrentTasks"], 1)
        done = self.ended(path)
        self.assertEqual((done["spec"]["parallelism"], done["spec"]["timeout"]), (3, 60))


class Starts(JobTest):
    good = {"input_data": small(1)}

    def setUp(self):
        self.job_name = self.job(model=self.schema_model, runtime={
            "maxConcurrentTasks": 2, "maxRetries": 1, "timeout": 100, "taskTimeout": "50s",
            "memory": 512})

    def post(self, body, **more):
        return self.api.post(f"/jobs/{self.job_name}/executions", json=body, **more)

    def test_each_rule_of_a_start_is_kept(self):
        good = self.good
        for change, at in [
            ({"tasks": None}, "tasks"),
            ({"tasks": []}, "tasks"),
            ({"tasks": {}}, "tasks"),
            ({"tasks": [good] * 61}, "tasks"),
            ({"tasks": [good, 3]}, "tasks[1]"),
            ({"tasks": [good, {}]}, "tasks[1].input_data"),
            ({"tasks": [{"input_data": None}]}, "tasks[0].input_data"),
            ({"tasks": [{"input_data": [1]}]}, "tasks[0].input_data"),
            ({"tasks": [good, {"input_data": {"objective": 3}}]},
             "tasks[1].input_data.objective"),
            ({"tasks": [{**good, "name": ""}]}, "tasks[0].name"),
            ({"tasks": [{**good, "name": 3}]}, "tasks[0].name"),
            ({"tasks": [{**good, "name": "-x"}]}, "tasks[0].name"),
            ({"tasks": [{**good, "name": "a b"}]}, "tasks[0].name"),
            ({"tasks": [{**good, "name": "a" * 64}]}, "tasks[0].name"),
            ({"tasks": [{**good, "name": "a"}, {**good, "name": "a"}]}, "tasks[1].name"),
            ({"tasks": [good, {**good, "name": "task-0"}]}, "tasks[1].name"),
            ({"tasks": [{**good, "maxRetries": 2}]}, "tasks[0].maxRetries"),
            ({"tasks": [{**good, "maxRetries": -1}]}, "tasks[0].maxRetries"),
            ({"tasks": [{**good, "maxRetries": "1"}]}, "tasks[0].maxRetries"),
            ({"tasks": [{**good, "timeout": "51s"}]}, "tasks[0].timeout"),
            ({"tasks": [{**good, "timeout": "0s"}]}, "tasks[0].timeout"),
            ({"tasks": [{**good, "timeout": 5}]}, "tasks[0].timeout"),
            ({"tasks": [{**good, "priority": 5}]}, "tasks[0].priority"),
            ({"env": {"HOME": "x"}}, "env.HOME"),
            ({"env": {"NODE_LIMIT": "many"}}, "env.NODE_LIMIT"),
            ({"env": {"SOLVER": "none"}}, "env.SOLVER"),
            ({"env": {"SEED": 1}}, "env.SEED"),
            ({"env": ["MIP_GAP"]}, "env"),
            ({"memory": 513}, "memory"),
            ({"memory": 63}, "memory"),
            ({"memory": "512"}, "memory"),
            ({"parallelism": 3}, "parallelism"),
            ({"parallelism": 0}, "parallelism"),
            ({"parallelism": 1.5}, "parallelism"),
            ({"timeout": 101}, "timeout"),
            ({"timeout": 0}, "timeout"),
            ({"timeout": "1m"}, "timeout"),
            ({"allowQueue": "no"}, "allowQueue"),
            ({"executionId": ""}, "executionId"),
            ({"executionId": "A"}, "executionId"),
            ({"executionId": "-a"}, "executionId"),
            ({"executionId": "a" * 64}, "executionId"),
            ({"executionId": 7}, "executionId"),
            ({"id": ""}, "id"),
            ({"id": "x" * 129}, "id"),
            ({"id": "\u00e4"}, "id"),
            ({"id": "a\nb"}, "id"),
            ({"jobId": "other"}, "jobId"),
            ({"workspaceId": "other"}, "workspaceId"),
            ({"volumes": []}, "volumes"),
            ({"messageId": "x"}, "messageId"),
        ]:
            with self.subTest(change=str(change)[:80]):
                self.assert_refused(self.post({"tasks": [good], **change}), 400, "bad_request", at)
        self.assertEqual(self.get(f"/jobs/{self.job_name}/executions"), [])

    def test_faults_of_all_kinds_are_named_at_once(self):
        bad = [{"input_data": {"objective": 3}}, 0, {}, {**self.good, "name": "-"},
               {**self.good, "timeout": 5}, {**self.good, "maxRetries": -1}, self.good,
               {"input_data": [], "name": 7}]
        answer = self.assert_refused(self.post({
            "tasks": bad, "memory": "much", "parallelism": -1, "env": {"SEED": 1, "HOME": "x"},
            "jobId": "other", "workspaceId": "other", "volumes": []}), 400, "bad_request")
        named = [d["path"] for d in answer["details"]]
        places = [path.split(".")[0] if path.startswith("tasks[0]") else path for path in named]
        self.assertEqual(set(places), {
            "memory", "parallelism", "env.SEED", "env.HOME", "jobId", "workspaceId", "volumes",
            "tasks[0]", "tasks[1]", "tasks[2].input_data", "tasks[3].name", "tasks[4].timeout",
            "tasks[5].maxRetries", "tasks[7].input_data", "tasks[7].name"})
        # Each of them once, tasks in their order.
        self.assertEqual(len(set(named)), len(named))
        tasks = [path for path in named if path.startswith("tasks")]
        self.assertEqual(tasks, sorted(tasks, key=lambda path: int(path[6])))
        message = {d["path"]: d["message"] for d in answer["details"]}
        self.assertEqual(message["tasks[5].maxRetries"], "must be from 0 to 1")
        self.assertEqual(message["parallelism"], "must be from 1 to 2")
        # Of many bad tasks the first twenty, whatever is wrong with them.
        kinds = [{"input_data": {"objective": 3}}, {**self.good, "name": "-"}, 0]
        many = self.assert_refused(self.post({"tasks": kinds * 9}), 400, "bad_request")
        self.assertEqual({d["path"].split(".")[0] for d in many["details"]},
                         {f"tasks[{i}]" for i in range(20)})
        self.assertEqual(self.get(f"/jobs/{self.job_name}/executions"), [])

    def test_of_many_bad_tasks_the_first_twenty_are_named(self):
        bad = {"input_data": {"objective": 3}}
        many = self.assert_refused(self.post({"tasks": [self.good] + [bad] * 30}),
                                   400, "bad_request")
        named = {d["path"].split(".")[0] for d in many["details"]}
        self.assertEqual(named, {f"tasks[{i}]" for i in range(1, 21)})
        # Whatever is wrong with them; and a request cannot blow its answer up.
        for bad in (0, {}, {**self.good, "name": "-"}, {**self.good, "timeout": "0s"}):
            with self.subTest(bad=bad):
                answer = self.post({"tasks": [bad] * 50})
                self.assert_refused(answer, 400, "bad_request")
                named = {d["path"].split(".")[0] for d in answer.json()["details"]}
                self.assertEqual(named, {f"tasks[{i}]" for i in range(20)})
        for name, body in (("tasks", {"tasks": [0] * 50_000}),
                           ("env", {"tasks": [self.good], "env": {str(i): "" for i in range(9999)}}),
                           ("k" * 200_000, {"tasks": [self.good], "k" * 200_000: 0})):
            with self.subTest(name=name[:9]):
                answer = self.post(body)
                self.assert_refused(answer, 400, "bad_request")
                self.assertLess(len(answer.content), 50_000)
        self.assertEqual(self.get(f"/jobs/{self.job_name}/executions"), [])

    def test_what_is_just_allowed_is_allowed(self):
        organization = self.get(f"/jobs/{self.job_name}")["metadata"]["workspace"]
        good = self.good
        paths = []
        for change in [
            {"tasks": [good] * 60},
            {"tasks": [{**good, "name": "A" + "." * 62}]},
            {"tasks": [good, {**good, "name": "task-0x"}]},
            {"tasks": [{**good, "maxRetries": 1}]},
            {"tasks": [{**good, "timeout": "50s"}]},
            {"env": {}},
            {"env": {"MIP_GAP": "0", "SOLVER": "cbc", "VERIFY": "true"}},
            {"memory": 512},
            {"parallelism": 2},
            {"timeout": 100},
            {"allowQueue": True},
            {"executionId": "0" * 63},
            {"id": " ~" * 64},
            {"jobId": self.job_name},
            {"workspaceId": organization},
        ]:
            with self.subTest(change=str(change)[:80]):
                answer = self.post({"tasks": [good], **change})
                self.assertEqual(answer.status_code, 200, answer.text)
                told = answer.json()
                self.assertEqual((told["jobId"], told["workspaceId"]),
                                 (self.job_name, organization))
                self.assertEqual(told["executionId"], change.get("executionId",
                                                                 told["executionId"]))
                self.assertEqual(told["id"], change.get("id", told["id"]))
                paths.append(f"/jobs/{self.job_name}/executions/{told['executionId']}")
        # Least memory, though too little to solve with; the overall limit lowers that of tasks.
        lowered = self.post({"tasks": [good], "memory": 64, "timeout": 1}).json()
        path = f"/jobs/{self.job_name}/executions/{lowered['executionId']}"
        self.assertEqual(self.get(path)["tasks"][0]["spec"]["timeout"], "1s")
        for path in paths:
            self.assertEqual(self.ended(path)["status"], "succeeded")

    def test_a_start_sent_again_is_known_by_either_id(self):
        body = {"tasks": [self.good], "executionId": "once-more", "id": "request 1"}
        first = self.post(body)
        self.assertNotIn("Idempotency-Replayed", first.headers)
        again = self.post(dict(reversed(body.items())))
        self.assertEqual((again.json(), again.headers["Idempotency-Replayed"]),
                         (first.json(), "true"))
        other_task = {"input_data": small(2)}
        for change in ({"tasks": [other_task]}, {"memory": 500}, {"id": "request 2"},
                       {"executionId": "another"}):
            with self.subTest(change=str(change)[:60]):
                self.assert_refused(self.post({**body, **change}), 409, "conflict")
        # Neither under another job.
        second = self.job(model=self.schema_model, runtime={"memory": 512})
        self.assert_refused(self.api.post(f"/jobs/{second}/executions", json=body),
                            409, "conflict")
        # Another organization has ids of its own.
        model = self.make_model(self.other, "theirs", {})
        self.other.post("/jobs", json={"metadata": {"name": "theirs"}, "spec": {"modelId": model}})
        theirs = self.other.post("/jobs/theirs/executions", json=body)
        self.assertEqual(theirs.status_code, 200, theirs.text)
        self.assertNotIn("Idempotency-Replayed", theirs.headers)
        total = self.api.get(f"/jobs/{self.job_name}/executions").headers["X-Total-Count"]
        self.assertEqual(total, "1")

    def test_the_header_means_the_same_as_the_id(self):
        body = {"tasks": [self.good]}
        first = self.post(body, headers={"Idempotency-Key": "by-header"})
        self.assertEqual(first.json()["id"], "by-header")
        for key in ("x" * 129, "a b", ""):
            self.assert_refused(self.post(body, headers={"Idempotency-Key": key}),
                                400, "bad_request")
        self.assert_refused(self.post({"tasks": [self.good, self.good]},
                                      headers={"Idempotency-Key": "by-header"}), 409, "conflict")
        # Either way around.
        for body, headers in (({**body, "id": "by-header"}, {}),
                              ({**body, "id": "by-header"}, {"Idempotency-Key": "by-header"})):
            again = self.post(body, headers=headers)
            self.assertEqual((again.json(), again.headers["Idempotency-Replayed"]),
                             (first.json(), "true"))
        # An execution that is named by its own id is the same one under any header, but for another's.
        named = {"tasks": [self.good], "executionId": "named"}
        first = self.post(named)
        for headers in ({}, {"Idempotency-Key": "of-no-other"}):
            again = self.post(named, headers=headers)
            self.assertEqual((again.json(), again.headers["Idempotency-Replayed"]),
                             (first.json(), "true"))
        self.assert_refused(self.post(named, headers={"Idempotency-Key": "by-header"}),
                            409, "conflict")
        self.assert_refused(self.post({**named, "id": "of-no-other"}), 409, "conflict")
        # Two that differ are none.
        for key in ("by-header", "new"):
            refused = self.post({"tasks": [self.good], "id": "by-id"},
                                headers={"Idempotency-Key": key})
            self.assert_refused(refused, 400, "bad_request", "id")
            self.assertIn("Idempotency-Key", refused.json()["message"])
            self.assertEqual([e["loc"][-1] for e in refused.json()["errors"]], ["id"])
        # With whatever else is wrong, and below what is there only.
        for headers, body, at in (
                ({"Idempotency-Key": "new"}, {"tasks": 3, "id": "by-id"}, {"tasks", "id"}),
                ({"Idempotency-Key": "x" * 129}, {"tasks": 3}, {"tasks", "header.Idempotency-Key"}),
                ({"Idempotency-Key": "a b"}, {"tasks": 3}, {"tasks", "header.Idempotency-Key"})):
            answer = self.assert_refused(self.post(body, headers=headers), 400, "bad_request")
            self.assertEqual({d["path"] for d in answer["details"]}, at)
            self.assert_refused(self.api.post("/jobs/unknown/executions", json=body,
                                              headers=headers), 404, "not_found")


class Lists(JobTest):
    def test_each_rule_of_listing_is_kept(self):
        job = self.job()
        for place in (f"/jobs/{job}/executions", "/jobs"):
            for query in ("limit=0", "limit=101", "limit=-1", "limit=x", "limit=1.0", "limit=1e1",
                          "limit=%2B5", "limit=0x5", "limit= 5", "limit=", "limit=1&limit=1",
                          "limit=99999999999999999999", "offset=-1", "offset=x", "offset=1.5",
                          "offset=", "offset=1&offset=2", "offset=99999999999999999999"):
                with self.subTest(place=place, query=query):
                    self.assert_refused(self.api.get(f"{place}?{query}"), 400, "bad_request",
                                        "query." + query.split("=")[0])
            self.assertEqual(self.api.get(f"{place}?limit=100&offset=0").status_code, 200)
        for query in ("tasks=some", "tasks=NONE"):
            self.assert_refused(self.api.get(f"/jobs/{job}/executions?{query}"), 400,
                                "bad_request", "query.tasks")

    def test_executions_come_newest_first_in_windows_of_twenty(self):
        job = self.job()
        self.assertEqual(self.get(f"/jobs/{job}/executions"), [])
        self.assert_refused(self.api.get("/jobs/nobody/executions"), 404, "not_found")
        paths = [self.start(job, [small(i)]) for i in range(21)]
        ids = [p.split("/")[-1] for p in reversed(paths)]
        listed = self.api.get(f"/jobs/{job}/executions?colour=red")
        self.assertEqual([e["metadata"]["id"] for e in listed.json()], ids[:20])
        self.assertEqual(listed.headers["X-Total-Count"], "21")
        self.assertEqual([e["metadata"]["id"] for e in self.get(
            f"/jobs/{job}/executions?limit=3&offset=19&tasks=none")], ids[19:])
        for offset in (21, 10**12):
            past = self.api.get(f"/jobs/{job}/executions?offset={offset}")
            self.assertEqual((past.json(), past.headers["X-Total-Count"]), ([], "21"))
        self.assertEqual(self.get(f"/jobs/{job}/executions?limit=1")[0]["metadata"]["id"], ids[0])
        for path in paths:
            self.ended(path)
        # Those of a deleted job are listed under its name, which may be taken again.
        self.api.delete(f"/jobs/{job}")
        self.assertEqual(self.api.get(f"/jobs/{job}/executions").headers["X-Total-Count"], "21")
        self.assertEqual(self.api.post("/jobs", json=self.definition(name=job)).status_code, 200)
        self.assertIsNotNone(self.get(paths[0])["metadata"]["deletedAt"])


class Errors(JobTest):
    """The rows of the table of errors, each by one thing that is wrong."""

    def setUp(self):
        self.name = self.job()
        self.path = self.start(self.name, [small(1)])
        self.start_body = {"tasks": [{"input_data": small(1)}]}

    def routes(self):
        job, execution = f"/jobs/{self.name}", self.path
        return [("GET", "/jobs"), ("POST", "/jobs"), ("GET", job), ("PUT", job), ("DELETE", job),
                ("GET", f"{job}/executions"), ("POST", f"{job}/executions"), ("GET", execution),
                ("DELETE", execution), ("GET", f"{execution}/tasks"),
                ("GET", f"{execution}/tasks/task-0"), ("GET", f"{execution}/summary"),
                ("GET", f"{execution}/results.csv")]

    def body(self, method, path):
        if method in ("GET", "DELETE"):
            return {}
        return {"json": self.start_body if path.endswith("executions") else self.definition(
            name=self.name if method == "PUT" else None)}

    def test_401_without_a_key_or_with_a_bad_one(self):
        for method, path in self.routes():
            with self.subTest(method=method, path=path):
                self.assert_refused(self.anonymous.request(method, path, **self.body(method, path)),
                                    401, "unauthorized")
        keys = self.api.post("/keys", json={"name": "short-lived"})
        self.assertEqual(keys.status_code, 200, keys.text)
        revoked = keys.json()
        self.api.delete(f"/keys/{revoked['id']}")
        for key in ("ok_live_" + "0" * 64, "nonsense", revoked["api_key"]):
            with self.server.client(key) as client:
                refused = self.assert_refused(client.get("/jobs"), 401, "unauthorized")
                self.assertNotIn(key, json.dumps(refused))
        # The other header is read when the first one is absent, not when it is bad.
        with self.server.client("", headers={
                "X-Blaxel-Authorization": f"Bearer {self.server.key}"}) as client:
            self.assertEqual(client.get("/jobs").status_code, 200)
            self.assert_error(client.get("/models"), 401)
            self.assert_refused(client.get("/jobs", headers={"Authorization": "Bearer nonsense"}),
                                401, "unauthorized")

    def test_nobody_of_the_organization_lacks_a_right_so_that_403_never_comes(self):
        """The document promises the same: a right that is introduced must be added there."""
        document = self.api.get("/openapi.json").json()
        for path, operations in document["paths"].items():
            if not path.startswith(("/api/v2/jobs", "/v0/jobs", "/jobs")):
                continue
            for method, operation in operations.items():
                if method in ("get", "put", "post", "delete"):
                    self.assertNotIn("403", operation["responses"], (method, path))
        colleague = self.server.create_key("default", "colleague")
        with self.server.client(colleague) as client:
            for method, path in self.routes():
                if method == "GET":
                    self.assertEqual(client.get(path).status_code, 200, path)
            started = client.post(f"/jobs/{self.name}/executions", json=self.start_body)
            self.assertEqual(started.status_code, 200, started.text)

    def test_404_for_what_is_unknown_foreign_or_elsewhere(self):
        job, execution = f"/jobs/{self.name}", self.path.split("/")[-1]
        for method, path in self.routes():
            if path == "/jobs":
                continue
            with self.subTest(method=method, path=path):
                body = self.body(method, path)
                foreign = self.assert_refused(self.other.request(method, path, **body),
                                              404, "not_found")
                unknown = path.replace(self.name, "nobody")
                mine = self.assert_refused(
                    self.api.request(method, unknown, **self.body(method, unknown)),
                    404, "not_found")
                for told in (foreign, mine):
                    del told["request_id"]
                self.assertEqual(foreign, mine)
        for path in (f"{job}/foo", f"{self.path}/foo", f"{self.path}/tasks/task-0/foo"):
            for method in ("GET", "POST", "DELETE"):
                with self.subTest(method=method, path=path):
                    self.assert_refused(self.api.request(method, path), 404, "not_found")
                    url = self.server.url + "/v0" + path
                    self.assert_refused(self.api.request(method, url), 404, "not_found")
        second = self.job()
        for path in (f"{job}/executions/none", f"/jobs/{second}/executions/{execution}",
                     f"{self.path}/tasks/none", f"{self.path}/tasks/task-1"):
            self.assert_refused(self.api.get(path), 404, "not_found")
        for path in (f"{job}/executions/none", f"/jobs/{second}/executions/{execution}"):
            self.assert_refused(self.api.delete(path), 404, "not_found")
        self.ended(self.path)
        self.api.delete(job)
        for method, path in (("GET", job), ("PUT", job), ("DELETE", job),
                             ("POST", f"{job}/executions")):
            self.assert_refused(self.api.request(method, path, **self.body(method, path)),
                                404, "not_found")

    def test_405_names_what_is_allowed(self):
        for path, allowed in (("/jobs", {"GET", "POST"}),
                              (f"/jobs/{self.name}", {"GET", "PUT", "DELETE"}),
                              (f"/jobs/{self.name}/executions", {"GET", "POST"}),
                              (self.path, {"GET", "DELETE"}),
                              (self.path + "/tasks", {"GET"}),
                              (self.path + "/tasks/task-0", {"GET"}),
                              (self.path + "/summary", {"GET"}),
                              (self.path + "/results.csv", {"GET"})):
            for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - allowed:
                with self.subTest(method=method, path=path):
                    refused = self.api.request(method, path)
                    self.assert_refused(refused, 405, "method_not_allowed")
                    told = {word.strip() for word in refused.headers["Allow"].split(",")}
                    self.assertEqual(told - {"HEAD", "OPTIONS"}, allowed)

    def test_409_for_a_state_that_does_not_allow_it(self):
        self.assert_refused(self.api.post("/jobs", json=self.definition(name=self.name)),
                            409, "conflict")
        disabled = self.job(enabled=False)
        self.assert_refused(self.api.post(f"/jobs/{disabled}/executions", json=self.start_body),
                            409, "conflict")
        model = self.make_model(self.api, "short-lived", {})
        orphan = self.job(model=model)
        self.api.delete(f"/models/{model}")
        self.assert_refused(self.api.post(f"/jobs/{orphan}/executions", json=self.start_body),
                            409, "conflict")
        succeeded = self.path
        failed = self.start(self.name, [{"not": "a problem"}])
        for path, status in ((succeeded, "succeeded"), (failed, "failed")):
            self.assertEqual(self.ended(path)["status"], status)
            for force in ("", "?force=true"):
                self.assert_refused(self.api.delete(path + force), 409, "conflict")
            self.assertEqual(self.get(path)["status"], status)

    def test_400_413_and_415_for_bodies(self):
        for method, path in (("POST", "/jobs"), ("PUT", f"/jobs/{self.name}"),
                             ("POST", f"/jobs/{self.name}/executions")):
            with self.subTest(method=method, path=path):
                for text in ("{", "[]", "3", '"x"', "null", "", '{"a": 1,}', "\xff"):
                    self.assert_refused(
                        self.api.request(method, path, content=text.encode("latin-1"),
                                         headers=JSON), 400, "bad_request")
                self.assert_refused(self.api.request(
                    method, path, content=b" " * (17 << 20), headers=JSON),
                    413, "payload_too_large")
                self.assert_refused(self.api.request(method, path, content="{}"),
                                    415, "unsupported_media_type")
                self.assert_refused(self.api.request(
                    method, path, content="a=1", headers={"Content-Type": "text/plain"}),
                    415, "unsupported_media_type")

    def test_the_seed_s_own_paths_lead_to_the_same(self):
        path = "/v0/jobs/" + self.name
        own = httpx.get(self.server.url + path, timeout=60, verify=False, headers={
            "Authorization": f"Bearer {self.server.key}", "Blaxel-Version": "2026-04-28",
            "X-Blaxel-Workspace": "elsewhere"})
        self.assertEqual(own.json(), self.get(f"/jobs/{self.name}"))


class Stopping(unittest.TestCase):
    def test_503_for_a_start_whose_body_comes_while_the_server_stops(self):
        with Server("--workers", "1") as server, server.client() as api:
            model = api.post("/models", json={"name": "m", "generator_type": "generic"}).json()
            api.post("/jobs", json={"metadata": {"name": "j"}, "spec": {"modelId": model["id"]}})
            path = "/jobs/j/executions"
            started = api.post(path, json={"tasks": [{"input_data": slow(1)}]}).json()
            path += "/" + started["executionId"]
            wait_until(lambda: api.get(path).json()["stats"]["running"] == 1)

            body = json.dumps({"tasks": [{"input_data": small(1)}]}).encode()
            head = (f"POST /v0/jobs/j/executions HTTP/1.1\r\nHost: here\r\n"
                    f"Authorization: Bearer {server.key}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n").encode()
            host, port = server.url.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(head + body[:10])
                # This request and the one that asks.
                wait_until(lambda: "solvent_http_in_flight 2\n" in httpx.get(
                    server.url + "/metrics", timeout=60, verify=False).text)
                server.process.send_signal(signal.SIGTERM)
                database = sqlite3.connect(server.database, timeout=30)
                # The task that was under way has been put back.
                wait_until(lambda: database.execute(
                    "SELECT count(*) FROM job_tasks WHERE state = 1").fetchone() == (1,))
                connection.sendall(body[10:])
                answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
            head, _, text = answer.partition("\r\n\r\n")
            self.assertEqual(head.split()[1], "503", answer)
            self.assertIn("Retry-After:", head)
            told = json.loads(text)
            self.assertEqual((told["error"], told["code"]), ("unavailable", 503))
            self.assertEqual(server.process.wait(30), 0)
            stored = database.execute("SELECT id FROM job_executions").fetchall()
            self.assertEqual(stored, [(started["executionId"],)])
            database.close()


if __name__ == "__main__":
    unittest.main()
