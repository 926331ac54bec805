"""Triggers: creating, firing, runs, overrides, limits."""

import concurrent.futures
import sqlite3
import unittest
import warnings

import requests
from harness import Server, ServerTest, problem, slow_problem, wait_until

PLAN = problem(
    "maximize",
    "3*steel + 2*copper",
    {"steel": {"upper_bound": 40}, "copper": {"upper_bound": 30}},
)
PLAN["constraints"] = [{"name": "capacity", "expression": "steel + copper <= 50"}]

DEMAND_TEMPLATE = {
    "generator_type": "template",
    "language": "mathprog",
    "model": [
        "set DAYS;",
        "param demand_forecast{DAYS};",
        "param price default 2;",
        'table d IN "JSON" "demand_forecast": DAYS <- [RECNO], demand_forecast~VALUE;',
        "var make{DAYS} >= 0;",
        "minimize cost: sum{d in DAYS} price * make[d];",
        "s.t. meet{d in DAYS}: make[d] >= demand_forecast[d];",
        "check price > 0;",
        "solve;",
        "end;",
    ],
    "input_data": {"demand_forecast": [1, 2]},
}


class TriggerTest(ServerTest):
    flags = ("--rate-limit-fire", "0", "--rate-limit-fire-failures", "0")

    def document(self, model=None, **more):
        body = {"name": "Plan", "model_json": PLAN if model is None else model, **more}
        response = self.api.post("/builder", json=body)
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def version(self, document, **more):
        response = self.api.post(
            f"/builder/{document['id']}/versions", json={"canvas_json": {}, **more})
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def create(self, model=None, **body):
        document = self.document(model)
        version = self.version(document)
        response = self.api.post("/triggers", json={
            "name": "Restock", "document_id": document["id"], "version_id": version["id"], **body})
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def fire(self, trigger, data=None, secret=None, **headers):
        secret = trigger["trigger_secret"] if secret is None else secret
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        body = {} if data is None else {"override_data": data}
        return self.anonymous.post(f"/triggers/{trigger['id']}/fire", json=body, headers=headers)

    def run_of(self, trigger, response):
        self.assertEqual(response.status_code, 202, response.text)
        return self.ended(trigger, response.json()["run_id"])

    def ended(self, trigger, run_id):
        def look():
            run = self.api.get(f"/triggers/{trigger['id']}/runs/{run_id}").json()
            return run if run["status"] not in ("queued", "running") else None

        return wait_until(look)

    def objective(self, trigger, data=None):
        run = self.run_of(trigger, self.fire(trigger, data))
        self.assertEqual(run["status"], "completed", run)
        return run["result_data"]["objective_value"]

    def assert_refused(self, response, *words):
        self.assertEqual(response.status_code, 422, response.text)
        body = response.json()
        self.assertEqual(body["error"], "validation_error")
        self.assertEqual(body["detail"]["run_id"], body["run_id"])
        for word in words:
            self.assertIn(word, body["detail"]["error"])
        return body


