"""Configuration file, log, and the word to the service manager."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import unittest

import httpx

from harness import SERVER, Server, problem, wait_until

SMALL = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])
EXAMPLE = pathlib.Path(__file__).parents[2] / "packaging" / "solvent.conf"


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="solvent-operating-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Configuration(Folder):
    def refused(self, text, environment=None):
        """What is said of a file that the server does not take."""
        path = self.folder / "solvent.conf"
        path.write_text(text)
        done = subprocess.run(
            [SERVER, "serve", "--config", path, "--port", "0", "--database",
             self.folder / "test.db"],
            capture_output=True, text=True, timeout=30, env=environment or {})
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertFalse((self.folder / "test.db").exists())
        return done.stderr.replace(str(path), "FILE")

    def started(self, text, *flags, environment=None):
        """What the server says it started with."""
        path = self.folder / "good.conf"
        path.write_text(text)
        server = Server("--config", str(path), *flags, environment=environment)
        self.addCleanup(server.remove)
        with server:
            return wait_until(lambda: next(
                (line for line in map(json.loads, server.read_log().splitlines())
                 if line["event"] == "server.started"), None))

    def test_flags_come_before_the_environment_and_that_before_the_file(self):
        text = "workers = 2\n"
        self.assertEqual(self.started(text)["workers"], 2)
        environment = {"SOLVENT_WORKERS": "3"}
        self.assertEqual(self.started(text, environment=environment)["workers"], 3)
        self.assertEqual(
            self.started(text, "--workers", "1", environment=environment)["workers"], 1)

    def test_the_environment_may_name_the_file(self):
        path = self.folder / "named.conf"
        path.write_text("workers = 3\n")
        with Server(environment={"SOLVENT_CONFIG": str(path)}) as server:
            wait_until(lambda: '"workers":3' in server.read_log())

    def test_comments_strings_and_lists_are_read(self):
        started = self.started(
            '# all of it\n\n  workers=1 # one\ncluster = "north \\"1\\" #2"\r\n'
            'webhook-allow = ["10.0.0.0/8", 192.168.0.0/16]\nwebhook-retry = [1, 2.5]\n')
        self.assertEqual(started["workers"], 1)

    def test_the_example_is_taken_as_it_is(self):
        text = EXAMPLE.read_text()
        everything = re.sub(r"(?m)^# (?=[a-z-]+ = )", "", text)
        self.assertGreater(everything.count("\n"), 20)
        self.assertNotEqual(everything, text)
        for configuration in (text, everything):
            # Port and database come from the flags of the test.
            self.assertEqual(self.started(configuration)["host"], "127.0.0.1")

    def test_a_fault_names_its_line_and_key(self):
        for text, said in (
                ("port = 1\nprot = 2\n", 'line 2: there is no flag "prot"'),
                ("config = other.conf\n", 'line 1: there is no flag "config"'),
                ("\n\nworkers = many\n", "line 3: "),
                ("workers = 9999\n", "line 1: --workers"),
                ("log-level = loud\n", "line 1: --log-level"),
                ("trusted-proxy = [127.0.0.1, 10/8]\n", 'line 1: --trusted-proxy: "10/8" is no'),
                ("workers = 1\nworkers = 2\n", "line 2: workers was given in line 1 already"),
                ("[serve]\nport = 1\n", "line 1: sections are not used"),
                ("port\n", "line 1: expected: name = value"),
                ("port =\n", "line 1: a value is missing"),
                ("port = 1 2\n", "line 1: unexpected text"),
                ('cluster = "a\n', "line 1: a string is not closed"),
                ('cluster = "a\\n"\n', "line 1: a backslash"),
                ("webhook-allow = [a b]\n", "line 1: the values of a list"),
                ("webhook-allow = [a\n", "line 1: a list is not closed"),
                ("webhook-allow = []\n", "line 1: a list is empty"),
                ("rate-limit-solve = -1\n", "a whole number from 0 to 1000000000"),
                ("rate-limit-solve-day = -1\n", "a whole number from 0 to 1000000000"),
                ("sync-wait = nan\n", "line 1: --sync-wait: must be a number from 0 to 3600"),
                ("webhook-retry = [1, nan]\n", "line 1: --webhook-retry: must be a number"),
                ("webhook-allow = 10.0.0.0/8\nwebhook-retry = 1\nwebhook-retry = -1\n",
                 "line 3: --webhook-retry: must be a number from 0 to 2592000"),
                ("rate-limit-fire-failures = 1.5\n", "line 1: "),
                ("jwt-secret-from-environment = x\n", "set SOLVENT_JWT_SECRET in the environment")):
            answer = self.refused(text)
            self.assertTrue(answer.startswith("solvent: FILE: "), answer)
            self.assertIn(said, answer)
        self.assertNotIn("hunter2", self.refused("jwt-secret-from-environment = hunter2\n"))

    def origins(self, *flags, text="", environment=None):
        """Which of the origins a to d a server started so takes."""
        path = self.folder / "origins.conf"
        path.write_text(text)
        with Server("--config", str(path), *flags, environment=environment) as server:
            def takes(origin):
                answer = httpx.get(server.url + "/healthz", timeout=60, verify=False,
                                   headers={"Origin": f"https://{origin}.example"})
                return answer.headers.get("Access-Control-Allow-Origin")
            return "".join(name for name in "abcd" if takes(name))

    def test_a_repeatable_flag_may_have_several_values_wherever_it_is_given(self):
        file = "cors-origin = https://a.example\nport = 0\ncors-origin = https://b.example\n"
        both = {"SOLVENT_CORS_ORIGIN": "https://c.example, https://d.example"}
        self.assertEqual(self.origins(text=file), "ab")
        self.assertEqual(self.origins(text=file, environment=both), "cd")
        self.assertEqual(self.origins("--cors-origin", "https://a.example", "--cors-origin",
                                      "https://d.example", text=file, environment=both), "ad")
        self.assertEqual(self.origins("--cors-origin=https://b.example https://c.example"), "bc")
        everything = {"SOLVENT_TRUSTED_PROXY": "127.0.0.1 10.0.0.0/8",
                      "SOLVENT_WEBHOOK_ALLOW": "10.0.0.0/8,192.168.0.0/16",
                      "SOLVENT_WEBHOOK_RETRY": "1 2.5"}
        self.assertEqual(self.started("", environment=everything)["host"], "127.0.0.1")
        wrong = self.refused("", {"SOLVENT_TRUSTED_PROXY": "127.0.0.1 10/8"})
        self.assertIn('"10/8" is no', wrong)

    def test_a_number_that_is_none_is_refused_by_the_name_of_its_flag(self):
        for flag in ("--sync-wait", "--max-time-limit", "--webhook-retry"):
            variable = "SOLVENT_" + flag.strip("-").replace("-", "_").upper()
            for bad in ("nan", "inf", "-inf", "1e999", "soon"):
                for flags, environment in (([flag, bad], {}), ([], {variable: bad})):
                    done = subprocess.run(
                        [SERVER, "serve", "--port", "0", "--database", self.folder / "test.db",
                         *flags], capture_output=True, text=True, timeout=30, env=environment)
                    self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                    self.assertIn(f"{flag}: must be a number from ", done.stderr)

    def test_a_file_that_is_missing_is_said_to_be(self):
        done = subprocess.run([SERVER, "serve", "--config", self.folder / "none.conf"],
                              capture_output=True, text=True, timeout=30, env={})
        self.assertEqual(done.returncode, 2)
        self.assertIn("none.conf", done.stderr)


class Log(unittest.TestCase):
    def use(self, server):
        """Uses all that is secret, rightly and wrongly; returns the secrets."""
        secrets = [server.key, "wrong-bearer-0001", "ok_live_" + "9" * 64, "wrong-ticket-0002",
                   "hook-secret-0003", "jwt-secret-of-this-test-0004-0005-0006",
                   "wrong-fire-secret-0007"]
        with server.client() as api:
            self.assertEqual(api.post("/solve", json=SMALL).status_code, 200)
            made = api.post("/keys", json={"name": "another"}).json()
            secrets.append(made["api_key"])
            document = api.post("/builder", json={"name": "Plan", "model_json": SMALL}).json()
            version = api.post(f"/builder/{document['id']}/versions",
                               json={"canvas_json": {}}).json()
            trigger = api.post("/triggers", json={
                "name": "Restock", "document_id": document["id"], "version_id": version["id"],
                "webhook_url": "http://127.0.0.1:8099/hook", "webhook_secret": secrets[4]})
            self.assertEqual(trigger.status_code, 201, trigger.text)
            body = trigger.json()
            fire = next(value for name, value in body.items()
                        if "secret" in name and isinstance(value, str) and len(value) > 20)
            secrets.append(fire)
            path = f"/triggers/{body['id']}/fire"
            for secret in (fire, secrets[6]):
                api.post(path, json={}, headers={"X-Trigger-Secret": secret})
                api.post(path, json={}, headers={"Authorization": "Bearer " + secret})
            api.get("/notifications", params={"token": secrets[3]})
        for secret in secrets[1:3] + secrets[5:6]:
            with server.client(secret) as stranger:
                self.assertEqual(stranger.get("/models/executions/all").status_code, 401)
        httpx.get(server.url + "/api/v2/ws/executions/exe_1?token=" + secrets[3], timeout=60,
                  verify=False)
        httpx.get(server.url + "/api/v2/no/" + "x" * 10, timeout=60, verify=False,
                  headers={"Cookie": "session=" + secrets[3]})
        # Put where no secret belongs.
        token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"
        for secret in (server.key, token):
            for path in ("/api/v2/keys/", "/api/v2/no/", "/"):
                httpx.delete(server.url + path + secret, timeout=60, verify=False,
                             headers={"X-Request-ID": secret, "Authorization": "Bearer " + server.key})
        return [*secrets, token, server.key[:13]]

    def check(self, *flags):
        with Server("--log-level", "debug", "--webhook-allow", "127.0.0.0/8", *flags,
                    environment={"SOLVENT_JWT_SECRET": "jwt-secret-of-this-test-0004-0005-0006",
                                 "SOLVENT_SECRET_KEY": "secret-key-of-this-test-0008"}) as server:
            secrets = self.use(server)
            server.stop()
            log = server.read_log()
        for secret in [*secrets, "secret-key-of-this-test-0008"]:
            self.assertNotIn(secret, log)
        return log

    def test_json_logs_are_an_object_a_line_without_secrets(self):
        lines = [json.loads(line) for line in self.check().splitlines()]
        events = {line["event"] for line in lines}
        self.assertLessEqual({"server.started", "http.request", "run.ended", "server.stopping"}, events)
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            self.assertIn(line["level"], ("debug", "info", "warning", "error"))
            if line["event"] == "http.request":
                self.assertTrue(line["request_id"])
                self.assertNotIn("?", line["path"])
        ids = {line.get("request_id") for line in lines}
        self.assertIn("eyJ…", ids)
        self.assertTrue(any(re.fullmatch("ok_live_[0-9a-f]{4}…", id or "") for id in ids))

    def test_text_logs_are_a_line_each_without_secrets(self):
        for line in self.check("--log-format", "text").splitlines():
            self.assertRegex(
                line, r'^\S+Z (debug  |info   |warning|error  ) [a-z_.]+( [a-z_]+=("(\\.|[^"\\])*"|\S+))*$')

    def test_a_request_is_found_by_its_id(self):
        with Server() as server:
            answer = httpx.get(server.url + "/healthz", timeout=60, verify=False,
                               headers={"X-Request-ID": "find-me-17"})
            self.assertEqual(answer.headers["X-Request-ID"], "find-me-17")
            wait_until(lambda: "find-me-17" in server.read_log())
            line = next(json.loads(line) for line in server.read_log().splitlines()
                        if "find-me-17" in line)
            self.assertEqual((line["event"], line["status"], line["request_id"]),
                             ("http.request", 200, "find-me-17"))

    def test_a_short_secret_of_tokens_is_warned_of_and_not_shown(self):
        for secret, warnings in (("short-0009", 1), ("x" * 31, 1), ("x" * 32, 0)):
            with Server(environment={"SOLVENT_JWT_SECRET": secret}) as server:
                server.stop()
                log = server.read_log()
                lines = [json.loads(line) for line in log.splitlines()]
                found = [line for line in lines if line["event"] == "server.weak_secret"]
                self.assertEqual(len(found), warnings, log)
                self.assertNotIn(secret, log)
                for line in found:
                    self.assertEqual((line["level"], line["variable"]),
                                     ("warning", "SOLVENT_JWT_SECRET"))

    def test_a_level_keeps_what_is_below_it_out(self):
        with Server("--log-level", "error") as server:
            with server.client() as api:
                api.get("/solvers/available")
            server.stop()
            self.assertEqual(server.read_log(), "")


class Service(Folder):
    def listen(self, address):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.settimeout(30)
        return listener

    def test_the_manager_hears_of_start_life_and_stop(self):
        for address in (str(self.folder / "notify"), f"\0solvent-test-{os.getpid()}"):
            listener = self.listen(address)
            server = Server(environment={"NOTIFY_SOCKET": address.replace("\0", "@"),
                                         "WATCHDOG_USEC": "1000000"})
            self.addCleanup(server.remove)
            server.start()
            self.assertEqual(listener.recv(100), b"READY=1")
            for _ in range(2):
                self.assertEqual(listener.recv(100), b"WATCHDOG=1")
            self.assertEqual(server.stop(), 0)
            heard = b""
            while heard != b"STOPPING=1":
                heard = listener.recv(100)
                self.assertIn(heard, (b"WATCHDOG=1", b"STOPPING=1"))

    def test_another_process_watchdog_is_not_served(self):
        listener = self.listen(str(self.folder / "notify"))
        with Server(environment={"NOTIFY_SOCKET": str(self.folder / "notify"),
                                 "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}) as server:
            self.assertEqual(listener.recv(100), b"READY=1")
            server.stop()
            self.assertEqual(listener.recv(100), b"STOPPING=1")

    def test_no_key_is_printed_into_a_journal(self):
        self.listen(str(self.folder / "notify"))
        with Server(environment={"NOTIFY_SOCKET": str(self.folder / "notify")}) as server:
            self.assertIsNone(server.key)
            with server.client(server.create_key("default")) as api:
                self.assertEqual(api.get("/solvers/available").status_code, 200)

    def test_a_manager_that_has_gone_does_not_matter(self):
        with Server(environment={"NOTIFY_SOCKET": str(self.folder / "gone"),
                                 "WATCHDOG_USEC": "2000"}) as server:
            with server.client(server.create_key("default")) as api:
                self.assertEqual(api.post("/solve", json=SMALL).status_code, 200)
            self.assertEqual(server.stop(), 0)


class Doctor(Folder):
    def examine(self, database, *flags):
        done = subprocess.run([SERVER, "doctor", "--json", "--database", database, *flags],
                              capture_output=True, text=True, timeout=60, env={})
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if report["healthy"] else 1)
        return {(f["subject"], f["level"]): f["text"] for f in report["findings"]}

    def test_each_thing_is_examined(self):
        with Server() as server:
            found = self.examine(server.database)
            subjects = {subject for subject, _ in found}
            self.assertLessEqual({"permissions", "database", "disk", "integrity", "references",
                                  "counters", "queue", "workers", "memory", "descriptors", "clock",
                                  "processors"}, subjects)
            self.assertFalse([f for f in found if f[1] == "bad"], found)
            self.assertIn(("memory", "warning"),
                          self.examine(server.database, "--worker-memory", str(1 << 24)))
            server.database.chmod(0o644)
            self.assertIn(("permissions", "warning"), self.examine(server.database))

    def test_what_is_missing_or_broken_is_bad(self):
        self.assertIn(("database", "bad"), self.examine(self.folder / "none.db"))
        (self.folder / "note.txt").write_text("not a database")
        self.assertIn(("database", "bad"), self.examine(self.folder / "note.txt"))


if __name__ == "__main__":
    unittest.main()
