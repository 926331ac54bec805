"""Kills a server with SIGKILL while batches run, and checks that every task ended once.

usage: kill_batches.py SERVER [--kills N] [--tasks N] [--least S] [--most S] [--seed N]

Clients keep a few batches running, ask twice, cancel and read all the time, and others solve single
problems beside them. The server lives from S to S seconds. What was seen to have ended must look
the same for ever, and in the end everything that was acknowledged must have reached its end.
"""

import argparse
import collections
import json
import random
import sys
import time

from killing import Killing, Load, lives
from kill_test import Solves

ENDS = ("succeeded", "failed", "cancelled", "timeout")
REASONS = {
    "small": ("SolverOptimal",),
    "slow": ("SolverFeasible", "SolverOptimal", "TaskTimeout"),
    "wrong": ("InvalidInput",),
}
TASK_ENDS = ("succeeded", "failed", "cancelled")
STOPPED = ("cancelling", *ENDS)
OPEN = 4  # executions that are kept running


class Batches(Load):
    def __init__(self, tasks, clients=4):
        self.clients = clients
        self.tasks = tasks  # of the largest execution
        self.expected = {}  # execution -> the kinds and bounds of its tasks, once acknowledged
        self.over_as = {}  # execution -> the status that it was first seen to have ended with
        self.ends = {}  # (execution, task) -> the task as it was first seen to have ended
        self.recent_ends = collections.deque(maxlen=200)  # of these, the last ones
        self.results = {}  # (execution, task) -> its result as it was first read
        self.cancelled = set()  # executions whose cancel was acknowledged
        self.asked_to_cancel = set()  # the answer may have been lost

    def prepare(self, api):
        model = api.post("/models", json={"name": "m", "generator_type": "generic"}).json()
        made = api.post("/jobs", json={"metadata": {"name": "j"}, "spec": {
            "modelId": model["id"], "runtime": {"maxConcurrentTasks": 4, "maxRetries": 1}}})
        assert made.status_code == 200, made.text
        self.start(api, random.Random(self.killing.seed), "main", self.tasks)

    def inputs(self, rng, count):
        """Some inputs are wrong and some take their time; most are solved at once."""
        plan, tasks = [], []
        for _ in range(count):
            kind = rng.choices(("small", "wrong", "slow"), (90, 4, 6))[0]
            bound = rng.randint(1, 1000)
            data = {"not": "a problem"}
            if kind == "small":
                data = self.harness.problem("minimize", "2*x", {"x": "integer"}, [f"x >= {bound}"])
            elif kind == "slow":
                data = {**self.harness.slow_problem(bound), "options": {"time_limit_seconds": 0.1}}
            plan.append((kind, bound))
            tasks.append({"input_data": data})
        return plan, tasks

    def start(self, api, rng, name, count):
        plan, tasks = self.inputs(rng, count)
        body = {"tasks": tasks, "executionId": name}
        for _ in range(3):
            answer = api.post("/jobs/j/executions", json=body)
            if answer.status_code == 200:
                with self.lock:
                    self.expected[name] = plan
            elif answer.status_code in (400, 404, 409, 422):
                self.fault(f"{name} cannot be started: {answer.text}")

    def look(self, api, name, with_tasks=True):
        """The execution; all of it is held against what was seen before."""
        with self.lock:
            ended_as = self.over_as.get(name)
        answer = api.get(f"/jobs/j/executions/{name}" + ("" if with_tasks else "?tasks=none"))
        if answer.status_code == 404:
            self.fault(f"{name} is lost")
        if answer.status_code != 200:
            return None
        execution = answer.json()
        stats, status = execution["stats"], execution["status"]
        tasks = execution["tasks"]
        with self.lock:
            for task in tasks:
                if task["status"] in TASK_ENDS:
                    self.note_end(name, task)
            if status in ENDS:
                ended_as = self.over_as.setdefault(name, status)
        if ended_as not in (None, status):
            self.fault(f"{name} had ended as {ended_as} and is {status}")
        if stats["total"] != len(self.expected[name]):
            self.fault(f"{name} has lost or doubled tasks: {stats}")
        ended = stats["success"] + stats["failure"] + stats["cancelled"]
        if (ended == stats["total"]) != (status in ENDS):
            self.fault(f"{name} is {status} with {stats}")
        if with_tasks:
            counts = collections.Counter(task["status"] for task in tasks)
            seen = {"success": counts["succeeded"], "failure": counts["failed"],
                    "cancelled": counts["cancelled"], "running": counts["running"],
                    "total": len(tasks), "retried": stats["retried"]}
            if seen != stats or stats["running"] > execution["spec"]["parallelism"]:
                self.fault(f"{name}: {seen} of {stats}")
        return execution

    def note_end(self, name, task):
        key = (name, task["metadata"]["name"])
        if key not in self.ends:
            self.ends[key] = json.dumps(task)
            self.recent_ends.append(key)
        elif self.ends[key] != json.dumps(task):
            self.fault(f"{key} ended as {self.ends[key]}, later as {task}")

    def waiting(self):
        """Executions that were not seen to have ended."""
        return [name for name in self.expected if name not in self.over_as]

    def one_step(self, api, rng, label):
        with self.lock:
            known, waiting = list(self.expected), self.waiting()
            ended = list(self.recent_ends)
        what = rng.random()
        if len(waiting) < OPEN:
            self.start(api, rng, f"x{label}", rng.randint(1, self.tasks))
        elif what < 0.03:
            self.cancel(api, rng.choice(waiting), rng.random() < 0.5)
        elif what < 0.2 and ended:
            self.read_result(api, *rng.choice(ended))
        else:
            # Those that wait change; any other must not.
            name = rng.choice(waiting if rng.random() < 0.8 else known)
            self.look(api, name, rng.random() < 0.3)
        time.sleep(0.01)

    def cancel(self, api, name, force):
        with self.lock:
            self.asked_to_cancel.add(name)
        answer = api.delete(f"/jobs/j/executions/{name}", params={"force": force, "tasks": "none"})
        if answer.status_code == 200:
            # It may have come too late for any task, and the last of them end before the answer.
            if answer.json()["status"] not in STOPPED:
                self.fault(f"{name} was cancelled and is {answer.json()['status']}")
            with self.lock:
                self.cancelled.add(name)

    def read_result(self, api, name, task):
        answer = api.get(f"/jobs/j/executions/{name}/tasks/{task}")
        if answer.status_code == 404:
            self.fault(f"{name}/{task} is lost")
        if answer.status_code != 200:
            return
        result = json.dumps(answer.json()["result_data"])
        with self.lock:
            if self.results.setdefault((name, task), result) != result:
                self.fault(f"{name}/{task} has another result than before")

    def after_restart(self, api):
        with self.lock:
            known, waiting, cancelled = set(self.expected), self.waiting(), set(self.cancelled)
            ended = list(self.recent_ends)[-1:]
        listed = api.get("/jobs/j/executions?tasks=none&limit=20")
        if int(listed.headers["X-Total-Count"]) < len(known):
            self.fault(f"{listed.headers['X-Total-Count']} executions of {len(known)}")
        for name in waiting:
            execution = self.look(api, name, with_tasks=False)
            if execution and name in cancelled and execution["status"] not in STOPPED:
                self.fault(f"the cancel of {name} is forgotten")
        for name, task in ended:
            self.read_result(api, name, task)

    def check_api(self, api):
        for name in self.waiting():
            self.harness.wait_until(
                lambda: (e := self.look(api, name, False)) and e["status"] in ENDS, 120, 0.1)
        for name, plan in self.expected.items():
            self.check_end(name, plan, self.look(api, name))
        rng = random.Random(self.killing.seed)
        for name, task in rng.sample(list(self.results), min(len(self.results), 3000)):
            self.read_result(api, name, task)

    def check_end(self, name, plan, execution):
        for (kind, _), task in zip(plan, execution["tasks"]):
            reason = task["conditions"][-1]["reason"]
            if task["status"] == "cancelled" and name in self.asked_to_cancel:
                continue
            # An input may be under way at three kills in a row; check_database counts them.
            if task["status"] == "failed" and reason == "ServerRestarted":
                continue
            if reason not in REASONS[kind]:
                self.fault(f"{name}/{task['metadata']['name']} ({kind}) is {task['status']}: "
                           f"{reason}")

    def check_database(self, database):
        def none(sql, fault):
            self.killing.none(database, sql, fault)

        # As the values of TaskState: from 3 on, a task has ended.
        none("SELECT execution, idx FROM job_tasks WHERE state < 3", "tasks without an end")
        none("SELECT k FROM job_executions WHERE completed_at = 0", "executions without an end")
        none("SELECT id, total FROM job_executions e WHERE total <>"
             " (SELECT count(*) FROM job_tasks WHERE execution = e.k)", "tasks lost or doubled")
        none("SELECT execution, idx FROM job_attempts WHERE outcome = 'succeeded'"
             " GROUP BY 1, 2 HAVING count(*) > 1", "tasks that succeeded twice")
        none("SELECT t.execution, t.idx FROM job_tasks t JOIN job_attempts a ON a.execution ="
             " t.execution AND a.idx = t.idx WHERE a.outcome = 'succeeded' AND t.state <> 3",
             "tasks that succeeded and ended otherwise")
        none("SELECT t.execution, t.idx FROM job_tasks t LEFT JOIN job_attempts a ON a.execution ="
             " t.execution AND a.idx = t.idx GROUP BY 1, 2 HAVING t.attempts <> count(a.number)",
             "tasks whose attempts are not all on record")
        # ServerRestarted.
        none("SELECT t.execution, t.idx FROM job_tasks t WHERE reason = 11 AND 3 <> (SELECT"
             " count(*) FROM job_attempts a WHERE a.execution = t.execution AND a.idx = t.idx"
             " AND a.outcome = 'interrupted')", "tasks given up before their third interruption")
        none("SELECT id FROM executions WHERE batch <> 0"
             " AND (state < 2 OR n NOT IN (SELECT run FROM job_tasks))",
             "records without a task or an end")
        none("SELECT run FROM job_tasks GROUP BY run HAVING count(*) > 1",
             "records of two tasks")
        none("SELECT e.id, n.told FROM job_executions e LEFT JOIN (SELECT count(*) AS told,"
             " json_extract(data, '$.execution_id') AS id FROM notifications"
             " WHERE title LIKE 'Batch %' GROUP BY 2) n ON n.id = e.id WHERE n.told IS NOT 1",
             "ends that were not told once")
        stored = {name for (name,) in database.execute("SELECT id FROM job_executions")}
        if lost := self.expected.keys() - stored:
            self.fault(f"{len(lost)} executions are lost")
        self.check_answers(database)

    def check_answers(self, database):
        found = database.execute(
            "SELECT e.id, t.idx, r.objective_value FROM job_tasks t JOIN job_executions e"
            " ON e.k = t.execution JOIN executions r ON r.n = t.run WHERE t.state = 3")
        for name, index, objective in found:
            if name not in self.expected:
                continue  # its acknowledgement was lost
            kind, bound = self.expected[name][index]
            if kind == "small" and objective != 2 * bound:
                self.fault(f"{name}/task-{index} has a wrong answer")

    def counts(self):
        return {"executions": len(self.expected),
                "tasks": sum(map(len, self.expected.values())),
                "ends seen": len(self.ends), "results read": len(self.results),
                "cancels": len(self.cancelled)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--least", type=float, default=0.05)
    parser.add_argument("--most", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    batches, solves = Batches(arguments.tasks), Solves(clients=2, pause=0.05)
    killing = Killing(arguments.server, [batches, solves], arguments.seed,
                      ("--max-batch-tasks", str(arguments.tasks), "--rate-limit-read", "0",
                       "--rate-limit-solve", "0", "--notifications-per-user", "1000000"))
    killing.run(lives(arguments.kills, arguments.least, arguments.most))
    return killing.report({**batches.counts(), **solves.counts()})


if __name__ == "__main__":
    sys.exit(main())
