"""Keys, tokens, isolation and limits."""

import base64
import hashlib
import hmac
import json
import sqlite3
import subprocess
import time
import unittest

from harness import SERVER, Server, ServerTest, problem

SMALL = problem("minimize", "x", {"x": {"lower_bound": 1}})


def token(secret, claims, algorithm="HS256"):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    head = part(json.dumps({"alg": algorithm}).encode())
    text = head + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.new(secret, text, hashlib.sha256).digest())).decode()


class Credentials(ServerTest):
    flags = ("--cors-origin", "https://app.example.com", "--cors-origin", "*")
    environment = {"SOLVENT_JWT_SECRET": "a secret for tests"}

    def test_nothing_is_shown_without_a_credential(self):
        for method, path in (("GET", "/models/executions/all"), ("POST", "/solve"),
                             ("GET", "/keys"), ("GET", "/solvers/available")):
            for header in (None, "Bearer", "Basic eDp5", "Bearer nonsense",
                           "Bearer ok_live_" + "0" * 64):
                headers = {"Authorization": header} if header is not None else {}
                response = self.anonymous.request(method, path, headers=headers)
                self.assert_error(response, 401, "unauthorized")
                self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")

    def test_health_needs_no_credential(self):
        for path in ("/health", "/health/status", "/health/metrics"):
            self.assertEqual(self.anonymous.get(path).status_code, 200)
            self.assertEqual(
                self.anonymous.get(path, headers={"Authorization": "Bearer bad"}).status_code, 200)
        base = self.server.url
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(self.anonymous.get(base + path).status_code, 200)

    def test_a_key_is_shown_once_and_dies_when_revoked(self):
        made = self.api.post("/keys", json={"name": "ci", "expires_days": 30}).json()
        self.assertRegex(made["api_key"], r"^ok_live_[0-9a-f]{64}$")
        with self.server.client(made["api_key"]) as client:
            self.assertEqual(client.get("/models/executions/all").status_code, 200)
            listed = self.api.get("/keys").json()
            self.assertNotIn(made["api_key"], json.dumps(listed))
            mine = next(key for key in listed["items"] if key["id"] == made["id"])
            self.assertTrue(made["api_key"].startswith(mine["key_prefix"]))
            self.assert_error(self.other.delete(f"/keys/{made['id']}"), 404)
            self.assertEqual(self.api.delete(f"/keys/{made['id']}").json()["key_id"], made["id"])
            self.assert_error(client.get("/models/executions/all"), 401)
        database = self.server.database.read_bytes()
        for suffix in ("-wal",):
            database += self.server.database.with_name(self.server.database.name + suffix).read_bytes()
        self.assertNotIn(made["api_key"].encode(), database)
        self.assertNotIn(made["api_key"], self.server.read_log())

    def test_bad_key_requests_are_named(self):
        for body, field in (({}, "name"), ({"name": ""}, "name"), ({"name": "n" * 101}, "name"),
                            ({"name": "a\nb"}, "name"), ({"name": "\x1b[2J"}, "name"),
                            ({"name": "\x9b2J"}, "name"), ({"name": "\x7f"}, "name"),
                            ({"name": "k", "expires_days": 0}, "expires_days"),
                            ({"name": "k", "expires_days": "soon"}, "expires_days"),
                            ({"name": "k", "description": "d" * 501}, "description")):
            answer = self.assert_error(self.api.post("/keys", json=body), 422)
            self.assertEqual(answer["detail"][0]["loc"], ["body", field])

    def test_the_number_of_live_keys_is_bounded(self):
        with self.server.client(self.server.create_key("Many keys")) as client:
            made = [client.post("/keys", json={"name": f"k{i}"}) for i in range(24)]
            self.assertEqual({response.status_code for response in made}, {200})
            self.assert_error(client.post("/keys", json={"name": "one more"}), 409, "conflict")
            client.delete(f"/keys/{made[0].json()['id']}")
            self.assertEqual(client.post("/keys", json={"name": "fits"}).status_code, 200)

    def test_access_tokens(self):
        organization = self.api.get("/keys").headers["X-Organization-Id"]
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        user = self.api.get(f"/models/executions/{run}").json()["executed_by"]
        claims = {"sub": user, "org": organization, "type": "access", "exp": time.time() + 60}
        secret = b"a secret for tests"

        def status(text):
            with self.server.client(text) as client:
                return client.get(f"/models/executions/{run}").status_code

        self.assertEqual(status(token(secret, claims)), 200)
        self.assertEqual(status(token(b"another", claims)), 401)
        self.assertEqual(status(token(secret, {**claims, "exp": time.time() - 1})), 401)
        self.assertEqual(status(token(secret, {**claims, "type": "refresh"})), 401)
        self.assertEqual(status(token(secret, {**claims, "org": "org_0000000000000000"})), 401)
        self.assertEqual(status(token(secret, claims, algorithm="none")), 401)

    def test_an_access_token_may_come_as_a_cookie_from_pages_that_are_trusted(self):
        organization = self.api.get("/keys").headers["X-Organization-Id"]
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        user = self.api.get(f"/models/executions/{run}").json()["executed_by"]
        good = token(b"a secret for tests", {"sub": user, "org": organization, "type": "access",
                                             "exp": time.time() + 60})
        host = self.server.url.split("://")[1]

        def answer(cookie, **headers):
            return self.anonymous.get(f"/models/executions/{run}",
                                      headers={"Cookie": cookie, **headers})

        cookie = f"theme=dark; jaot_access_token={good}; other=x"
        for headers in ({}, {"Origin": f"http://{host}"}, {"Origin": f"https://{host.upper()}"},
                        {"Origin": "https://app.example.com"}):
            self.assertEqual(answer(cookie, **headers).json()["id"], run)
        self.assertIn("private", answer(cookie).headers["Cache-Control"])
        for origin in ("https://evil.example.com", "null", "*", "", f"http://{host}.example.com"):
            refused = answer(cookie, Origin=origin)
            self.assert_error(refused, 401, "unauthorized")
            self.assertEqual(refused.headers["WWW-Authenticate"], "Bearer")
        # A header counts for more; keys come by header only.
        self.assert_error(answer(cookie, Authorization="Bearer nonsense"), 401)
        for bad in (f"jaot_access_token={self.server.key}", f"jaot_access_token={good}x",
                    f"my_jaot_access_token={good}", "jaot_access_token=", "jaot_access_token", ";=;"):
            self.assert_error(answer(bad), 401)
        # A bad credential on a public route is ignored.
        self.assertEqual(self.anonymous.get("/health", headers={
            "Cookie": cookie, "Origin": "https://evil.example.com"}).status_code, 200)

    def test_the_command_line_manages_keys_while_the_server_runs(self):
        def keys(*arguments):
            return subprocess.run([SERVER, "keys", *arguments, "--database",
                                   str(self.server.database)], capture_output=True, text=True)

        made = keys("create", "--organization", "Acme", "--user", "Ann").stdout
        self.assertRegex(made, r"^ok_live_[0-9a-f]{64}\n$")
        with self.server.client(made.strip()) as client:
            self.assertEqual(client.get("/models/executions/all").json()["total"], 0)
            listed = json.loads(keys("list", "--organization", "Acme", "--json").stdout)
            self.assertEqual(keys("revoke", "--organization", "Acme", listed["id"]).returncode, 0)
            self.assert_error(client.get("/models/executions/all"), 401)
        missing = keys("list", "--organization", "Nobody")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("Nobody", missing.stderr)


    def test_names_that_are_no_text_are_refused_and_never_reach_a_terminal(self):
        def keys(*arguments):
            return subprocess.run([SERVER, "keys", *arguments, "--database",
                                   str(self.server.database)], capture_output=True)

        for place, bad in (("--organization", b"b\xff\xfe"), ("--user", b"\x1b[31mu"),
                           ("--name", b"n\n\x1b[2J")):
            names = {"--organization": "Terminal", "--user": "ann", "--name": "k", place: bad}
            made = keys("create", *[part for pair in names.items() for part in pair])
            self.assertEqual((made.returncode, made.stdout), (1, b""))
            self.assertNotRegex(made.stderr, rb"[\x00-\x09\x0b-\x1f\x7f-\xff]")
            self.assertIn(b"/" + place.strip("-").encode(), made.stderr)
        # What an older server has stored is shown harmlessly.
        keys("create", "--organization", "Terminal", "--user", "ann", "--name", "plain")
        with sqlite3.connect(self.server.database, timeout=30) as database:
            database.execute("UPDATE api_keys SET name = 'n\n\x1b[2J\x9b2J\x7fé' WHERE name = 'plain'")
            database.execute("UPDATE users SET name = 'a\x02' WHERE name = 'ann' AND organization_id"
                             " = (SELECT id FROM organizations WHERE name = 'Terminal')")
            database.execute("UPDATE organizations SET name = 'o2\x01' WHERE name = 'Terminal'")
        listed = keys("list", "--organization", "o2\x01").stdout.decode()
        self.assertEqual(listed.count("\n"), 2)
        self.assertIn(r"n\x0a\x1b[2J\x9b2J\x7fé", listed)
        # Its organizations and users get keys as before.
        more = keys("create", "--organization", "o2\x01", "--user", "a\x02")
        self.assertRegex(more.stdout, rb"^ok_live_[0-9a-f]{64}\n$", more.stderr)
        refused = keys("create", "--organization", "o2\x01", "--user", "b\x02")
        self.assertIn(b"/user", refused.stderr)


