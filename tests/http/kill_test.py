"""Kills a loaded server with SIGKILL at random moments and checks its books afterwards.

usage: kill_test.py SERVER [--kills N] [--seed N]

Clients submit, wait, cancel and read all the time. After the last kill the server is started once
more and must bring every acknowledged run to exactly one end, with the answer it should have.
"""

import argparse
import dataclasses
import os
import random
import sqlite3
import sys
import threading
import time

import httpx


@dataclasses.dataclass
class Report:
    kills: int = 0
    acknowledged: int = 0
    ended_before: int = 0
    faults: list = dataclasses.field(default_factory=list)


class KillTest:
    def __init__(self, server, kills, seed, clients=6):
        os.environ["SOLVENT_SERVER"] = server
        import harness

        harness.SERVER = server
        self.harness = harness
        self.kills = kills
        self.random = random.Random(seed)
        self.clients = clients
        self.lock = threading.Lock()
        self.expected = {}  # id -> objective, for acknowledged runs
        self.seen_end = {}  # id -> (state, completed_at) of runs that were seen to have ended
        self.cancelled = set()  # runs whose cancel was acknowledged
        self.asked_to_cancel = set()  # the answer may have been lost
        self.report = Report()
        self.over = threading.Event()

    def note_end(self, record):
        end = (record["status"], record["completed_at"], record["objective_value"])
        with self.lock:
            before = self.seen_end.setdefault(record["id"], end)
        if before != end:
            self.report.faults.append(f"{record['id']} ended as {before}, later as {end}")

    def client_loop(self, number):
        rng = random.Random(number)
        mine = []
        count = 0
        while not self.over.is_set():
            try:
                with self.server.client(self.key) as api:
                    while not self.over.is_set():
                        count += 1
                        self.one_step(api, rng, mine, f"{number}-{count}")
            except (httpx.HTTPError, OSError, KeyError, ValueError):
                time.sleep(0.02)  # the server is down for a moment: that is the point

    def one_step(self, api, rng, mine, label):
        what = rng.random()
        bound = rng.randint(1, 1000)
        body = self.harness.problem("minimize", "2*x", {"x": "integer"}, [f"x >= {bound}"])
        if what < 0.35:
            answer = api.post("/solve", json=body)
            if answer.status_code == 200:
                result = answer.json()
                with self.lock:
                    self.expected[result["execution_id"]] = 2 * bound
                if result["objective_value"] != 2 * bound:
                    self.report.faults.append(f"wrong answer {result}")
        elif what < 0.75:
            headers = {}
            if rng.random() < 0.5:
                headers["Idempotency-Key"] = label
            answer = api.post("/solve/async", json=body, headers=headers)
            if answer.status_code == 202:
                run = answer.json()["task_id"]
                with self.lock:
                    self.expected[run] = 2 * bound
                mine.append(run)
                if headers:
                    again = api.post("/solve/async", json=body, headers=headers)
                    if again.status_code == 202 and again.json()["task_id"] != run:
                        self.report.faults.append(f"key {label} made two runs")
        elif what < 0.8:
            slow = self.harness.slow_problem(rng.randint(1, 99))
            slow["options"] = {"time_limit_seconds": 0.3}
            answer = api.post("/solve/async", json=slow)
            if answer.status_code == 202:
                run = answer.json()["task_id"]
                with self.lock:
                    self.expected[run] = None
                mine.append(run)
        elif what < 0.85 and mine:
            run = rng.choice(mine)
            with self.lock:
                self.asked_to_cancel.add(run)
            answer = api.post(f"/solve/async/{run}/cancel")
            if answer.status_code == 200 and answer.json()["cancelled"]:
                with self.lock:
                    self.cancelled.add(run)
        elif mine:
            answer = api.get(f"/models/executions/{rng.choice(mine)}")
            if answer.status_code == 404:
                self.report.faults.append("an acknowledged run was not found")
            elif answer.status_code == 200:
                record = answer.json()
                if record["status"] not in ("pending", "running"):
                    self.note_end(record)

    def run(self):
        self.server = self.harness.Server("--workers", "2")
        try:
            self.server.start()
            self.key = self.server.key
            threads = [threading.Thread(target=self.client_loop, args=(i,))
                       for i in range(self.clients)]
            for thread in threads:
                thread.start()
            for _ in range(self.kills):
                time.sleep(self.random.uniform(0.05, 1.2))
                self.server.kill()
                self.report.kills += 1
                self.server.start()
            time.sleep(0.5)
            self.over.set()
            for thread in threads:
                thread.join()
            self.check()
        finally:
            self.over.set()
            self.server.remove()
        return self.report

    def check(self):
        report = self.report
        report.acknowledged = len(self.expected)
        report.ended_before = len(self.seen_end)
        with self.server.client(self.key) as api:
            self.harness.wait_until(
                lambda: all(
                    api.get(f"/models/executions/all?status={state}").json()["total"] == 0
                    for state in ("pending", "running")),
                seconds=300, step=0.2)
            for run, objective in self.expected.items():
                answer = api.get(f"/models/executions/{run}")
                if answer.status_code != 200:
                    report.faults.append(f"{run} is lost")
                    continue
                record = answer.json()
                if run in self.seen_end:
                    self.note_end(record)
                if run in self.cancelled:
                    if record["status"] != "cancelled":
                        report.faults.append(f"{run} was cancelled but is {record['status']}")
                elif record["status"] == "completed":
                    if objective is not None and record["objective_value"] != objective:
                        report.faults.append(f"{run} has a wrong answer")
                elif record["status"] == "cancelled" and run in self.asked_to_cancel:
                    pass
                elif objective is not None:
                    report.faults.append(f"{run} is {record['status']}: "
                                         f"{record['error_message']}")
            total = api.get("/models/executions/all").json()["total"]
            by_state = sum(
                api.get(f"/models/executions/all?status={state}").json()["total"]
                for state in ("completed", "failed", "timeout", "cancelled"))
        self.server.stop()
        database = sqlite3.connect(self.server.database)
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            report.faults.append("the database is damaged")
        rows = database.execute("SELECT count(*) FROM executions").fetchone()[0]
        self.check_credits(database)
        database.close()
        if not total == by_state == rows:
            report.faults.append(f"totals differ: {total} listed, {by_state} by state, {rows} rows")


    def check_credits(self, database):
        """Each run was charged once, refunded once when it has no answer, and all of it adds up."""
        books = database.execute(
            "SELECT balance, granted + adjusted - used, (SELECT sum(amount) FROM credit_entries"
            " WHERE account = k) FROM credit_accounts").fetchall()
        spent = database.execute("SELECT sum(credits_used) FROM executions").fetchone()[0]
        if len(books) != 1 or len({*books[0], self.harness.CREDITS - spent}) != 1:
            self.report.faults.append(f"the books say {books}, the runs {spent}")
        wrong = database.execute(
            "SELECT e.id, e.state, e.credits_used, sum(c.type = 1), sum(c.amount) FROM executions e"
            " LEFT JOIN credit_entries c ON c.execution_id = e.id GROUP BY e.n"
            " HAVING sum(c.type = 1) IS NOT 1 OR sum(c.type = 2) > 1"
            " OR e.credits_used IS NOT -sum(c.amount)"
            " OR (e.state IN (3, 4) AND e.credits_used <> 0)"
            " OR (e.state = 2 AND e.credits_used = 0)").fetchall()
        self.report.faults += [f"charged wrongly: {row}" for row in wrong]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    report = KillTest(arguments.server, arguments.kills, arguments.seed).run()
    print(f"seed {arguments.seed}: {report.kills} kills, {report.acknowledged} acknowledged runs, "
          f"{report.ended_before} seen to end, {len(report.faults)} faults")
    for fault in report.faults[:20]:
        print("  " + fault)
    return 1 if report.faults or not report.acknowledged else 0


if __name__ == "__main__":
    sys.exit(main())