class Managing(TriggerTest):
    def test_the_secret_is_shown_once(self):
        made = self.create(description="Every morning", webhook_url="https://example.com/hook",
                           webhook_secret="whsec_x", workspace_id="ws_1")
        self.assertRegex(made["id"], r"^trg_[0-9a-z]{16}$")
        self.assertRegex(made["trigger_secret"], r"^[0-9a-f]{64}$")
        self.assertEqual(made["trigger_secret_prefix"], made["trigger_secret"][:8])
        self.assertIs(made["is_enabled"], True)
        self.assertIs(made["has_webhook_secret"], True)
        self.assertEqual(made["total_runs"], 0)
        self.assertIsNone(made["last_fired_at"])
        self.assertIsNone(made["override_schema"])
        self.assertEqual(made["workspace_id"], "ws_1")
        single = self.api.get(f"/triggers/{made['id']}")
        listed = self.api.get("/triggers")
        for answer in (single, listed):
            self.assertNotIn(made["trigger_secret"], answer.text)
            self.assertNotIn("whsec_x", answer.text)
        expected = {k: v for k, v in made.items() if k != "trigger_secret"}
        self.assertEqual(single.json(), expected)
        self.assertIn(expected, listed.json())
        log = self.server.read_log()
        self.assertNotIn(made["trigger_secret"], log)
        database = b"".join(p.read_bytes() for p in self.server.folder.glob("test.db*"))
        self.assertNotIn(made["trigger_secret"].encode(), database)

    def test_creation_names_what_is_wrong(self):
        document = self.document()
        version = self.version(document)
        good = {"name": "T", "document_id": document["id"], "version_id": version["id"]}
        field = {"name": "a", "type": "number"}
        for change, place in (
            ({"name": None}, ["body", "name"]),
            ({"name": ""}, ["body", "name"]),
            ({"name": "n" * 256}, ["body", "name"]),
            ({"name": 7}, ["body", "name"]),
            ({"document_id": None}, ["body", "document_id"]),
            ({"override_schema": {}}, ["body", "override_schema"]),
            ({"override_schema": [3]}, ["body", "override_schema", 0]),
            ({"override_schema": [{"type": "number"}]}, ["body", "override_schema", 0, "name"]),
            ({"override_schema": [{"name": "a"}]}, ["body", "override_schema", 0, "type"]),
            ({"override_schema": [field, field]}, ["body", "override_schema", 1, "name"]),
            ({"override_schema": [{"name": "a", "type": "float"}]},
             ["body", "override_schema", 0, "type"]),
            ({"override_schema": [{**field, "default": "x"}]},
             ["body", "override_schema", 0, "default"]),
            ({"override_schema": [{**field, "required": 1}]},
             ["body", "override_schema", 0, "required"]),
            ({"override_schema": [{**field, "model_field_path": "nothing.here"}]},
             ["body", "override_schema", 0, "model_field_path"]),
            ({"webhook_url": "ftp://example.com"}, ["body", "webhook_url"]),
            ({"webhook_url": "https://example.com/" + "x" * 2048}, ["body", "webhook_url"]),
            ({"webhook_secret": "s" * 256}, ["body", "webhook_secret"]),
        ):
            with self.subTest(change=str(change)[:80]):
                body = self.assert_error(self.api.post("/triggers", json={**good, **change}), 422)
                self.assertEqual(body["detail"][0]["loc"], place)
        missing = dict(good)
        del missing["name"]
        self.assert_error(self.api.post("/triggers", json=missing), 422)
        self.assertEqual(self.api.get("/triggers", params={"document_id": document["id"]}).json(), [])

    def test_private_places_are_refused_at_creation_and_later(self):
        made = self.create(webhook_url="https://example.com/hook")
        good = {"name": "T", "document_id": made["document_id"], "version_id": made["version_id"]}
        before = len(self.api.get("/triggers").json())
        for host in ("127.0.0.1", "10.0.0.5", "192.168.18.113", "localhost", "[::1]",
                     "169.254.169.254", "0177.0.0.1", "2130706433", "[::ffff:127.0.0.1]"):
            url = {"webhook_url": f"http://{host}:8080/hook"}
            for answer in (self.api.post("/triggers", json={**good, **url}),
                           self.api.patch(f"/triggers/{made['id']}", json=url)):
                body = self.assert_error(answer, 422, "validation_error")
                self.assertEqual(body["detail"][0]["loc"], ["body", "webhook_url"], host)
        self.assertEqual(len(self.api.get("/triggers").json()), before)
        self.assertEqual(self.api.get(f"/triggers/{made['id']}").json()["webhook_url"],
                         "https://example.com/hook")

    def test_an_unknown_document_or_version_is_not_found(self):
        document, other = self.document(), self.document()
        version, others = self.version(document), self.version(other)
        for pair in ((document["id"], "ver_unknown"), ("doc_unknown", version["id"]),
                     (document["id"], others["id"]), ("x" * 100, version["id"])):
            body = {"name": "T", "document_id": pair[0], "version_id": pair[1]}
            self.assert_error(self.api.post("/triggers", json=body), 404, "not_found")
            self.assert_error(self.other.post("/triggers", json=body), 404, "not_found")
        good = {"name": "T", "document_id": document["id"], "version_id": version["id"]}
        self.assert_error(self.other.post("/triggers", json=good), 404, "not_found")

    def test_pinning_names_a_version_and_gives_it_the_documents_model(self):
        document = self.api.post("/builder", json={"name": "Empty"}).json()
        version = self.version(document)
        body = {"name": "Nightly", "document_id": document["id"], "version_id": version["id"]}
        answer = self.assert_error(self.api.post("/triggers", json=body), 400, "bad_request")
        self.assertIn("no model", answer["message"])
        self.api.put(f"/builder/{document['id']}", json={"model_json": PLAN})
        self.assertEqual(self.api.post("/triggers", json=body).status_code, 201)
        path = f"/builder/{document['id']}/versions/{version['id']}"
        pinned = self.api.get(path).json()
        self.assertIs(pinned["is_named"], True)
        self.assertEqual(pinned["version_name"], "Pinned for trigger: Nightly")
        self.assertEqual(pinned["model_json"], PLAN)
        # The same content is still the same version, and a name that was given stays.
        self.assertEqual(self.version(document)["id"], version["id"])
        self.api.patch(path, json={"version_name": "Mine"})
        self.api.post("/triggers", json=body)
        self.assertEqual(self.api.get(path).json()["version_name"], "Mine")

    def test_the_list_is_newest_first_and_filters_by_document(self):
        first, second = self.create(), self.create()
        ids = [t["id"] for t in self.api.get("/triggers").json()]
        self.assertLess(ids.index(second["id"]), ids.index(first["id"]))
        listed = self.api.get("/triggers", params={"document_id": first["document_id"]}).json()
        self.assertEqual([t["id"] for t in listed], [first["id"]])
        self.assertEqual(self.api.get("/triggers", params={"document_id": "doc_none"}).json(), [])

    def test_patch_changes_what_is_present_and_null_clears(self):
        made = self.create(description="d", webhook_url="https://example.com/a",
                           webhook_secret="s", override_schema=[{"name": "a", "type": "number"}])
        path = f"/triggers/{made['id']}"
        renamed = self.api.patch(path, json={"name": "New"}).json()
        self.assertEqual(renamed["name"], "New")
        self.assertEqual(renamed["webhook_url"], "https://example.com/a")
        self.assertEqual(renamed["override_schema"], made["override_schema"])
        cleared = self.api.patch(path, json={"description": None, "webhook_url": None,
                                             "webhook_secret": None, "override_schema": None})
        self.assertEqual(cleared.status_code, 200, cleared.text)
        for name in ("description", "webhook_url", "override_schema"):
            self.assertIsNone(cleared.json()[name])
        self.assertIs(cleared.json()["has_webhook_secret"], False)
        closed = self.api.patch(path, json={"override_schema": []}).json()
        self.assertEqual(closed["override_schema"], [])
        before = self.api.get(path).json()
        for body in ({"name": None}, {"name": ""}, {"webhook_url": "gopher://x"},
                     {"override_schema": [{}]}, {"webhook_secret": 3}):
            self.assert_error(self.api.patch(path, json=body), 422)
        self.assertEqual(self.api.get(path).json(), before)

    def test_the_version_cannot_be_changed(self):
        made = self.create()
        path = f"/triggers/{made['id']}"
        same = self.api.patch(path, json={"version_id": made["version_id"], "name": "Same"})
        self.assertEqual(same.json()["name"], "Same")
        body = self.assert_error(self.api.patch(path, json={"version_id": "ver_other"}), 422)
        self.assertEqual(body["detail"][0]["type"], "immutable_field")
        self.assertEqual(self.api.get(path).json()["version_id"], made["version_id"])

    def test_toggling_decides_whether_fires_pass(self):
        made = self.create()
        path = f"/triggers/{made['id']}"
        run = self.run_of(made, self.fire(made))
        off = self.api.post(f"{path}/toggle", json={"enabled": False})
        self.assertIs(off.json()["is_enabled"], False)
        self.assert_error(self.fire(made), 409, "conflict")
        self.assert_error(self.api.post(f"{path}/runs/{run['id']}/rerun"), 409, "conflict")
        self.assert_error(self.fire(made, secret="wrong"), 401)
        self.assertEqual(self.api.post(f"{path}/toggle", json={"enabled": True}).status_code, 200)
        self.assertEqual(self.fire(made).status_code, 202)
        for body in ({}, {"enabled": None}, {"enabled": 1}, {"enabled": "true"}):
            self.assert_error(self.api.post(f"{path}/toggle", json=body), 422)

    def test_deleting_takes_the_runs_and_leaves_the_executions(self):
        made = self.create()
        run = self.run_of(made, self.fire(made))
        path = f"/triggers/{made['id']}"
        response = self.api.delete(path)
        self.assertEqual((response.status_code, response.content), (204, b""))
        for answer in (self.api.get(path), self.api.delete(path), self.api.get(f"{path}/runs"),
                       self.api.get(f"{path}/runs/{run['id']}"), self.fire(made),
                       self.api.patch(path, json={"name": "x"}),
                       self.api.post(f"{path}/rotate-secret")):
            self.assert_error(answer, 404, "not_found")
        execution = self.api.get(f"/models/executions/{run['execution_id']}").json()
        self.assertEqual(execution["status"], "completed")
        version = self.api.get(
            f"/builder/{made['document_id']}/versions/{made['version_id']}").json()
        self.assertIs(version["is_named"], True)

    def test_deleting_cancels_what_is_under_way(self):
        made = self.create(slow_problem())
        executions = [self.fire(made).json()["execution_id"] for _ in range(4)]
        wait_until(lambda: self.api.get(f"/models/executions/{executions[0]}").json()["status"]
                   == "running")
        self.assertEqual(self.api.delete(f"/triggers/{made['id']}").status_code, 204)
        for execution in executions:
            wait_until(lambda: self.api.get(f"/models/executions/{execution}").json()["status"]
                       == "cancelled")

    def test_a_rotated_secret_is_dead_at_once(self):
        made = self.create()
        rotated = self.api.post(f"/triggers/{made['id']}/rotate-secret").json()
        self.assertEqual(set(rotated), {"trigger_secret", "trigger_secret_prefix"})
        self.assertEqual(rotated["trigger_secret_prefix"], rotated["trigger_secret"][:8])
        self.assert_error(self.fire(made), 401)
        self.assertEqual(self.fire(made, secret=rotated["trigger_secret"]).status_code, 202)
        self.assertEqual(self.api.get(f"/triggers/{made['id']}").json()["trigger_secret_prefix"],
                         rotated["trigger_secret_prefix"])

    def test_other_organizations_see_nothing(self):
        made = self.create()
        run = self.run_of(made, self.fire(made))
        path = f"/triggers/{made['id']}"
        self.assertEqual(self.other.get("/triggers").json(), [])
        for answer in (self.other.get(path), self.other.delete(path), self.other.get(f"{path}/runs"),
                       self.other.get(f"{path}/runs/{run['id']}"),
                       self.other.patch(path, json={"name": "x"}),
                       self.other.post(f"{path}/toggle", json={"enabled": False}),
                       self.other.post(f"{path}/rotate-secret"),
                       self.other.post(f"{path}/runs/{run['id']}/rerun"),
                       self.other.get(f"{path}/schedule"),
                       self.other.put(f"{path}/schedule", json={"cron": "* * * * *"})):
            self.assert_error(answer, 404, "not_found")
        self.assert_error(self.anonymous.get(path), 401)
        self.assertIs(self.api.get(path).json()["is_enabled"], True)


