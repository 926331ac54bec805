"""Stopping, being killed, starting again."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

import httpx

from harness import SERVER, Server, dumps, ended, problem, slow_problem, wait_until
from kill_test import Solves
from killing import Killing, lives

SMALL = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                if int(fields[1]) == pid and fields[0] != "Z":
                    found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def seconds_used(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Lifecycle(unittest.TestCase):
    def setUp(self):
        self.server = Server("--workers", "1")
        self.addCleanup(self.server.remove)
        self.server.start()

    def restart(self):
        key = self.server.key
        self.server.start()
        self.server.key = key
        return self.server.client()

    def test_a_graceful_stop_puts_the_run_back(self):
        with self.server.client() as api:
            long = api.post("/solve/async", json=slow_problem(21)).json()["task_id"]
            queued = api.post("/solve/async", json=SMALL).json()["task_id"]
            wait_until(lambda: api.get(f"/solve/async/{long}").json()["status"] == "running")
        start = time.monotonic()
        self.assertEqual(self.server.stop(signal.SIGINT), 0)
        self.assertLess(time.monotonic() - start, 40)  # its limit is 60
        with self.restart() as api:
            wait_until(lambda: api.get(f"/solve/async/{long}").json()["status"] == "running")
            self.assertTrue(api.post(f"/solve/async/{long}/cancel").json()["cancelled"])
            self.assertEqual(ended(api, queued)["status"], "completed")

    def test_a_stop_answers_those_who_wait(self):
        answers = []

        def wait():
            with self.server.client() as api:
                answers.append(api.post("/solve", json=slow_problem(22)))

        thread = threading.Thread(target=wait)
        with self.server.client() as api:
            thread.start()
            wait_until(lambda: api.get("/models/executions/all?status=running").json()["total"])
        self.server.stop()
        thread.join()
        self.assertEqual(answers[0].status_code, 202)
        with self.restart() as api:
            run = answers[0].json()["task_id"]
            self.assertIn(api.get(f"/solve/async/{run}").json()["status"], ("pending", "running"))

    def test_a_stop_ends_the_making_of_a_problem(self):
        model = ("param n default 1; var x >= sum{i in 1..n, j in 1..if n > 1 then 200000 else 0} "
                 "sin(cos(sin(cos(sin(cos(sin(i * j))))))); minimize z: x; solve; end;")
        for by in ("text", "model"):
            with self.subTest(by), Server() as server, server.client() as api:
                if by == "text":
                    path, body = "/solve/mathprog", {"model": model, "input_data": {"n": 2000}}
                else:
                    made = api.post("/models", json={
                        "name": "long", "generator_type": "template",
                        "template": {"language": "mathprog", "model": model}})
                    path = f"/models/{made.json()['id']}/execute"
                    body = {"input_data": {"n": 2000}}
                answers = []

                def ask():
                    try:
                        answers.append(api.post(path, json=body))
                    except httpx.TransportError as error:
                        answers.append(error)

                used = seconds_used(server.process.pid)
                asking = threading.Thread(target=ask)
                asking.start()
                # Nothing else in that process works for so long.
                wait_until(lambda: seconds_used(server.process.pid) > used + 0.3)
                self.assertEqual(answers, [])
                self.assertEqual(server.stop(), 0)
                asking.join()
                self.assertEqual(answers[0].status_code, 503, answers[0])
                self.assertEqual(answers[0].json()["error"], "service_unavailable")

    def test_a_killed_server_finds_every_acknowledged_run_again(self):
        with self.server.client() as api:
            done = api.post("/solve", json=SMALL).json()["execution_id"]
            cancelled = api.post("/solve/async", json=slow_problem(23)).json()["task_id"]
            wait_until(lambda: api.get(f"/solve/async/{cancelled}").json()["status"] == "running")
            waiting = [api.post("/solve/async", json=SMALL).json()["task_id"] for _ in range(5)]
            workers = children(self.server.process.pid)
            self.assertTrue(workers)
            self.assertTrue(api.post(f"/solve/async/{cancelled}/cancel").json()["cancelled"])
        self.server.kill()
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers))
        with self.restart() as api:
            for run in waiting:
                self.assertEqual(ended(api, run)["result_data"]["objective_value"], 6)
            self.assertEqual(ended(api, cancelled)["status"], "cancelled")
            record = api.get(f"/models/executions/{done}").json()
            self.assertEqual(record["result_data"]["objective_value"], 6)
            self.assertEqual(api.get("/models/executions/all").json()["total"], 7)

    def test_a_copy_is_made_and_put_back_while_the_server_runs(self):
        database, copy = str(self.server.database), str(self.server.database) + ".copy"

        def solvent(*arguments):
            done = subprocess.run([SERVER, *arguments, "--database", database],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        with self.server.client() as api:
            kept = api.post("/solve", json=SMALL).json()["execution_id"]
            self.assertIn("checked copy", solvent("backup", copy))
            lost = api.post("/solve", json=SMALL).json()["execution_id"]
            running = api.post("/solve/async", json=slow_problem(27)).json()["task_id"]
            wait_until(lambda: api.get(f"/solve/async/{running}").json()["status"] == "running")
            self.assertIn("before-restore", solvent("restore", copy))
            self.assertEqual(api.get(f"/models/executions/{kept}").status_code, 200)
            self.assertEqual(api.get(f"/models/executions/{lost}").status_code, 404)
            self.assertEqual(api.get(f"/models/executions/{running}").status_code, 404)
        self.server.stop()
        with self.restart() as api:
            self.assertEqual(api.post("/solve", json=SMALL).json()["objective_value"], 6)
            self.assertEqual(api.get("/models/executions/all").json()["total"], 2)
            findings = json.loads(solvent("doctor", "--json"))
            self.assertTrue(findings["healthy"], findings)
            self.assertIn("workers", [finding["subject"] for finding in findings["findings"]])

    def test_a_run_that_kills_its_worker_three_times_fails_alone(self):
        with self.server.client() as api:
            run = api.post("/solve/async", json=slow_problem(24)).json()["task_id"]

            def kill_worker():
                if api.get(f"/models/executions/{run}").json()["status"] == "failed":
                    return True
                for pid in children(self.server.process.pid):
                    try:
                        # Not those that are still starting: that ends a run with another reason.
                        if seconds_used(pid) > 0.5:
                            os.kill(pid, signal.SIGKILL)
                    except (FileNotFoundError, ProcessLookupError):
                        pass
                return False

            wait_until(kill_worker, step=0.1)
            record = api.get(f"/models/executions/{run}").json()
            self.assertIn("3 times", record["error_message"])
            self.assertIsNone(record["result_data"])
            self.assertEqual(api.post("/solve", json=SMALL).json()["objective_value"], 6)

    def test_a_client_that_leaves_does_not_stop_its_run(self):
        body = dumps({**slow_problem(25), "options": {"time_limit_seconds": 3}}).encode()
        host, port = self.server.url.removeprefix("http://").split(":")
        with self.server.client() as api:
            with socket.create_connection((host, int(port))) as leaving:
                leaving.sendall((f"POST /api/v2/solve HTTP/1.1\r\nHost: here\r\n"
                                 f"Authorization: Bearer {self.server.key}\r\n"
                                 "Content-Type: application/json\r\n"
                                 f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
                running = "/models/executions/all?status=running"
                (run,) = wait_until(lambda: api.get(running).json()["items"])
            self.assertEqual(ended(api, run["id"])["status"], "completed")

    def test_two_servers_share_one_database(self):
        second = Server("--workers", "1", folder=self.server.folder)
        second.start()
        self.addCleanup(second.stop)
        second.key = self.server.key
        with self.server.client() as one, second.client() as two:
            runs = [api.post("/solve/async", json=SMALL).json()["task_id"]
                    for api in (one, two) * 10]
            for run in runs:
                self.assertEqual(ended(two, run)["result_data"]["objective_value"], 6)
            long = one.post("/solve/async", json=slow_problem(26)).json()["task_id"]
            wait_until(lambda: two.get(f"/solve/async/{long}").json()["status"] == "running")
            self.assertTrue(two.post(f"/solve/async/{long}/cancel").json()["cancelled"])
            self.assertEqual(ended(two, long)["status"], "cancelled")


class Address(unittest.TestCase):
    def test_an_ipv6_address_is_shown_as_a_url_has_it(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("there is no IPv6 here")
        with Server("--host", "::1") as server, server.client() as api:
            self.assertTrue(server.url.startswith("http://[::1]:"), server.url)
            self.assertEqual(api.get("/health").status_code, 200)
            taken = subprocess.run(
                [SERVER, "serve", "--host", "::1", "--port", server.url.rsplit(":", 1)[1]],
                capture_output=True, text=True, timeout=30)
            self.assertIn("cannot listen on [::1]:", taken.stderr)


class Killed(unittest.TestCase):
    def test_nothing_is_lost_doubled_or_ended_twice(self):
        solves = Solves()
        killing = Killing(SERVER, [solves], seed=1)
        some = lives(4, 0.05, 1.2)

        def live(killing):
            if killing.kills == 3:  # the last one with a kill after it
                wait_until(lambda: len(solves.expected) > 20)
            return some(killing)

        killing.run(live)
        self.assertEqual(killing.faults, [])
        self.assertGreater(len(solves.expected), 20)


if __name__ == "__main__":
    unittest.main()
