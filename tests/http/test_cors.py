"""Pages of other origins."""

import subprocess
import unittest

from harness import SERVER, ServerTest

APP = "https://app.example.com"


class SomeOrigins(ServerTest):
    flags = ("--cors-origin", APP, "--cors-origin", "http://localhost:3000")

    def test_an_allowed_page_reads_answers_and_their_headers(self):
        for origin in (APP, "http://localhost:3000"):
            for path in ("/models", "/models/mdl_none", "/no/such/route", "/health"):
                answer = self.api.get(path, headers={"Origin": origin})
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin)
                self.assertIn("Origin", answer.headers["Vary"])
                exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
                for name in ("ETag", "Link", "X-Request-ID", "Location", "Idempotent-Replay"):
                    self.assertIn(name, exposed)
                self.assertNotIn("Access-Control-Allow-Credentials", answer.headers)

    def test_others_are_told_nothing(self):
        for origin in ("https://evil.example.com", "null", APP + ".evil.com", APP + ":8443",
                       APP.upper(), "http://app.example.com", ""):
            answer = self.api.get("/models", headers={"Origin": origin})
            self.assertEqual(answer.status_code, 200)
            self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
            # A cache must not give this answer to an allowed page.
            self.assertIn("Origin", answer.headers["Vary"])
        self.assertIn("Origin", self.api.get("/models").headers["Vary"])

    def test_a_preflight_needs_no_credential(self):
        answer = self.anonymous.options("/models/mdl_1", headers={
            "Origin": APP, "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,if-match,content-type"})
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], APP)
        self.assertIn("PATCH", answer.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        for name in ("authorization", "content-type", "if-match", "if-none-match",
                     "idempotency-key", "mcp-protocol-version", "content-encoding"):
            self.assertIn(name, allowed)
        self.assertGreater(int(answer.headers["Access-Control-Max-Age"]), 0)
        self.assertNotIn("Access-Control-Allow-Credentials", answer.headers)
        answer = self.anonymous.options("/models", headers={
            "Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"})
        self.assertNotIn("Access-Control-Allow-Methods", answer.headers)
        answer = self.anonymous.options("/no/such/route", headers={
            "Origin": APP, "Access-Control-Request-Method": "POST"})
        self.assertEqual(answer.status_code, 404)

    def test_plain_options_is_no_preflight(self):
        answer = self.anonymous.options("/models", headers={"Origin": APP})
        self.assertEqual(answer.status_code, 204)
        self.assertIn("GET", answer.headers["Allow"])
        self.assertNotIn("Access-Control-Allow-Methods", answer.headers)


class AllOrigins(ServerTest):
    flags = ("--cors-origin", "*")

    def test_every_page_may_read(self):
        for origin in ("https://any.example.com", "null"):
            answer = self.api.get("/models", headers={"Origin": origin})
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
            self.assertNotIn("Access-Control-Allow-Credentials", answer.headers)
            self.assertNotIn("Origin", answer.headers.get("Vary", ""))


class NoOrigins(ServerTest):
    def test_nothing_is_said_unless_asked_for(self):
        answer = self.api.get("/models", headers={"Origin": APP})
        answers = [answer, self.anonymous.options("/models", headers={
            "Origin": APP, "Access-Control-Request-Method": "GET"})]
        for answer in answers:
            for name in answer.headers:
                self.assertFalse(name.lower().startswith("access-control-"), name)

    def test_what_is_no_origin_is_refused_at_the_start(self):
        for origin in ("app.example.com", "https://app.example.com/", "https://a.com, b.com",
                       "https://*.example.com", "HTTPS://APP.EXAMPLE.COM", "https://",
                       "https://u@h", ""):
            done = subprocess.run([SERVER, "serve", "--port", "0", "--cors-origin", origin],
                                  capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0, origin)


if __name__ == "__main__":
    unittest.main()