class Firing(TriggerTest):
    def test_a_fire_becomes_a_run_with_its_execution(self):
        made = self.create()
        response = self.fire(made)
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(response.json()["status"], "queued")
        self.assertRegex(response.json()["run_id"], r"^run_[0-9a-z]{16}$")
        run = self.run_of(made, response)
        self.assertEqual(run["status"], "completed")
        self.assertEqual(run["source"], "manual")
        self.assertEqual(run["result_data"]["status"], "optimal")
        self.assertEqual(run["result_data"]["objective_value"], 140)
        self.assertGreaterEqual(run["completed_at"], run["created_at"])
        self.assertIsNone(run["override_data"])
        self.assertIsNone(run["error_message"])
        self.assertEqual(run["credits_consumed"], run["credits_used"])
        execution = self.api.get(f"/models/executions/{run['execution_id']}").json()
        self.assertEqual(execution["origin"], "triggered")
        self.assertEqual(execution["trigger_id"], made["id"])
        self.assertEqual(execution["run_id"], run["id"])
        self.assertEqual(execution["version_id"], made["version_id"])
        self.assertIsNone(execution["model_id"])
        self.assertEqual(execution["input_data"], PLAN)
        listed = self.api.get("/models/executions/all", params={"origin": "triggered"}).json()
        self.assertIn(run["execution_id"], [e["id"] for e in listed["items"]])

    def test_the_secret_is_needed_and_the_header_wins(self):
        made = self.create()
        path = f"/triggers/{made['id']}/fire"
        right = made["trigger_secret"]
        self.assertEqual(
            self.anonymous.post(path, json={"trigger_secret": right}).status_code, 202)
        for headers, body in (
            ({}, {}),
            ({}, {"trigger_secret": "0" * 64}),
            ({}, {"trigger_secret": 7}),
            ({"Authorization": "Bearer " + "0" * 64}, {"trigger_secret": right}),
            ({"Authorization": f"Basic {right}"}, {"trigger_secret": right}),
            ({"Authorization": f"Bearer {self.server.key}"}, {}),
            ({"Authorization": "Bearer " + right.upper()}, {}),
        ):
            body = self.assert_error(
                self.anonymous.post(path, json=body, headers=headers), 401, "unauthorized")
        self.assert_error(self.anonymous.post(
            "/triggers/trg_unknown/fire", json={"trigger_secret": right}), 404, "not_found")
        # An empty body is as good as {}.
        headers = {"Authorization": f"Bearer {right}"}
        self.assertEqual(self.anonymous.post(path, headers=headers).status_code, 202)
        self.assertEqual(self.api.get(f"/triggers/{made['id']}").json()["total_runs"], 2)

    def test_fires_at_once_are_runs_of_their_own_and_all_are_counted(self):
        made = self.create()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.fire(made).json()["run_id"], range(24)))
        self.assertEqual(len(set(answers)), 24)
        trigger = self.api.get(f"/triggers/{made['id']}").json()
        self.assertEqual(trigger["total_runs"], 24)
        runs = self.api.get(f"/triggers/{made['id']}/runs", params={"page_size": 100}).json()
        self.assertEqual({r["id"] for r in runs["items"]}, set(answers))
        self.assertEqual(trigger["last_fired_at"], max(r["created_at"] for r in runs["items"]))

    def test_runs_are_paged_and_filtered(self):
        made = self.create(override_schema=[])
        ids = [self.run_of(made, self.fire(made))["id"] for _ in range(5)]
        ids.append(self.assert_refused(self.fire(made, {"x": 1}))["run_id"])
        path = f"/triggers/{made['id']}/runs"
        page = self.api.get(path, params={"page_size": 4}).json()
        self.assertEqual([r["id"] for r in page["items"]], ids[:1:-1])
        self.assertEqual((page["total"], page["page"], page["page_size"]), (6, 1, 4))
        self.assertEqual((page["total_pages"], page["has_next"], page["has_prev"]), (2, True, False))
        last = self.api.get(path, params={"page_size": 4, "page": 2}).json()
        self.assertEqual([r["id"] for r in last["items"]], [ids[1], ids[0]])
        self.assertIs(last["has_next"], False)
        beyond = self.api.get(path, params={"page": 9}).json()
        self.assertEqual((beyond["items"], beyond["total"]), ([], 6))
        done = self.api.get(path, params={"status": "completed", "page_size": 2}).json()
        self.assertEqual(([r["id"] for r in done["items"]], done["total"]), (ids[4:2:-1], 5))
        refused = self.api.get(path, params={"status": "validation_failed"}).json()
        self.assertEqual([r["id"] for r in refused["items"]], ids[5:])
        self.assertEqual(self.api.get(path, params={"status": "queued"}).json()["total"], 0)
        for query in ({"page": 0}, {"page_size": 101}, {"page": "x"}, {"status": "odd"}):
            self.assert_error(self.api.get(path, params=query), 422)

    def test_a_run_is_found_below_its_own_trigger_only(self):
        one, two = self.create(), self.create()
        run = self.run_of(one, self.fire(one))
        self.assert_error(self.api.get(f"/triggers/{two['id']}/runs/{run['id']}"), 404)
        self.assert_error(self.api.get(f"/triggers/{one['id']}/runs/run_unknown"), 404)
        self.assert_error(self.api.post(f"/triggers/{two['id']}/runs/{run['id']}/rerun"), 404)

    def test_a_rerun_uses_the_same_data_again(self):
        made = self.create(override_schema=[
            {"name": "cap", "type": "number", "required": True,
             "model_field_path": "constraints.capacity.rhs"}])
        first = self.run_of(made, self.fire(made, {"cap": 10}))
        again = self.run_of(made, self.api.post(f"/triggers/{made['id']}/runs/{first['id']}/rerun"))
        self.assertNotEqual(again["id"], first["id"])
        self.assertEqual(again["override_data"], {"cap": 10})
        self.assertEqual((again["source"], again["rerun_of"]), ("rerun", first["id"]))
        self.assertEqual(again["result_data"]["objective_value"], 30)
        self.assertEqual(self.api.get(f"/triggers/{made['id']}/runs/{first['id']}").json(), first)
        # The present schema counts.
        self.api.patch(f"/triggers/{made['id']}", json={"override_schema": []})
        refused = self.assert_refused(
            self.api.post(f"/triggers/{made['id']}/runs/{first['id']}/rerun"), "cap")
        run = self.api.get(f"/triggers/{made['id']}/runs/{refused['run_id']}").json()
        self.assertEqual((run["status"], run["source"]), ("validation_failed", "rerun"))

    def test_a_model_without_an_answer_is_a_completed_run(self):
        model = problem("maximize", "x", {"x": {"upper_bound": 1}}, ["x >= 2"])
        made = self.create(model)
        run = self.run_of(made, self.fire(made))
        self.assertEqual((run["status"], run["result_data"]["status"]), ("completed", "infeasible"))

    def test_a_model_that_fails_to_generate_is_a_failed_run(self):
        made = self.create(DEMAND_TEMPLATE)
        run = self.run_of(made, self.fire(made, {"price": -1}))
        self.assertEqual(run["status"], "failed")
        self.assertIn("check", run["error_message"])
        self.assertIsNone(run["result_data"])
        execution = self.api.get(f"/models/executions/{run['execution_id']}").json()
        self.assertEqual(execution["status"], "failed")
        self.assertEqual(execution["error_message"], run["error_message"])

    def test_cancelling_the_execution_cancels_the_run(self):
        made = self.create(slow_problem())
        fired = self.fire(made).json()
        self.api.post(f"/solve/async/{fired['execution_id']}/cancel")
        self.assertEqual(self.ended(made, fired["run_id"])["status"], "cancelled")

    def test_a_repeated_key_is_one_run(self):
        made = self.create()
        one = self.fire(made, {"options": {"seed": 1}}, **{"Idempotency-Key": "k1"})
        again = self.fire(made, {"options": {"seed": 1}}, **{"Idempotency-Key": "k1"})
        self.assertEqual(again.status_code, 202)
        self.assertEqual(again.json()["run_id"], one.json()["run_id"])
        self.assertEqual(again.headers["Idempotent-Replay"], "true")
        self.assertNotIn("Idempotent-Replay", one.headers)
        other = self.fire(made, {"options": {"seed": 2}}, **{"Idempotency-Key": "k1"})
        self.assert_error(other, 422, "idempotency_key_reused")
        self.assertEqual(self.api.get(f"/triggers/{made['id']}").json()["total_runs"], 1)
        # Keys of another trigger are others.
        second = self.create()
        self.assertEqual(self.fire(second, **{"Idempotency-Key": "k1"}).status_code, 202)

    def test_malformed_bodies_leave_no_run(self):
        made = self.create()
        path = f"/triggers/{made['id']}/fire"
        headers = {"Authorization": f"Bearer {made['trigger_secret']}"}
        for data in ([], "x", 3, True):
            body = self.assert_error(self.fire(made, data), 422)
            self.assertEqual(body["detail"][0]["loc"], ["body", "override_data"])
        self.assert_error(self.anonymous.post(path, json=[], headers=headers), 422)
        self.assert_error(self.anonymous.post(path, content=b"{", headers=headers), 400)
        self.assert_error(self.anonymous.post(path, content=b"{}", headers={
            **headers, "Content-Type": "text/plain"}), 415)
        self.assertEqual(self.api.get(f"/triggers/{made['id']}/runs").json()["total"], 0)