class FirstStart(unittest.TestCase):
    def test_the_first_key_is_printed_once(self):
        server = Server()
        try:
            server.start()
            key = server.key
            self.assertIsNotNone(key)
            server.stop()
            server.key = None
            server.start()
            self.assertIsNone(server.key)
            with server.client(key) as client:
                self.assertEqual(client.get("/models/executions/all").status_code, 200)
        finally:
            server.remove()

    def test_the_first_key_can_be_chosen(self):
        key = "ok_live_chosen_by_the_operator_0123456789"
        with Server(environment={"SOLVENT_BOOTSTRAP_KEY": key}) as server:
            self.assertIsNone(server.key)
            with server.client(key) as client:
                self.assertEqual(client.get("/models/executions/all").status_code, 200)

    def start_in_vain(self, server, stdout=subprocess.PIPE, **environment):
        """What a server says that is to end by itself."""
        done = subprocess.run(
            [SERVER, "serve", "--port", "0", "--database", str(server.database)], text=True,
            stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def assert_first_start(self, server):
        """The one key that the server prints works, and there is no other."""
        server.key = None
        server.start()
        self.assertIsNotNone(server.key)
        with server.client() as client:
            self.assertEqual(client.get("/keys").json()["total"], 1)

    def test_a_refused_key_does_not_count_as_the_first(self):
        server = Server()
        self.addCleanup(server.remove)
        said = self.start_in_vain(server, SOLVENT_BOOTSTRAP_KEY="secret")
        self.assertIn("SOLVENT_BOOTSTRAP_KEY must begin with ok_live_", said)
        self.assert_first_start(server)

    def test_a_start_that_was_killed_before_it_kept_the_key_does_not_count(self):
        server = Server()
        self.addCleanup(server.remove)
        server.start()
        server.stop()
        with sqlite3.connect(server.database) as database:
            database.execute("DELETE FROM api_keys")
        self.assert_first_start(server)

    def test_the_first_key_counts_once_it_has_been_printed(self):
        server = Server()
        self.addCleanup(server.remove)
        with open("/dev/full", "w", encoding="ascii") as full:
            self.assertIn("standard output", self.start_in_vain(server, stdout=full))
        self.assert_first_start(server)

    def test_no_key_is_printed_where_one_was_revoked(self):
        server = Server()
        self.addCleanup(server.remove)
        server.start()
        with server.client() as client:
            key = client.get("/keys").json()["items"][0]["id"]
            self.assertEqual(client.delete("/keys/" + key).status_code, 200)
        server.stop()
        server.key = None
        server.start()
        self.assertIsNone(server.key)


class Limits(ServerTest):
    flags = ("--rate-limit-solve", "5")

    def test_exactly_the_allowed_number_passes(self):
        answers = [self.api.post("/solve", json=SMALL) for _ in range(5)]
        self.assertEqual({answer.status_code for answer in answers}, {200})
        self.assertEqual([answer.headers["X-RateLimit-Remaining"] for answer in answers],
                         ["4", "3", "2", "1", "0"])
        refused = self.api.post("/solve", json=SMALL)
        body = self.assert_error(refused, 429, "rate_limit_exceeded")
        self.assertGreaterEqual(body["retry_after"], 1)
        self.assertEqual(int(refused.headers["Retry-After"]), body["retry_after"])
        self.assertEqual((body["limit"], body["remaining"]), (5, 0))
        # Another organization has a limit of its own, and reads are not counted.
        self.assertEqual(self.other.post("/solve", json=SMALL).status_code, 200)
        self.assertEqual(self.api.get("/models/executions/all").status_code, 200)


if __name__ == "__main__":
    unittest.main()
