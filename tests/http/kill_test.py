"""Kills a loaded server with SIGKILL at random moments and checks its books afterwards.

usage: kill_test.py SERVER [--kills N] [--seed N]

Clients submit, wait, cancel and read all the time. After the last kill the server is started once
more and must bring every acknowledged run to exactly one end, with the answer it should have.
"""

import argparse
import sys
import time

from killing import TERMINAL, Killing, Load, lives


class Solves(Load):
    """Single solves: waited for, queued, repeated by key, cancelled and read."""

    def __init__(self, clients=6, pause=0):
        self.clients = clients
        self.pause = pause  # seconds between the steps of a client
        self.expected = {}  # id -> objective, for acknowledged runs
        self.recent = []  # the last of them that were queued
        self.seen_end = {}  # id -> (state, completed_at, objective) as first seen
        self.cancelled = set()  # runs whose cancel was acknowledged
        self.asked_to_cancel = set()  # the answer may have been lost

    def expect(self, run, objective):
        with self.lock:
            self.expected[run] = objective
            self.recent = [*self.recent[-99:], run]

    def note_end(self, record):
        end = (record["status"], record["completed_at"], record["objective_value"])
        with self.lock:
            before = self.seen_end.setdefault(record["id"], end)
        if before != end:
            self.fault(f"{record['id']} ended as {before}, later as {end}")

    def one_step(self, api, rng, label):
        time.sleep(rng.uniform(0, 2 * self.pause))
        what = rng.random()
        bound = rng.randint(1, 1000)
        body = self.harness.problem("minimize", "2*x", {"x": "integer"}, [f"x >= {bound}"])
        with self.lock:
            recent = self.recent
        if what < 0.35:
            answer = api.post("/solve", json=body)
            if answer.status_code == 200:
                result = answer.json()
                self.expect(result["execution_id"], 2 * bound)
                if result["objective_value"] != 2 * bound:
                    self.fault(f"wrong answer {result}")
        elif what < 0.75:
            self.submit(api, body, 2 * bound, label if rng.random() < 0.5 else None)
        elif what < 0.8:
            slow = self.harness.slow_problem(rng.randint(1, 99))
            slow["options"] = {"time_limit_seconds": 0.3}
            self.submit(api, slow, None, None)
        elif what < 0.85 and recent:
            run = rng.choice(recent)
            with self.lock:
                self.asked_to_cancel.add(run)
            answer = api.post(f"/solve/async/{run}/cancel")
            if answer.status_code == 200 and answer.json()["cancelled"]:
                with self.lock:
                    self.cancelled.add(run)
        elif recent:
            self.read(api, rng.choice(recent))

    def submit(self, api, body, objective, key):
        headers = {"Idempotency-Key": key} if key else {}
        answer = api.post("/solve/async", json=body, headers=headers)
        if answer.status_code != 202:
            return
        run = answer.json()["task_id"]
        self.expect(run, objective)
        if key:
            again = api.post("/solve/async", json=body, headers=headers)
            if again.status_code == 202 and again.json()["task_id"] != run:
                self.fault(f"key {key} made two runs")

    def read(self, api, run):
        answer = api.get(f"/models/executions/{run}")
        if answer.status_code == 404:
            self.fault(f"{run} was acknowledged and is not found")
        elif answer.status_code == 200 and answer.json()["status"] in TERMINAL:
            self.note_end(answer.json())

    def after_restart(self, api):
        with self.lock:
            newest = self.recent[-1:]
        for run in newest:
            self.read(api, run)

    def check_api(self, api):
        def open_runs():
            return sum(api.get(f"/models/executions/all?status={state}&page_size=1").json()["total"]
                       for state in ("pending", "running"))

        self.harness.wait_until(lambda: open_runs() == 0, seconds=300, step=0.2)
        for run in list(self.seen_end):
            self.note_end(api.get(f"/models/executions/{run}").json())
        self.total = api.get("/models/executions/all?page_size=1").json()["total"]
        by_state = sum(
            api.get(f"/models/executions/all?status={state}&page_size=1").json()["total"]
            for state in TERMINAL)
        if self.total != by_state:
            self.fault(f"totals differ: {self.total} listed, {by_state} by state")

    def check_database(self, database):
        # As the values of RunState.
        names = ("pending", "running", "completed", "failed", "timeout", "cancelled")
        rows = {run: (names[state], objective, message) for run, state, objective, message in
                database.execute("SELECT id, state, objective_value, error_message"
                                 " FROM executions WHERE batch = 0")}
        for run, objective in self.expected.items():
            if run not in rows:
                self.fault(f"{run} is lost")
                continue
            status, found, message = rows[run]
            if run in self.cancelled:
                if status != "cancelled":
                    self.fault(f"{run} was cancelled but is {status}")
            elif status == "completed":
                if objective is not None and found != objective:
                    self.fault(f"{run} has a wrong answer")
            elif status == "cancelled" and run in self.asked_to_cancel:
                pass
            elif objective is not None:
                self.fault(f"{run} is {status}: {message}")
        stored = database.execute("SELECT count(*) FROM executions").fetchone()[0]
        if stored != self.total:
            self.fault(f"{self.total} runs are listed, {stored} are stored")
        self.check_credits(database)

    def check_credits(self, database):
        """Each run was charged once, refunded once when it has no answer, and all of it adds up."""
        books = database.execute(
            "SELECT balance, granted + adjusted - used, (SELECT sum(amount) FROM credit_entries"
            " WHERE account = k) FROM credit_accounts").fetchall()
        spent = database.execute("SELECT sum(credits_used) FROM executions").fetchone()[0]
        if len(books) != 1 or len({*books[0], self.harness.CREDITS - spent}) != 1:
            self.fault(f"the books say {books}, the runs {spent}")
        # A task that was stopped at work is paid for.
        self.killing.none(
            database,
            "SELECT e.id, e.state, e.credits_used, c.charges, c.spent FROM executions e"
            " LEFT JOIN (SELECT execution_id, sum(type = 1) AS charges, sum(type = 2) AS refunds,"
            " -sum(amount) AS spent FROM credit_entries GROUP BY 1) c ON c.execution_id = e.id"
            " WHERE c.charges IS NOT 1 OR c.refunds > 1 OR e.credits_used IS NOT c.spent"
            " OR (e.state IN (3, 4) AND e.credits_used <> 0 AND e.batch = 0)"
            " OR (e.state = 2 AND e.credits_used = 0)", "charged wrongly")

    def counts(self):
        return {"acknowledged runs": len(self.expected), "seen to end": len(self.seen_end)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    solves = Solves()
    killing = Killing(arguments.server, [solves], arguments.seed)
    killing.run(lives(arguments.kills, 0.05, 1.2))
    if not solves.expected:
        killing.fault("nothing was acknowledged")
    return killing.report(solves.counts())


if __name__ == "__main__":
    sys.exit(main())