class Overriding(TriggerTest):
    def test_a_refusal_with_a_key_is_recorded_once(self):
        made = self.create(override_schema=[{"name": "options", "type": "object"}])
        once = {"Idempotency-Key": "once"}
        first = self.fire(made, {"surprise": 1}, **once)
        body = self.assert_refused(first, "surprise")
        self.assertNotIn("Idempotent-Replay", first.headers)
        again = self.fire(made, {"surprise": 1}, **once)
        self.assertEqual(self.assert_refused(again, "surprise")["run_id"], body["run_id"])
        self.assertEqual(again.headers["Idempotent-Replay"], "true")
        self.assert_error(self.fire(made, {"surprise": 2}, **once), 422, "idempotency_key_reused")
        self.assert_error(self.fire(made, {"options": {}}, **once), 422, "idempotency_key_reused")
        self.assertEqual(self.api.get(f"/triggers/{made['id']}/runs").json()["total"], 1)

    def test_unknown_keys_are_refused_and_recorded(self):
        made = self.create(override_schema=[{"name": "options", "type": "object"}])
        body = self.assert_refused(self.fire(made, {"surprise": 1}), "surprise")
        run = self.api.get(f"/triggers/{made['id']}/runs/{body['run_id']}").json()
        self.assertEqual(run["status"], "validation_failed")
        self.assertIn("surprise", run["error_message"])
        self.assertEqual(run["completed_at"], run["created_at"])
        self.assertEqual(run["override_data"], {"surprise": 1})
        self.assertIsNone(run["execution_id"])
        trigger = self.api.get(f"/triggers/{made['id']}").json()
        self.assertEqual((trigger["total_runs"], trigger["last_fired_at"]), (1, run["created_at"]))

    def test_required_keys_types_and_defaults(self):
        made = self.create(override_schema=[
            {"name": "cap", "type": "number", "required": True,
             "model_field_path": "constraints.capacity.rhs"},
            {"name": "steel", "type": "integer", "default": 5,
             "model_field_path": "variables.steel.upper_bound"},
        ])
        self.assert_refused(self.fire(made), "cap", "required")
        self.assert_refused(self.fire(made, {}), "cap")
        self.assert_refused(self.fire(made, {"cap": None}), "cap")
        for wrong in ("10", True, [10], {}):
            self.assert_refused(self.fire(made, {"cap": wrong}), "cap", "must be a number")
        for wrong in (3.5, "3", False):
            self.assert_refused(self.fire(made, {"cap": 50, "steel": wrong}), "steel")
        both = self.assert_refused(self.fire(made, {"steel": "x", "more": 1}))
        self.assertEqual({e["pointer"] for e in both["errors"]},
                         {"/override_data/cap", "/override_data/steel", "/override_data/more"})
        # steel <= 5 by default, copper <= 30.
        self.assertEqual(self.objective(made, {"cap": 50}), 75)
        self.assertEqual(self.objective(made, {"cap": 50, "steel": 3.0}), 69)
        self.assertEqual(self.objective(made, {"cap": 50, "steel": None}), 75)

    def test_without_a_schema_any_key_replaces_a_member_of_the_model(self):
        made = self.create()
        self.assertEqual(self.objective(made), 140)
        self.assertEqual(
            self.objective(made, {"objective": {"sense": "maximize", "expression": "copper"}}), 30)
        self.assertEqual(self.objective(made, {"constraints": []}), 180)

    def test_an_override_reaches_one_run_and_never_the_version(self):
        made = self.create(override_schema=[
            {"name": "limit", "type": "number",
             "model_field_path": "variables.steel.upper_bound"}])
        path = f"/builder/{made['document_id']}/versions/{made['version_id']}"
        before = self.api.get(path).content
        run = self.run_of(made, self.fire(made, {"limit": 1}))
        self.assertEqual(run["result_data"]["objective_value"], 63)
        self.assertEqual(self.objective(made), 140)
        self.assertEqual(self.api.get(path).content, before)
        merged = self.api.get(f"/models/executions/{run['execution_id']}").json()["input_data"]
        self.assertEqual(merged["variables"][0]["upper_bound"], 1)

    def test_later_edits_of_the_document_do_not_matter(self):
        made = self.create()
        path = f"/builder/{made['document_id']}"
        self.api.put(path, json={"model_json": problem("maximize", "x", {"x": {"upper_bound": 1}})})
        self.assertEqual(self.objective(made), 140)
        self.api.delete(path)
        self.assertEqual(self.objective(made), 140)

    def test_a_model_spoilt_by_overrides_is_refused(self):
        made = self.create()
        body = self.assert_refused(
            self.fire(made, {"objective": {"sense": "maximize", "expression": "gold"}}), "gold")
        run = self.api.get(f"/triggers/{made['id']}/runs/{body['run_id']}").json()
        self.assertEqual(run["status"], "validation_failed")
        self.assert_refused(self.fire(made, {"variables": 3}), "variables")
        self.assert_refused(self.fire(made, {"solver_name": "abacus"}), "abacus")
        self.assertEqual(self.objective(made), 140)

    def test_parameters_fill_expressions(self):
        model = problem("minimize", "{{price}}*x + y", {"x": {"upper_bound": "{{most}}"}, "y": {}},
                        ["x + y >= {{demand_forecast.0}} + {{demand_forecast.1}}"],
                        parameters={"price": 0.5, "most": 10, "demand_forecast": [20, 10]})
        made = self.create(model, override_schema=[
            {"name": "demand_forecast", "type": "array", "required": True}])
        self.assertEqual(self.objective(made, {"demand_forecast": [20, 10]}), 25)
        self.assertEqual(self.objective(made, {"demand_forecast": [1, 2, 99]}), 1.5)
        self.assert_refused(self.fire(made, {"demand_forecast": [1]}), "demand_forecast.1")

    def test_input_of_a_template_is_replaced_as_a_whole(self):
        made = self.create(DEMAND_TEMPLATE, override_schema=[
            {"name": "demand_forecast", "type": "array", "required": True},
            {"name": "limit", "type": "number", "model_field_path": "input_data.price"}])
        run = self.run_of(made, self.fire(made, {"demand_forecast": [120, 85, 200]}))
        self.assertEqual(run["status"], "completed", run)
        self.assertEqual(run["result_data"]["objective_value"], 810)
        # The answer speaks of the model's own names, though another thread or process solved it.
        self.assertEqual(run["result_data"]["solution"]["make[3]"], 200)
        families = run["result_data"]["families"]
        self.assertEqual(list(families), ["make"])
        self.assertEqual(self.objective(made, {"demand_forecast": [1], "limit": 3}), 3)
        execution = self.api.get(f"/models/executions/{run['execution_id']}").json()
        self.assertEqual(execution["input_data"], {"demand_forecast": [120, 85, 200]})

    def test_input_that_does_not_bind_is_refused_with_all_errors(self):
        made = self.create(DEMAND_TEMPLATE)
        body = self.assert_refused(self.fire(made, {"demand_forecast": ["much", 2, "more"]}))
        self.assertGreaterEqual(len(body["errors"]), 1)
        self.assert_refused(self.fire(made, {"unheard_of": 1}), "unheard_of")

    def test_a_template_may_be_a_flat_problem_with_input(self):
        model = {"generator_type": "generic", "input_data": PLAN}
        made = self.create(model, override_schema=[
            {"name": "cap", "type": "number",
             "model_field_path": "input_data.constraints.capacity.rhs"}])
        self.assertEqual(self.objective(made, {"cap": 10}), 30)

    def test_hostile_paths_and_data_end_in_refusals(self):
        made = self.create()
        deep = {"a": 1}
        for _ in range(40):
            deep = {"a": deep}
        for data in ({"variables": deep}, {"__proto__": 1, "constraints": "' OR 1=1 --"},
                     {"variables": [{"name": "x" * 10000}]}, {"objective": None}):
            self.assertIn(self.fire(made, data).status_code, (202, 422))


