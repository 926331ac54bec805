"""Schedules over HTTP, by two processes on one database, and fires around kills."""

import random
import sqlite3
import threading
import time
import unittest

import httpx
from harness import Server, problem, wait_until
from test_triggers import TriggerTest

SMALL = problem("minimize", "2*x", {"x": {"lower_bound": 3}})
UNLIMITED = ("--rate-limit-fire", "0", "--credits", "unlimited", "--workers", "1")


class Schedules(TriggerTest):
    def put(self, trigger, **body):
        return self.api.put(f"/triggers/{trigger['id']}/schedule", json=body)

    def test_a_schedule_is_set_read_and_removed(self):
        made = self.create()
        path = f"/triggers/{made['id']}/schedule"
        self.assert_error(self.api.get(path), 404, "not_found")
        self.assert_error(self.api.delete(path), 404, "not_found")
        response = self.put(made, cron="30 6 * * mon-fri", time_zone="Europe/Berlin")
        self.assertEqual(response.status_code, 200, response.text)
        schedule = response.json()
        self.assertEqual(schedule["trigger_id"], made["id"])
        self.assertEqual((schedule["overlap"], schedule["missed"]), ("skip", "catch_up"))
        self.assertIs(schedule["is_enabled"], True)
        self.assertIsNone(schedule["last_due_at"])
        self.assertEqual(len(schedule["upcoming"]), 5)
        self.assertEqual(schedule["upcoming"], sorted(set(schedule["upcoming"])))
        self.assertEqual(schedule["next_due_at"], schedule["upcoming"][0])
        self.assertRegex(schedule["next_due_at"], r"T0[45]:30:00")
        self.assertEqual(self.api.get(path).json(), schedule)
        off = self.put(made, cron="@daily", overlap="queue", missed="skip", is_enabled=False).json()
        self.assertEqual((off["overlap"], off["missed"], off["time_zone"]), ("queue", "skip", "UTC"))
        self.assertEqual((off["upcoming"], off["next_due_at"]), ([], None))
        self.assertEqual(off["created_at"], schedule["created_at"])
        response = self.api.delete(path)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assert_error(self.api.get(path), 404)

    def test_a_wrong_schedule_names_its_field(self):
        made = self.create(override_schema=[{"name": "options", "type": "object"}])
        for body, field in (
            ({}, ["cron"]),
            ({"cron": 5}, ["cron"]),
            ({"cron": "61 * * * *"}, ["cron"]),
            ({"cron": "0 0 31 2 *"}, ["cron"]),
            ({"cron": "@daily", "time_zone": "Nowhere/Land"}, ["time_zone"]),
            ({"cron": "@daily", "time_zone": "../../etc/passwd"}, ["time_zone"]),
            ({"cron": "@daily", "overlap": "both"}, ["overlap"]),
            ({"cron": "@daily", "missed": 1}, ["missed"]),
            ({"cron": "@daily", "is_enabled": "yes"}, ["is_enabled"]),
            ({"cron": "@daily", "override_data": []}, ["override_data"]),
            ({"cron": "@daily", "override_data": {"options": 3}}, ["override_data", "options"]),
        ):
            with self.subTest(body=body):
                answer = self.assert_error(self.put(made, **body), 422)
                self.assertEqual(answer["detail"][0]["loc"], ["body", *field])
        self.assert_error(self.api.get(f"/triggers/{made['id']}/schedule"), 404)


