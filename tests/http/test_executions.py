"""The record of executions: lists, pages, filters, isolation; and what clients of it do."""

import unittest

import requests

from harness import ServerTest, ended, problem

SMALL = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])
BROKEN = problem("minimize", "x", {"x": {}}, ["x >= 3", "x <= 1"])


class Lists(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = [cls.api.post("/solve", json=SMALL).json()["execution_id"] for _ in range(7)]
        cls.api.post("/solve", json=BROKEN)

    def list(self, **query):
        response = self.api.get("/models/executions/all", params=query)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def test_newest_first_with_results(self):
        page = self.list()
        self.assertEqual(page["total"], 8)
        self.assertEqual([item["id"] for item in page["items"]][1:], self.ids[::-1])
        times = [item["created_at"] for item in page["items"]]
        self.assertEqual(times, sorted(times, reverse=True))
        for item in page["items"][1:]:
            self.assertEqual(item["status"], "completed")
            self.assertEqual(item["result_data"]["objective_value"], 6)
        self.assertEqual(page["items"][0]["result_data"]["status"], "infeasible")
        self.assertIsNone(self.list(include_result="False")["items"][3]["result_data"])

    def test_pages_neither_repeat_nor_skip(self):
        seen = []
        for number in range(1, 5):
            page = self.list(page=number, page_size=3)
            self.assertEqual((page["total"], page["page"], page["page_size"]), (8, number, 3))
            self.assertEqual(page["total_pages"], 3)
            self.assertEqual(page["has_next"], number < 3)
            self.assertEqual(page["has_prev"], number > 1)
            seen += [item["id"] for item in page["items"]]
        self.assertEqual(len(seen), 8)
        self.assertEqual(seen[1:], self.ids[::-1])
        self.assertEqual(self.list(page=9999)["items"], [])

    def test_filters(self):
        self.assertEqual(self.list(status="completed")["total"], 8)
        self.assertEqual(self.list(status="failed")["total"], 0)
        self.assertEqual(self.list(origin="manual")["total"], 8)
        self.assertEqual(self.list(origin="triggered")["total"], 0)
        self.assertEqual(self.list(model_id="mdl_none", status="completed")["total"], 0)

    def test_bad_queries_are_named(self):
        for query in ("page=0", "page_size=0", "page_size=101", "page=abc", "page=1.5",
                      "status=done", "include_result=maybe"):
            response = self.api.get("/models/executions/all?" + query)
            answer = self.assert_error(response, 422)
            self.assertEqual(answer["detail"][0]["loc"], ["query", query.split("=")[0]])

    def test_strangers_see_nothing(self):
        self.assertEqual(self.other.get("/models/executions/all").json()["total"], 0)
        for odd in (self.ids[0], "exe_", "x" * 65, "%00", "..%2f..%2fetc", "%ff%fe"):
            self.assert_error(self.other.get("/models/executions/" + odd), 404, "not_found")

    def test_both_spellings_and_methods(self):
        self.assertEqual(self.api.get("/models/executions/all/").json()["total"], 8)
        head = self.api.head("/models/executions/all")
        self.assertEqual((head.status_code, head.content), (200, b""))
        wrong = self.api.delete("/models/executions/all")
        self.assert_error(wrong, 405, "method_not_allowed")
        self.assertIn("GET", wrong.headers["Allow"])
        self.assert_error(self.anonymous.get("/nowhere"), 404)
        self.assertEqual(self.anonymous.options("/models/executions/all").status_code, 204)

    def test_request_ids_come_back(self):
        for mine in ("mine-1", "abc 123", '~"quoted" = \\', "x" * 128):
            sent = self.api.get("/models/executions/all", headers={"X-Request-ID": mine})
            self.assertEqual(sent.headers["X-Request-ID"], mine)
        for unusable in (b"x" * 129, b"caf\xc3\xa9"):
            sent = self.api.get("/models/executions/all", headers={"X-Request-ID": unusable})
            self.assertRegex(sent.headers["X-Request-ID"], "^req_[0-9a-z]{12}$")
        self.assertTrue(self.api.get("/models/executions/all").headers["X-Request-ID"])


class Clients(ServerTest):
    """What the documentation's clients do, with both libraries that they use."""

    def test_a_listing_client(self):
        self.api.post("/solve", json=SMALL)
        response = requests.get(
            f"{self.server.url}/api/v2/models/executions/all",
            params={"status": "completed", "page_size": 5},
            headers={"Authorization": f"Bearer {self.server.key}"},
            timeout=30,
        )
        data = response.json()
        self.assertTrue(data["items"])
        for execution in data["items"]:
            self.assertEqual(execution["status"], "completed")
            self.assertEqual(execution["result_data"]["objective_value"], 6)
            self.assertIsInstance(execution["credits_used"], int)
            self.assertGreater(execution["credits_used"], 0)

    def test_a_polling_client(self):
        execution = self.api.post("/solve/async", json=SMALL).json()
        record = ended(self.api, execution["id"])
        self.assertEqual(record["result_data"]["objective_value"], 6)

    def test_a_long_answer_is_cut_in_lists_only(self):
        names = [f"v{i}" for i in range(1500)]
        body = problem("minimize", " + ".join(names), {n: {"lower_bound": 1} for n in names})
        run = self.api.post("/solve", json=body).json()
        self.assertEqual(len(run["variables"]), 1500)
        item = self.api.get("/models/executions/all?page_size=1").json()["items"][0]
        self.assertEqual(item["id"], run["execution_id"])
        self.assertEqual(len(item["result_data"]["variables"]), 1000)
        self.assertTrue(item["result_data"]["variables_truncated"])
        whole = self.api.get(f"/models/executions/{run['execution_id']}").json()
        self.assertEqual(len(whole["result_data"]["variables"]), 1500)


if __name__ == "__main__":
    unittest.main()