class Limits(TriggerTest):
    flags = ("--rate-limit-fire-failures", "5")

    def test_the_eleventh_fire_in_a_minute_waits(self):
        made, other = self.create(), self.create()
        answers = [self.fire(made) for _ in range(10)]
        self.assertEqual([a.status_code for a in answers], [202] * 10)
        self.assertEqual(answers[0].headers["X-RateLimit-Limit"], "10")
        self.assertEqual(answers[0].headers["X-RateLimit-Remaining"], "9")
        refused = self.fire(made)
        body = self.assert_error(refused, 429, "rate_limit_exceeded")
        self.assertEqual((body["limit"], body["remaining"]), (10, 0))
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        self.assertEqual(self.fire(other).status_code, 202)
        self.assertEqual(self.api.get(f"/triggers/{made['id']}").json()["total_runs"], 10)

    def test_strangers_cannot_use_up_a_triggers_share(self):
        with Server(*self.flags) as server:
            api = server.client()
            document = api.post("/builder", json={"model_json": PLAN}).json()
            version = api.post(f"/builder/{document['id']}/versions",
                               json={"canvas_json": {}}).json()
            made = api.post("/triggers", json={"name": "T", "document_id": document["id"],
                                               "version_id": version["id"]}).json()
            path = f"/triggers/{made['id']}/fire"
            stranger = server.client("")
            self.addCleanup(stranger.close)
            self.addCleanup(api.close)
            codes = [stranger.post(path, headers={"Authorization": "Bearer x"}).status_code
                     for _ in range(3)]
            codes += [stranger.post("/triggers/trg_none/fire").status_code for _ in range(3)]
            self.assertEqual(codes, [401, 401, 401, 404, 404, 429])
            # The limit is the address's: the trigger's own share is untouched.
            self.assertEqual(api.get(f"/triggers/{made['id']}").json()["total_runs"], 0)


