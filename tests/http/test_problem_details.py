"""Errors as RFC 9457 has them, for clients that ask."""

import unittest

from harness import ServerTest, problem

PROBLEM = "application/problem+json"
USUAL = ("error", "message", "error_code", "status_code")


class ProblemDetails(ServerTest):
    flags = ("--credits", "0")

    def assert_problem(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"], PROBLEM)
        body = response.json()
        self.assertEqual(body["type"], "urn:solvent:problem:" + code)
        self.assertEqual((body["status"], body["code"]), (status, code))
        self.assertEqual(body["request_id"], response.headers["X-Request-ID"])
        self.assertTrue(body["title"] and body["detail"])
        self.assertEqual(
            body["instance"], f"{response.request.url.path}#{body['request_id']}"
        )
        for name in USUAL:
            self.assertNotIn(name, body)
        return body

    def test_every_kind_of_error_has_the_form(self):
        api = self.server.client(headers={"Accept": PROBLEM})
        anonymous = self.server.client("", headers={"Accept": f"application/json, {PROBLEM}"})
        try:
            self.assert_problem(api.get("/models/mdl_none"), 404, "not_found")
            self.assert_problem(api.get("/no/such/route"), 404, "not_found")
            answer = api.delete("/health")
            self.assert_problem(answer, 405, "method_not_allowed")
            self.assertIn("GET", answer.headers["Allow"])
            answer = anonymous.get("/models")
            self.assert_problem(answer, 401, "unauthorized")
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
            self.assert_problem(
                api.post("/solve", content="x", headers={"Content-Type": "text/plain"}),
                415, "unsupported_media_type",
            )
            self.assert_problem(
                api.post("/solve", content="{", headers={"Content-Type": "application/json"}),
                400, "bad_request",
            )
            body = self.assert_problem(
                api.post("/solve", json={"variables": 1}), 422, "validation_error"
            )
            self.assertTrue(all({"loc", "msg", "type"} <= set(e) for e in body["errors"]))
            body = self.assert_problem(
                api.post("/solve", json=problem("maximize", "x", {"x": {"upper_bound": 1}})),
                402, "insufficient_credits",
            )
            self.assertIn("credits_needed", body)
            # Routes with errors in a form of their own speak this one too.
            self.assert_problem(api.get("/jobs/none"), 404, "not_found")
            self.assert_problem(api.get("/ws/executions/exe_1"), 426, "upgrade_required")
        finally:
            api.close()
            anonymous.close()

    def test_nobody_else_gets_it(self):
        for accept in ("*/*", "application/json", "application/*", f"{PROBLEM};q=0", "text/html",
                       f"application/json, {PROBLEM};q=0.5"):
            answer = self.api.get("/models/mdl_none", headers={"Accept": accept})
            self.assert_error(answer, 404, "not_found")
            self.assertEqual(answer.headers["Content-Type"], "application/json")

    def test_success_is_not_concerned(self):
        answer = self.api.get("/models", headers={"Accept": PROBLEM})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/json")


if __name__ == "__main__":
    unittest.main()
