"""/metrics: the format, and that every number moves with what it counts."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import time
import unittest

import httpx

from exposition import Exposition
from test_webhooks import Receiver, fire, make_trigger
from harness import ServerTest, ended, problem, slow_problem, wait_until

SMALL = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])
IMPOSSIBLE = problem("minimize", "x", {"x": {"upper_bound": 1}}, ["x >= 3"])
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "operating.md"


def scrape(server):
    response = httpx.get(server.url + "/metrics", timeout=60, verify=False)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Exposition(response.text)


class Format(unittest.TestCase):
    GOOD = ("# HELP a_seconds A.\n# TYPE a_seconds histogram\n"
            'a_seconds_bucket{le="0.5"} 1\na_seconds_bucket{le="+Inf"} 2\n'
            "a_seconds_sum 1.5e-05\na_seconds_count 2\n"
            '# HELP b_total B.\n# TYPE b_total counter\nb_total{x="a\\"\\\\\\n"} 3\n')

    def test_the_reader_reads(self):
        read = Exposition(self.GOOD)
        self.assertEqual(read.value("a_seconds_bucket", le="+Inf"), 2)
        self.assertEqual(read.value("b_total", x='a"\\\n'), 3)

    def test_the_reader_finds_faults(self):
        for old, new in (('le="+Inf"} 2', 'le="+Inf"} 0'), ("_count 2", "_count 3"),
                         ('le="+Inf"', 'le="9"'), ("b_total{", "c_total{"), (" 3\n", " 3"),
                         ("b_total", "b"), ("# TYPE a_seconds histogram\n", ""), (" 3", " three"),
                         ("a_seconds_sum 1.5e-05\n", ""), ('x="', "x=\""[:-1]),
                         (' 3\n', ' 3\nb_total{x="a\\"\\\\\\n"} 3\n')):
            with self.assertRaises(ValueError, msg=(old, new)):
                Exposition(self.GOOD.replace(old, new))


class Metrics(ServerTest):
    flags = ("--workers", "1")

    def test_the_page_documents_each_metric_and_no_other(self):
        there = set(scrape(self.server).families)
        documented = set(re.findall(r"^\| `((?:solvent|process)_\w+)", DOCUMENT.read_text(), re.M))
        self.assertEqual(there, documented)

    def test_prometheus_own_linter_finds_nothing(self):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed (Debian: prometheus)")
        self.api.post("/solve", json=SMALL)
        text = httpx.get(self.server.url + "/metrics", timeout=60, verify=False).text
        linted = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                capture_output=True)
        self.assertEqual((linted.returncode, linted.stdout, linted.stderr), (0, "", ""))

    def test_runs_count_exactly_once_as_they_end(self):
        before = scrape(self.server)
        for _ in range(3):
            self.assertEqual(self.api.post("/solve", json=SMALL).json()["status"], "optimal")
        after = scrape(self.server)

        def moved(name, **labels):
            return after.value(name, **labels) - before.value(name, **labels)

        self.assertEqual(moved("solvent_runs", state="completed"), 3)
        self.assertEqual(moved("solvent_runs_ended_total", outcome="optimal"), 3)
        self.assertEqual(moved("solvent_run_solve_seconds_count", outcome="optimal"), 3)
        self.assertGreater(moved("solvent_run_solve_seconds_sum", outcome="optimal"), 0)
        self.assertEqual(moved("solvent_run_wait_seconds_count", kind="single"), 3)
        for outcome in ("feasible", "infeasible", "unbounded", "time_limit", "failed", "timeout",
                        "cancelled"):
            self.assertEqual(moved("solvent_runs_ended_total", outcome=outcome), 0)
        self.api.post("/solve", json=IMPOSSIBLE)
        before, after = after, scrape(self.server)
        self.assertEqual(moved("solvent_runs_ended_total", outcome="infeasible"), 1)
        self.assertEqual(moved("solvent_runs_ended_total", outcome="optimal"), 0)
        self.assertEqual(moved("solvent_run_solve_seconds_count", outcome="infeasible"), 1)

    def test_the_queue_shows_its_length_and_age(self):
        before = scrape(self.server)
        slow = self.api.post("/solve/async", json=slow_problem(41)).json()["task_id"]
        # A slot is busy before its worker is.
        wait_until(lambda: scrape(self.server).value("solvent_workers_busy") == 1)
        self.assertEqual(scrape(self.server).value("solvent_slots_busy"), 1)
        waiting = [self.api.post("/solve/async", json=SMALL).json()["task_id"] for _ in range(2)]
        shown = scrape(self.server)
        self.assertEqual(shown.value("solvent_queue_runs"), 2)
        self.assertEqual(shown.value("solvent_slots"), 1)
        self.assertEqual(shown.value("solvent_workers_busy"), 1)
        self.assertEqual(shown.value("solvent_runs", state="pending"), 2)
        self.assertEqual(shown.value("solvent_runs", state="running"), 1)
        age = shown.value("solvent_queue_oldest_seconds")
        wait_until(lambda: scrape(self.server).value("solvent_queue_oldest_seconds") > age)
        self.api.post(f"/solve/async/{waiting[0]}/cancel")
        shown = scrape(self.server)
        self.assertEqual(shown.value("solvent_queue_runs"), 1)
        cancelled = shown.value("solvent_runs_ended_total", outcome="cancelled")
        self.assertEqual(
            cancelled - before.value("solvent_runs_ended_total", outcome="cancelled"), 1)
        # It never began.
        self.assertEqual(
            shown.value("solvent_run_solve_seconds_count", outcome="cancelled"),
            before.value("solvent_run_solve_seconds_count", outcome="cancelled"))
        self.api.post(f"/solve/async/{slow}/cancel")
        ended(self.api, slow)
        ended(self.api, waiting[1])
        # An end can be read a moment before it is counted.
        shown = wait_until(lambda: (shown := scrape(self.server)).value(
            "solvent_run_solve_seconds_count", outcome="cancelled") > before.value(
            "solvent_run_solve_seconds_count", outcome="cancelled") and shown)
        self.assertEqual(shown.value("solvent_queue_runs"), 0)
        self.assertEqual(shown.value("solvent_queue_oldest_seconds"), 0)
        self.assertEqual(
            shown.value("solvent_run_solve_seconds_count", outcome="cancelled")
            - before.value("solvent_run_solve_seconds_count", outcome="cancelled"), 1)

    def test_requests_count_by_class_of_route_and_status(self):
        def counts(metrics):
            return {key: metrics.value("solvent_http_requests_total", route_class=key[0],
                                       status=key[1])
                    for key in (("read", "200"), ("read", "404"), ("unrouted", "404"))}

        before = counts(scrape(self.server))
        for _ in range(4):
            self.api.get("/solvers/available")
        self.api.get("/models/executions/exe_nothing")
        httpx.get(self.server.url + "/no/such/page", timeout=60, verify=False)
        # An answer is counted once it has been sent, which its reader may outrun.
        wait_until(lambda: {key: count - before[key]
                            for key, count in counts(scrape(self.server)).items()}
                   == {("read", "200"): 4, ("read", "404"): 1, ("unrouted", "404"): 1})
        shown = scrape(self.server)
        self.assertGreaterEqual(shown.total("solvent_http_request_seconds_count",
                                            route="/api/v2/solvers/available"), 4)

    def test_process_database_and_build_are_shown(self):
        shown = scrape(self.server)
        stat = os.stat(self.server.database)
        self.assertEqual(shown.value("solvent_up"), 1)
        self.assertGreater(shown.value("solvent_database_bytes"), 100_000)
        self.assertLess(shown.value("solvent_database_bytes"), stat.st_size + (64 << 20))
        self.assertGreater(shown.value("solvent_database_journal_bytes"), 0)
        self.assertEqual(len(shown.families["solvent_build_info"][2]), 1)
        self.assertEqual(shown.total("solvent_build_info"), 1)
        pid = self.server.process.pid
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        self.assertLess(abs(shown.value("process_open_fds") - descriptors), 20)
        self.assertGreater(shown.value("process_resident_memory_bytes"), 1 << 20)
        self.assertGreater(shown.value("process_max_fds"), 100)
        with open("/proc/uptime") as uptime:
            self.assertLess(abs(shown.value("process_start_time_seconds") - time.time()),
                            float(uptime.read().split()[0]))

    def test_a_dead_worker_is_counted_by_its_reason(self):
        def restarts():
            shown = scrape(self.server)
            return {reason: shown.value("solvent_worker_restarts_total", reason=reason)
                    for reason in ("crashed", "out_of_memory", "killed", "recycled")}

        before = restarts()
        run = self.api.post("/solve/async", json=slow_problem(42)).json()["task_id"]
        wait_until(lambda: scrape(self.server).value("solvent_workers_busy") == 1)
        killed = wait_until(self.busy_worker)
        os.kill(killed, 9)
        wait_until(lambda: restarts()["crashed"] == before["crashed"] + 1)
        after = restarts()
        for reason in ("out_of_memory", "recycled"):
            self.assertEqual(after[reason], before[reason])
        self.api.post(f"/solve/async/{run}/cancel")
        ended(self.api, run)

    def busy_worker(self):
        """The child that has used the most processor time, once it has used any."""
        pid, found = self.server.process.pid, []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append((int(fields[11]), int(entry)))
        busiest = max(found, default=(0, 0))
        return busiest[1] if busiest[0] > 10 else None


class Webhooks(ServerTest):
    flags = ("--webhook-allow", "127.0.0.0/8", "--webhook-retry", "300")

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def fire(self, answer):
        self.receiver.answers = [answer]
        trigger = make_trigger(self.api, webhook_url=self.receiver.url)
        fired = fire(self.anonymous, trigger)
        self.assertEqual(fired.status_code, 202, fired.text)
        return f"/triggers/{trigger['id']}/runs/{fired.json()['run_id']}"

    def shown_with(self, **attempts):
        """The figures once this many attempts have ended so."""
        return wait_until(lambda: all(
            (shown := scrape(self.server)).value("solvent_webhook_attempts_total", outcome=outcome)
            == count for outcome, count in attempts.items()) and shown)

    def test_deliveries_show_their_lag_and_their_ends(self):
        shown = self.shown_with(delivered=0, failed=0)
        self.assertEqual(shown.value("solvent_webhooks_open"), 0)
        self.assertEqual(shown.value("solvent_webhooks_oldest_open_seconds"), 0)
        run = self.fire(answer=500)
        shown = self.shown_with(delivered=0, failed=1)
        self.assertEqual(shown.value("solvent_webhooks_open"), 1)
        self.assertGreater(shown.value("solvent_webhooks_oldest_open_seconds"), 0)
        # Its next attempt is not due yet.
        self.assertEqual(shown.value("solvent_webhooks_oldest_due_seconds"), 0)
        self.assertEqual(shown.value("solvent_webhooks_given_up_total"), 0)
        log = self.api.get(run + "/deliveries").json()
        (delivery,) = log["items"] if isinstance(log, dict) else log
        self.api.post(f"{run}/deliveries/{delivery['id']}/redeliver")
        shown = self.shown_with(delivered=1, failed=1)
        self.assertEqual(shown.value("solvent_webhooks_open"), 0)
        self.assertEqual(shown.value("solvent_webhooks_oldest_open_seconds"), 0)
        self.fire(answer=410)
        shown = self.shown_with(delivered=1, failed=2)
        self.assertEqual(shown.value("solvent_webhooks_given_up_total"), 1)
        self.assertEqual(shown.value("solvent_webhooks_open"), 0)


class WhenFull(ServerTest):
    def test_an_operator_still_sees_what_is_going_on(self):
        before = scrape(self.server)
        self.assertEqual(before.value("solvent_figures_age_seconds"), 0)
        url = httpx.URL(self.server.url)
        request = (f"POST /api/v2/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                   f"{self.server.key}\r\nContent-Type: application/json\r\n"
                   'Content-Length: 12\r\n\r\n{"name":"k"}').encode()

        def is_full():
            return self.api.get("/keys").status_code == 503

        def seen_when_full():
            begin = time.monotonic()
            with contextlib.ExitStack() as closing:
                # Each keeps a thread that waits for its turn to write.
                database = closing.enter_context(
                    contextlib.closing(sqlite3.connect(self.server.database)))
                database.execute("BEGIN IMMEDIATE")
                for _ in range(520):
                    client = socket.create_connection((url.host, url.port))
                    closing.enter_context(client)
                    client.sendall(request)
                while not is_full() and time.monotonic() - begin < 9:
                    pass
                shown = scrape(self.server)
                statuses = [
                    httpx.get(self.server.url + path, verify=False, timeout=60).status_code
                    for path in ("/healthz", "/readyz", "/api/v2/health", "/api/v2/health/status")]
                statuses.append(self.api.get("/health/metrics").status_code)
                # They wait ten seconds. What a slow machine saw afterwards says nothing.
                in_time = time.monotonic() - begin < 9
            wait_until(lambda: not is_full())
            return (shown, statuses) if in_time else None

        shown, statuses = wait_until(seen_when_full)
        self.assertGreater(shown.value("solvent_figures_age_seconds"), 0)
        self.assertEqual(shown.value("solvent_up"), 1)
        self.assertEqual(shown.value("solvent_slots"), before.value("solvent_slots"))
        self.assertGreater(shown.value("solvent_http_in_flight"), 500)
        self.assertEqual(statuses, [200, 200, 200, 200, 503])
        self.assertEqual(scrape(self.server).value("solvent_figures_age_seconds"), 0)


class Batches(ServerTest):
    flags = ("--workers", "1")

    def test_tasks_of_batches_are_told_apart_from_the_queue(self):
        model = self.api.post("/models", json={"name": "any", "generator_type": "generic",
                                               "input_schema": {}}).json()["id"]
        self.api.post("/jobs", json={"metadata": {"name": "nightly"}, "spec": {"modelId": model}})
        inputs = [slow_problem(43), SMALL, SMALL]
        started = self.api.post("/jobs/nightly/executions",
                                json={"tasks": [{"input_data": i} for i in inputs]})
        self.assertEqual(started.status_code, 200, started.text)
        path = f"/jobs/nightly/executions/{started.json()['executionId']}"
        shown = wait_until(lambda: (shown := scrape(self.server)).value(
            "solvent_batch_tasks", state="running") == 1 and shown)
        self.assertEqual(shown.value("solvent_batches_open"), 1)
        self.assertEqual(shown.value("solvent_batch_tasks", state="pending"), 2)
        self.assertEqual(shown.value("solvent_queue_runs"), 0)
        self.assertEqual(shown.value("solvent_queue_oldest_seconds"), 0)
        self.assertEqual(shown.value("solvent_runs", state="pending"), 2)
        answer = self.api.delete(path + "?force=true")
        self.assertEqual(answer.status_code, 200, answer.text)
        # An end can be read a moment before it is counted.
        shown = wait_until(lambda: (shown := scrape(self.server)).value(
            "solvent_batches_open") == 0 and shown.total("solvent_runs_ended_total") >= 3 and shown)
        self.assertEqual(shown.total("solvent_batch_tasks"), 0)
        self.assertEqual(shown.total("solvent_runs_ended_total"), 3)
        # One of them had begun.
        self.assertEqual(shown.value("solvent_run_wait_seconds_count", kind="batch"), 1)
        self.assertEqual(shown.value("solvent_run_wait_seconds_count", kind="single"), 0)


if __name__ == "__main__":
    unittest.main()