class ClientAddresses(unittest.TestCase):
    """Whose address limits by address go by, behind a reverse proxy."""

    def codes(self, server, *forwarded):
        """What strangers get whose proxy sends these headers, one request each."""
        with server.client("") as client:
            return [client.post("/triggers/trg_none/fire",
                                headers={} if value is None else {"X-Forwarded-For": value}
                                ).status_code for value in forwarded]

    def server(self, *flags, **environment):
        return Server("--rate-limit-fire-failures", "2", *flags, environment=environment)

    def test_a_trusted_proxy_tells_clients_apart(self):
        with self.server("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "127.0.0.1") as server:
            self.assertEqual(self.codes(server, *["203.0.113.7"] * 3), [404, 404, 429])
            self.assertEqual(self.codes(server, "203.0.113.8"), [404])
            # What a client writes before its own address changes nothing.
            self.assertEqual(self.codes(server, "198.51.100.1, 203.0.113.7", "x,203.0.113.7",
                                        "203.0.113.7, 10.1.2.3"), [429] * 3)
            # Where no client is named, it is the proxy's.
            self.assertEqual(self.codes(server, None, "unknown", "203.0.113.9," + "1" * 4000),
                             [404, 404, 429])
            # A line of the log may come after its answer.
            wait_until(lambda: '"remote":"203.0.113.8"' in server.read_log())

    def test_the_environment_and_a_file_name_proxies_too(self):
        with self.server(SOLVENT_TRUSTED_PROXY="127.0.0.1") as server:
            self.assertEqual(self.codes(server, *["2001:db8::7"] * 3), [404, 404, 429])
            self.assertEqual(self.codes(server, "2001:DB8:0::7", "2001:db8::8"), [429, 404])

    def test_nobody_else_is_believed(self):
        for flags in ((), ("--trusted-proxy", "192.0.2.1")):
            with self.server(*flags) as server:
                self.assertEqual(self.codes(server, "203.0.113.7", "203.0.113.8", "203.0.113.9"),
                                 [404, 404, 429])


# Costs more than one credit.
DEAR = problem("maximize", "x", {name: {"type": "integer", "upper_bound": 3} for name in "xyzuvw"})


class Unpaid(TriggerTest):
    """An organization that has less than a run costs."""

    flags = (*TriggerTest.flags, "--credits", "1")

    def balance(self):
        return self.api.get("/credits/balance").json()["credits_balance"]

    def notifications(self):
        return self.api.get("/notifications").json()["items"]

    def test_a_fire_that_cannot_be_paid_leaves_nothing_behind(self):
        made = self.create(DEAR)
        before, told_before = self.balance(), self.notifications()
        answer = self.fire(made, **{"Idempotency-Key": "k"})
        body = self.assert_error(answer, 402, "insufficient_credits")
        # How much there is and how much it takes are not the secret holder's business.
        self.assertNotIn("credits_needed", body)
        self.assertNotIn("credits_available", body)
        self.assertNotIn("X-Credits-Balance", answer.headers)
        trigger = self.api.get(f"/triggers/{made['id']}").json()
        self.assertEqual((trigger["total_runs"], trigger["last_fired_at"]), (0, None))
        self.assertEqual(self.api.get(f"/triggers/{made['id']}/runs").json()["total"], 0)
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], 0)
        self.assertEqual((self.balance(), self.notifications()), (before, told_before))
        # Data are looked at first, and their refusal costs nothing.
        refused = self.assert_refused(self.fire(made, {"objective": 3}), "objective")
        path = f"/triggers/{made['id']}/runs/{refused['run_id']}/rerun"
        self.api.patch(f"/triggers/{made['id']}", json={"override_schema": None})
        self.assert_refused(self.api.post(path), "objective")
        told, *others = self.notifications()
        self.assertEqual(others, told_before)
        self.assertEqual((told["type"], told["data"]["event_type"]),
                         ("system", "validation_failed"))

    def test_a_due_run_that_cannot_be_paid_is_recorded_and_told(self):
        made = self.create(DEAR, webhook_url="https://example.com/hook")
        yearly = {"cron": "0 0 1 1 *"}
        set_to = self.api.put(f"/triggers/{made['id']}/schedule", json=yearly)
        self.assertEqual(set_to.status_code, 200, set_to.text)
        told_before = len(self.notifications())
        another = self.create()
        for due in (1, 2):
            with sqlite3.connect(self.server.database, timeout=30) as db:
                db.execute("UPDATE trigger_schedules SET next_due = ? WHERE \"trigger\" ="
                           " (SELECT n FROM triggers WHERE id = ?)", (due, made["id"]))
            db.close()
            # Whoever keeps the schedules looks at them again when one is set.
            self.api.put(f"/triggers/{another['id']}/schedule", json=yearly)
            wait_until(lambda: self.api.get(f"/triggers/{made['id']}/runs").json()["total"] == due)
        runs = self.api.get(f"/triggers/{made['id']}/runs").json()["items"]
        for run in runs:
            self.assertEqual((run["status"], run["source"]), ("skipped_credits", "cron"))
            self.assertEqual((run["execution_id"], run["credits_used"]), (None, 0))
            self.assertEqual(run["completed_at"], run["created_at"])
            self.assertIn("credits", run["error_message"])
        # Once an hour is enough.
        told = self.notifications()
        self.assertEqual(len(told), told_before + 1)
        self.assertEqual(told[0]["type"], "system")
        self.assertEqual(told[0]["data"], {"trigger_id": made["id"], "run_id": runs[1]["id"],
                                           "event_type": "skipped_credits"})
        self.assertEqual(told[0]["link"], f"/triggers/{made['id']}")
        # Neither a failure of the schedule nor anything for the receiver.
        schedule = self.api.get(f"/triggers/{made['id']}/schedule").json()
        self.assertEqual((schedule["is_enabled"], schedule["failures"]), (True, 0))
        self.assertIsNone(runs[0]["webhook_delivered"])
        self.assertEqual(self.api.get(
            f"/triggers/{made['id']}/runs/{runs[0]['id']}/deliveries").json(), [])