class Doubled(unittest.TestCase):
    """Two server processes over one database file."""

    def setUp(self):
        self.first = Server(*UNLIMITED)
        self.addCleanup(self.first.remove)
        self.first.start()
        self.second = Server(*UNLIMITED, folder=self.first.folder)
        self.addCleanup(self.second.stop)
        self.second.start()
        self.api = self.first.client()
        self.addCleanup(self.api.close)

    def create(self):
        document = self.api.post("/builder", json={"model_json": SMALL}).json()
        version = self.api.post(
            f"/builder/{document['id']}/versions", json={"canvas_json": {}}).json()
        made = self.api.post("/triggers", json={
            "name": "T", "document_id": document["id"], "version_id": version["id"]}).json()
        self.api.put(f"/triggers/{made['id']}/schedule",
                     json={"cron": "0 0 1 1 *", "overlap": "queue"})
        return made["id"]

    def make_due(self, due):
        with sqlite3.connect(self.first.database, timeout=30) as db:
            db.execute("UPDATE trigger_schedules SET next_due = ?", (due,))
        db.close()

    def test_a_due_time_fires_once_whoever_is_killed(self):
        triggers = [self.create() for _ in range(6)]
        rng = random.Random(4)
        rounds = 4
        # Long past, so that each is one that was missed and is caught up.
        start = int(time.time() * 1e6) - 3600 * 24 * 10**6

        def runs(trigger):
            page = self.api.get(f"/triggers/{trigger}/runs", params={"page_size": 100})
            return page.json()["items"]

        for i in range(rounds):
            self.make_due(start + i * 10**6)
            time.sleep(rng.uniform(0, 0.3))  # at a random moment of what follows
            self.second.kill()
            wait_until(lambda: all(len(runs(t)) > i for t in triggers))
            self.second.start()
        for trigger in triggers:
            found = wait_until(lambda: (r := runs(trigger)) and all(
                x["status"] == "completed" for x in r) and r)
            self.assertEqual(len(found), rounds)
            self.assertEqual({r["source"] for r in found}, {"cron"})
            self.assertEqual(len({r["due_at"] for r in found}), rounds)
            self.assertEqual(self.api.get(f"/triggers/{trigger}").json()["total_runs"], rounds)


class Killed(unittest.TestCase):
    def test_an_acknowledged_fire_is_there_and_ends_once(self):
        server = Server(*UNLIMITED)
        self.addCleanup(server.remove)
        server.start()
        key = server.key
        with server.client() as api:
            document = api.post("/builder", json={"model_json": SMALL}).json()
            version = api.post(
                f"/builder/{document['id']}/versions", json={"canvas_json": {}}).json()
            made = api.post("/triggers", json={
                "name": "T", "document_id": document["id"], "version_id": version["id"]}).json()
        path = f"/triggers/{made['id']}/fire"
        headers = {"Authorization": f"Bearer {made['trigger_secret']}"}
        acknowledged = []
        over = threading.Event()

        def fire():
            while not over.is_set():
                try:
                    with server.client("", headers=headers) as client:
                        while not over.is_set():
                            answer = client.post(path)
                            if answer.status_code == 202:
                                acknowledged.append(answer.json()["run_id"])
                except httpx.HTTPError:
                    over.wait(0.02)

        threads = [threading.Thread(target=fire) for _ in range(4)]
        for thread in threads:
            thread.start()
        rng = random.Random(7)
        for _ in range(4):
            before = len(acknowledged)
            wait_until(lambda: len(acknowledged) > before + 5)
            time.sleep(rng.uniform(0, 0.2))  # at a random moment
            server.kill()
            server.start()
        over.set()
        for thread in threads:
            thread.join()
        server.key = key
        with server.client() as api:

            def total(**query):
                query["page_size"] = 1
                return api.get(f"/triggers/{made['id']}/runs", params=query).json()["total"]

            wait_until(lambda: total(status="completed") == total(), 120)
            for run_id in acknowledged:
                run = api.get(f"/triggers/{made['id']}/runs/{run_id}").json()
                self.assertEqual(run["status"], "completed", run)
                self.assertEqual(run["result_data"]["objective_value"], 6)
            everything = total()
            # A fire that was recorded without being acknowledged is a run as well.
            self.assertGreaterEqual(everything, len(acknowledged))
            self.assertEqual(api.get(f"/triggers/{made['id']}").json()["total_runs"], everything)
        server.stop()
        with sqlite3.connect(server.database) as db:
            runs, executions = db.execute(
                "SELECT count(*), count(DISTINCT r.execution_id) FROM trigger_runs r"
                " JOIN executions e ON e.id = r.execution_id AND e.run_id = r.id").fetchone()
            self.assertEqual((runs, executions), (everything, everything))
            self.assertEqual(db.execute("SELECT count(*) FROM executions").fetchone()[0], everything)
            told = db.execute(
                "SELECT count(*), count(DISTINCT json_extract(data, '$.run_id')) FROM notifications"
            ).fetchone()
            # Of each end its creator was told once, as far back as notifications are kept.
            self.assertEqual(told[0], told[1])
            self.assertEqual(told[0], min(everything, 1000))
        db.close()


if __name__ == "__main__":
    unittest.main()
