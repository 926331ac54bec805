"""A real server on a free port over a database in a temporary folder, for the HTTP tests."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import httpx

import contract

SERVER = os.environ.get("SOLVENT_SERVER", "build/server/solvent")
PATIENCE = 120  # seconds, for what is to come: a machine may have other work
CREDITS = 1_000_000_000  # of every organization, unless a server is started with --credits
LISTENING = re.compile(r"listening on (http://\S+)")
KEY = re.compile(r"^\s+(ok_live_[0-9a-f]{64})$", re.M)


class Server:
    """One server process. Use as a context manager, or start() and stop()."""

    def __init__(self, *flags, folder=None, environment=None):
        self.flags = list(flags)
        if "--credits" not in flags:
            # Enough for any test, and charged all the same: the books are in use everywhere.
            self.flags += ["--credits", str(CREDITS)]
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="solvent-test-"))
        self.database = self.folder / "test.db"
        self.environment = environment or {}
        self.key = None
        self.url = None
        self.process = None

    def start(self):
        self.log = open(self.folder / "server.log", "ab")
        command = [SERVER, "serve", "--port", "0", "--database", str(self.database), *self.flags]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SOLVENT_")}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**environment, **self.environment},
        )
        text = ""
        for line in self.process.stdout:
            text += line
            if found := LISTENING.search(line):
                self.url = found[1]
                break
        else:
            raise RuntimeError("the server did not start: " + text + self.read_log())
        if found := KEY.search(text):
            self.key = found[1]
        return self

    def read_log(self):
        return (self.folder / "server.log").read_text(errors="replace")

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the server is gone")

    def stop(self, with_signal=signal.SIGTERM, timeout=PATIENCE):
        """Its exit status; a server that ends badly, by a crash or a sanitizer's report, fails."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(timeout)
        self.process.stdout.close()
        self.log.close()
        status = self.process.returncode
        if status not in (0, -signal.SIGKILL):
            raise AssertionError(f"server {self.process.pid} ended with status {status}: "
                                 + self.read_log()[-4000:])
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def remove(self):
        try:
            self.stop()
        finally:
            if self.own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()

    def client(self, key=None, **options):
        """An HTTP client with a key (the first one made, unless given; "" for none).

        Whatever it is answered must be as the OpenAPI document says."""
        key = self.key if key is None else key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers.update(options.pop("headers", {}))
        return httpx.Client(
            base_url=self.url + "/api/v2", headers=headers, timeout=PATIENCE,
            # No TLS here; loading the system's certificates takes longer than most requests.
            verify=False, event_hooks=contract.HOOKS, **options
        )

    def create_key(self, organization, user="owner"):
        return subprocess.run(
            [SERVER, "keys", "create", "--organization", organization, "--user", user,
             "--database", str(self.database)],
            check=True, capture_output=True, text=True,
        ).stdout.strip()


class ServerTest(unittest.TestCase):
    """A test class with one server for all its tests."""

    flags = ()
    environment = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.flags, environment=cls.environment).start()
        cls.api = cls.server.client()
        cls.other = cls.server.client(cls.server.create_key("Other"))
        cls.anonymous = cls.server.client("")

    @classmethod
    def tearDownClass(cls):
        for client in (cls.api, cls.other, cls.anonymous):
            client.close()
        cls.server.remove()

    def assert_error(self, response, status, code=None):
        self.assertEqual(response.status_code, status, response.text)
        body = response.json()
        for field in ("error", "message", "detail", "error_code", "status_code", "request_id"):
            self.assertIn(field, body)
        self.assertEqual(body["status_code"], status)
        self.assertEqual(body["error_code"], body["error"].upper())
        self.assertEqual(body["request_id"], response.headers["X-Request-ID"])
        if code:
            self.assertEqual(body["error"], code, response.text)
        if status == 422:
            self.assertIsInstance(body["detail"], list)
        return body

    def assert_point(self, problem, result, tolerance=1e-6):
        """The answer's point satisfies the problem as Python evaluates it."""
        values = result["solution"]
        self.assertEqual(values, {v["name"]: v["value"] for v in result["variables"]})
        for variable in problem["variables"]:
            value = values[variable["name"]]
            kind = variable.get("type", "continuous")
            if kind != "continuous":
                self.assertEqual(value, round(value))
            lower = variable.get("lower_bound", 0)
            upper = variable.get("upper_bound", 1 if kind == "binary" else None)
            if lower is not None:
                self.assertGreaterEqual(value, lower - tolerance)
            if upper is not None:
                self.assertLessEqual(value, upper + tolerance)
        for row in problem.get("constraints", []):
            left, relation, right = re.split(r"(<=|>=|==)", row["expression"])
            left, right = (eval(side, {}, dict(values)) for side in (left, right))
            if relation != ">=":
                self.assertLessEqual(left, right + tolerance, row)
            if relation != "<=":
                self.assertGreaterEqual(left, right - tolerance, row)


def problem(sense, objective, variables, constraints=(), **more):
    """A flat problem from short forms: {"x": "integer", "y": {"upper_bound": 4}}."""
    listed = []
    for name, what in variables.items():
        entry = {"name": name, "type": "continuous"}
        entry.update({"type": what} if isinstance(what, str) else what)
        listed.append(entry)
    return {
        "variables": listed,
        "objective": {"sense": sense, "expression": objective},
        "constraints": [{"expression": text} for text in constraints],
        **more,
    }


def slow_problem(seed=1, size=50, rows=5):
    """Market split: points are found at once, a proof takes hours."""
    import random

    rng = random.Random(seed)
    weights = [[rng.randint(1, 99) for _ in range(size)] for _ in range(rows)]
    variables = {f"x{j}": "binary" for j in range(size)}
    for i in range(rows):
        variables[f"over{i}"] = variables[f"under{i}"] = {}
    return problem(
        "minimize",
        " + ".join(f"over{i} + under{i}" for i in range(rows)),
        variables,
        [
            " + ".join(f"{w}*x{j}" for j, w in enumerate(row))
            + f" + over{i} - under{i} == {sum(row) // 2}"
            for i, row in enumerate(weights)
        ],
    )


def wait_until(condition, seconds=PATIENCE, step=0.02):
    """The condition's first true value; fails when it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(step)
    raise AssertionError("waited in vain")


def ended(client, execution_id, seconds=PATIENCE):
    """The execution once it has ended."""

    def look():
        body = client.get(f"/models/executions/{execution_id}").json()
        return body if body["status"] not in ("pending", "running") else None

    return wait_until(look, seconds)


def dumps(value):
    return json.dumps(value, separators=(",", ":"))