class AsAClientWritesIt(TriggerTest):
    """What existing clients send, with the libraries they send it with, in the order of a life."""

    def call(self, method, path, credential=None, **options):
        """One request without a session; bodies by json=, so that headers are the library's own."""
        headers = {"Authorization": f"Bearer {credential or self.server.key}",
                   **options.pop("headers", {})}
        return requests.request(method, f"{self.server.url}/api/v2/triggers{path}",
                                headers=headers, timeout=60, **options)

    def test_a_trigger_lives_from_its_creation_to_its_deletion(self):
        # Such clients leave connections open that a session would share.
        warnings.simplefilter("ignore", ResourceWarning)
        document = self.document(DEMAND_TEMPLATE)
        schema = [{"name": "demand_forecast", "type": "array", "required": True}]
        answer = self.call("POST", "", json={
            "name": "Bakery orders", "description": "What to bake tomorrow",
            "document_id": document["id"], "version_id": self.version(document)["id"],
            "override_schema": schema, "webhook_url": "https://example.com/results",
            "webhook_secret": "whsec_some_words"})
        self.assertEqual(answer.status_code, 201, answer.text)
        made = answer.json()
        self.assertLessEqual(
            {"id", "organization_id", "created_by", "name", "description", "document_id",
             "version_id", "trigger_secret", "trigger_secret_prefix", "override_schema",
             "webhook_url", "is_enabled", "total_runs", "created_at"}, set(made))
        self.assertEqual(made["override_schema"], schema)
        self.assertNotIn("whsec_some_words", answer.text)
        path, secret = "/" + made["id"], made["trigger_secret"]

        (listed,) = self.call("GET", "", params={"document_id": document["id"]}).json()
        self.assertEqual((listed["name"], listed["is_enabled"], listed["total_runs"]),
                         ("Bakery orders", True, 0))
        self.assertEqual(self.call("GET", path).json(), listed)

        fired = self.call("POST", path + "/fire", secret,
                          json={"override_data": {"demand_forecast": [3, 1, 4, 1, 5]}})
        self.assertEqual((fired.status_code, fired.json()["status"]), (202, "queued"))
        run = self.ended(made, fired.json()["run_id"])
        self.assertEqual(run["result_data"]["objective_value"], 28)
        in_body = self.call("POST", path + "/fire", headers={"Authorization": None}, json={
            "trigger_secret": secret, "override_data": {"demand_forecast": [2]}})
        self.assertEqual(in_body.status_code, 202, in_body.text)
        self.ended(made, in_body.json()["run_id"])
        page = self.call("GET", path + "/runs", params={"page": 1, "page_size": 10}).json()
        self.assertEqual([(r["id"], r["status"]) for r in page["items"]],
                         [(in_body.json()["run_id"], "completed"), (run["id"], "completed")])
        self.assertEqual((page["total"], page["page"], page["page_size"]), (2, 1, 10))
        single = self.call("GET", f"{path}/runs/{run['id']}").json()
        self.assertEqual((single["id"], single["status"], single["result_data"]),
                         (run["id"], "completed", run["result_data"]))
        again = self.call("POST", f"{path}/runs/{run['id']}/rerun")
        self.assertEqual((again.status_code, again.json()["status"]), (202, "queued"))
        self.assertNotEqual(again.json()["run_id"], run["id"])

        as_json = {"Content-Type": "application/json"}
        changed = self.call("PATCH", path, headers=as_json, json={
            "name": "Bakery orders 2", "webhook_url": "https://example.org/new"})
        self.assertEqual((changed.status_code, changed.json()["name"]), (200, "Bakery orders 2"))
        off = self.call("POST", path + "/toggle", headers=as_json, json={"enabled": False})
        self.assertIs(off.json()["is_enabled"], False)
        self.assertEqual(self.call("POST", path + "/fire", secret).status_code, 409)
        gone = self.call("DELETE", path)
        self.assertEqual((gone.status_code, gone.content), (204, b""))
        self.assertEqual(self.call("GET", path).status_code, 404)
        self.assertEqual(self.call("POST", path + "/fire", secret).status_code, 404)


if __name__ == "__main__":
    unittest.main()
