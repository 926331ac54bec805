"""Fires triggers at hostile receivers while the server is killed, and checks what became of it.

usage: kill_triggers.py SERVER [--fires N] [--kill-seconds S] [--seed N]

The receivers answer, fail, redirect, hang, close and stop halfway, at random; the server is killed
with SIGKILL every S seconds until N fires have been accepted. Every fire has an idempotency key and
is repeated until its acceptance is known. In the end each accepted fire must have exactly one run
that has ended, exactly one delivery that has arrived, and one notification; repeats of a delivery
must have borne the same id and the same bytes, all of them signed.
"""

import argparse
import base64
import collections
import hashlib
import hmac
import http.server
import json
import random
import socket
import struct
import sys
import threading
import time

import httpx

from killing import Killing, Load

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
RECEIVERS = 4
CLIENTS = 4
# What receivers do, and how often of a hundred times.
MOODS = {"accept": 45, "fail": 15, "wait": 5, "redirect": 5, "hang": 6, "close": 12, "half": 12}


class HostileReceiver:
    def __init__(self, seed, requests):
        """`requests` is shared: (path, headers, body, whether it was accepted)."""
        rng = random.Random(seed)
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    (mood,) = rng.choices(list(MOODS), MOODS.values())
                    pause = rng.uniform(0, 3)
                requests.append((self.path, dict(self.headers), body, mood == "accept"))
                self.close_connection = True
                if mood == "hang":
                    time.sleep(pause)
                elif mood == "close":
                    # With data unread or not, the other side sees a reset.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                               struct.pack("ii", 1, 0))
                    self.connection.close()
                elif mood == "half":
                    self.wfile.write(b"HTTP/1.1 204 No Con")
                else:
                    self.answer(mood)

            def answer(self, mood):
                self.send_response({"accept": 204, "fail": 500, "wait": 503, "redirect": 302}[mood])
                if mood == "wait":
                    self.send_header("Retry-After", "1")
                if mood == "redirect":
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a killed server's connections break: that is the point

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Fires(Load):
    """Triggers that are fired until so many fires have been accepted."""

    clients = CLIENTS

    def __init__(self, fires, kill_seconds, seed):
        self.fires = fires
        self.kill_seconds = kill_seconds
        # About 25 fires for every kill.
        self.pause = CLIENTS * kill_seconds / 25
        self.next_fire = 0
        self.accepted = {}  # number of a fire -> (trigger, run id)
        self.refused = {}  # run id -> trigger, for fires that were refused for their data
        self.requests = []  # of all receivers; appending is atomic
        self.repeated = 0  # fires whose first answer was lost
        self.attempts = self.cut_off = self.repeats = 0
        rng = random.Random(seed)
        self.receivers = [HostileReceiver(rng.random(), self.requests) for _ in range(RECEIVERS)]

    def close(self):
        for receiver in self.receivers:
            receiver.close()

    def prepare(self, api):
        model = self.harness.problem("minimize", "2*x", {"x": "integer"}, ["x >= {{least}}"],
                                     parameters={"least": 1})
        document = api.post("/builder", json={"model_json": model}).json()
        version = api.post(f"/builder/{document['id']}/versions", json={"canvas_json": {}}).json()
        self.triggers = []
        for receiver in self.receivers:
            made = api.post("/triggers", json={
                "name": "T", "document_id": document["id"], "version_id": version["id"],
                "override_schema": [{"name": "least", "type": "integer", "required": True}],
                "webhook_url": receiver.url, "webhook_secret": SECRET})
            assert made.status_code == 201, made.text
            self.triggers.append(made.json())

    def client_loop(self, number):
        rng = random.Random(number)
        while True:
            with self.lock:
                mine = self.next_fire
                self.next_fire += 1
            if mine >= self.fires:
                return
            self.fire_until_accepted(mine)
            if rng.random() < 0.05:
                self.fire_wrongly(rng.choice(self.triggers))
            # Spread over the kills.
            time.sleep(rng.uniform(0, 2 * self.pause))

    def fire(self, trigger, data, **headers):
        headers["Authorization"] = f"Bearer {trigger['trigger_secret']}"
        with self.killing.server.client("", headers=headers) as client:
            return client.post(f"/triggers/{trigger['id']}/fire", json={"override_data": data})

    def fire_until_accepted(self, mine):
        trigger = self.triggers[mine % RECEIVERS]
        end = time.monotonic() + 120
        times = 0
        while time.monotonic() < end:
            try:
                times += 1
                answer = self.fire(trigger, {"least": mine}, **{"Idempotency-Key": f"fire-{mine}"})
                if answer.status_code == 202:
                    with self.lock:
                        self.accepted[mine] = (trigger["id"], answer.json()["run_id"])
                        self.repeated += times > 1
                    return
            except (httpx.HTTPError, OSError, ValueError):
                pass  # the server is down for a moment, or its port is another's now
            time.sleep(0.02)
        self.fault(f"fire {mine} was not accepted within two minutes")

    def fire_wrongly(self, trigger):
        try:
            answer = self.fire(trigger, {"least": "many"})
            if answer.status_code == 422:
                with self.lock:
                    self.refused[answer.json()["run_id"]] = trigger["id"]
        except (httpx.HTTPError, OSError, ValueError):
            pass

    def live(self, killing):
        """Until the next kill."""
        def going_on():
            return any(thread.is_alive() for thread in killing.threads)

        before = len(self.accepted)
        time.sleep(self.kill_seconds * killing.random.uniform(0.8, 1.2))
        # On a machine so busy that nothing has happened yet, a kill would only repeat the last one.
        while len(self.accepted) == before and going_on():
            time.sleep(0.01)
        return going_on()

    def run_record(self, api, trigger, run):
        answer = api.get(f"/triggers/{trigger}/runs/{run}")
        return answer.json() if answer.status_code == 200 else {"status": answer.text}

    def check_api(self, api):
        expected = {run: (trigger, 2 * number)
                    for number, (trigger, run) in self.accepted.items()}
        expected.update({run: (trigger, None) for run, trigger in self.refused.items()})
        if len(expected) != len(self.accepted) + len(self.refused):
            self.fault("two fires were answered with the same run")
        waiting, records = dict(expected), {}
        end = time.monotonic() + 300
        while waiting and time.monotonic() < end:
            for run, (trigger, _) in list(waiting.items()):
                records[run] = self.run_record(api, trigger, run)
                if records[run].get("webhook_delivered") is not None:
                    del waiting[run]
            time.sleep(0.2)
        for run, (trigger, objective) in expected.items():
            record = records[run]
            wanted = "validation_failed" if objective is None else "completed"
            if record["status"] != wanted:
                self.fault(f"{run} is {record['status']}")
            elif objective is not None and record["result_data"]["objective_value"] != objective:
                self.fault(f"{run} has a wrong answer")
            if record.get("webhook_delivered") is not True:
                self.fault(f"{run}: delivered is {record.get('webhook_delivered')}")
        total = sum(api.get(f"/triggers/{t['id']}").json()["total_runs"] for t in self.triggers)
        queued = api.get("/models/executions/all", params={"page_size": 1}).json()["total"]
        if queued != self.fires:
            self.fault(f"{self.fires} fires became {queued} executions")
        if total < len(expected):
            self.fault(f"{total} runs are counted, {len(expected)} were acknowledged")
        # Those that were refused while the answer was lost are delivered as well.
        self.harness.wait_until(
            lambda: "solvent_webhooks_open 0\n" in
            httpx.get(self.killing.server.url + "/metrics", timeout=60, verify=False).text,
            step=0.2)

    def check_database(self, database):
        def none(sql, fault):
            self.killing.none(database, sql, fault)

        none("SELECT r.id FROM trigger_runs r LEFT JOIN executions e ON e.id = r.execution_id"
             " AND e.run_id = r.id WHERE r.status IS NULL AND (e.id IS NULL OR e.state < 2)",
             "runs without an end")
        none("SELECT run_id FROM executions GROUP BY 1 HAVING count(*) > 1",
             "runs with two executions")
        none("SELECT r.id FROM trigger_runs r LEFT JOIN webhook_deliveries d ON d.run_id = r.id"
             " GROUP BY 1 HAVING count(d.id) <> 1 OR min(d.state) <> 1",
             "runs without exactly one delivery that arrived")
        none("SELECT d.id FROM webhook_deliveries d JOIN trigger_runs r ON r.id = d.run_id WHERE"
             " d.attempts <> r.webhook_attempts OR d.attempts <>"
             " (SELECT count(*) FROM webhook_attempts WHERE delivery = d.n)",
             "deliveries whose attempts are not counted")
        none("SELECT e.id FROM executions e LEFT JOIN notifications n"
             " ON json_extract(n.data, '$.execution_id') = e.id GROUP BY e.id HAVING count(n.n) <> 1",
             "ends that were not told once")
        self.attempts = database.execute("SELECT count(*) FROM webhook_attempts").fetchone()[0]
        self.cut_off = database.execute(
            "SELECT count(*) FROM webhook_attempts WHERE ended = 0").fetchone()[0]
        self.check_requests()

    def check_requests(self):
        sent = collections.defaultdict(list)
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        for path, headers, body, accepted in self.requests:
            headers = {name.lower(): value for name, value in headers.items()}
            event = json.loads(body)
            sent[event["run_id"]].append((headers["webhook-id"], body, accepted))
            message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            digest = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
            if headers["webhook-signature"] != "v1," + digest or path != "/hook":
                self.fault(f"{event['run_id']}: wrongly signed, or at {path}")
        self.repeats = sum(len(times) - 1 for times in sent.values())
        for run in [run for _, run in self.accepted.values()] + list(self.refused):
            times = sent[run]
            if len({(name, body) for name, body, _ in times}) > 1:
                self.fault(f"{run}: its repeats differ")
            if not any(accepted for _, _, accepted in times):
                self.fault(f"{run}: nothing was delivered")

    def counts(self):
        return {"fires accepted": len(self.accepted), "after a repeat": self.repeated,
                "refused": len(self.refused), "attempts": self.attempts,
                "cut off": self.cut_off, "requests arrived": len(self.requests),
                "of them repeats": self.repeats}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--fires", type=int, default=1000)
    parser.add_argument("--kill-seconds", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    fires = Fires(arguments.fires, arguments.kill_seconds, arguments.seed)
    # Hundreds of attempts a delivery: what is tested is that none is ever given up.
    retries = ",".join(["0.2"] * 300)
    killing = Killing(
        arguments.server, [fires], arguments.seed,
        ("--credits", "unlimited", "--webhook-allow", "127.0.0.0/8", "--webhook-retry", retries,
         "--rate-limit-fire", "0", "--rate-limit-fire-day", "0", "--rate-limit-fire-failures", "0",
         "--rate-limit-read", "0", "--notifications-per-user", "100000"))
    try:
        killing.run(fires.live)
    finally:
        fires.close()
    return killing.report(fires.counts())


if __name__ == "__main__":
    sys.exit(main())
