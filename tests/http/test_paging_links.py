"""Links between the pages of lists."""

import re
import unittest
import urllib.parse

from harness import ServerTest, problem

LINK = re.compile(r'<([^<>" ]*)>; rel="([a-z]+)"')


def links(response):
    header = response.headers["Link"]
    found = {relation: target for target, relation in LINK.findall(header)}
    assert ", ".join(f'<{t}>; rel="{r}"' for r, t in found.items()) == header, header
    return found


class PagingLinks(ServerTest):
    flags = ("--rate-limit-read", "0", "--rate-limit-solve", "0", "--rate-limit-public", "0")

    def follow(self, client, path, items, most=50):
        """All items, by way of the next links."""
        target = "/api/v2" + path
        seen = []
        for _ in range(most):
            response = client.get(client.base_url.join(target))
            self.assertEqual(response.status_code, 200, response.text)
            seen += items(response.json())
            target = links(response).get("next")
            if target is None:
                return seen
        self.fail("the links never end")

    def page(self, path, **query):
        response = self.api.get(path, params=query)
        self.assertEqual(response.status_code, 200, response.text)
        return links(response)

    def test_the_links_lead_through_a_counted_list(self):
        catalog = self.anonymous.get("/models/catalog", params={"page_size": 100}).json()
        seen = self.follow(self.anonymous, "/models/catalog?page_size=7", lambda b: b["items"])
        self.assertEqual([m["id"] for m in seen], [m["id"] for m in catalog["items"]])
        pages = -(-catalog["total"] // 7)
        base = "/api/v2/models/catalog?page_size=7&page="
        self.assertEqual(
            self.page("/models/catalog", page_size=7),
            {"first": base + "1", "next": base + "2", "last": f"{base}{pages}"},
        )
        self.assertEqual(
            self.page("/models/catalog", page_size=7, page=2),
            {"first": base + "1", "prev": base + "1", "next": base + "3", "last": f"{base}{pages}"},
        )
        self.assertEqual(
            self.page("/models/catalog", page_size=7, page=pages),
            {"first": base + "1", "prev": f"{base}{pages - 1}", "last": f"{base}{pages}"},
        )
        # Beyond the end, prev leads back to where something is.
        self.assertEqual(
            self.page("/models/catalog", page_size=7, page=1000),
            {"first": base + "1", "prev": f"{base}{pages}", "last": f"{base}{pages}"},
        )

    def test_an_empty_list_is_its_own_only_page(self):
        path = "/api/v2/models?search=nothing-has-this-name&page=1"
        self.assertEqual(
            self.page("/models", search="nothing-has-this-name"), {"first": path, "last": path}
        )

    def test_filters_are_kept_as_they_were_sent(self):
        query = "?search=a%26b+c&category=%C3%A9&page_size=1&x=<>%22&is_active=true"
        response = self.api.get("/models" + query)
        target = urllib.parse.urlsplit(links(response)["first"])
        self.assertEqual(target.path, "/api/v2/models")
        self.assertEqual(
            urllib.parse.parse_qsl(target.query),
            [("search", "a&b c"), ("category", "\u00e9"), ("page_size", "1"), ("x", '<>"'),
             ("is_active", "true"), ("page", "1")],
        )

    def test_a_target_cannot_break_out_of_the_header(self):
        import socket

        host, port = self.server.url.split("//")[1].split(":")
        with socket.create_connection((host, int(port))) as s:
            s.sendall(
                b'GET /api/v2/models?x=>;rel="next",<http://evil/&page=1 HTTP/1.1\r\n'
                b"Host: x\r\nConnection: close\r\n"
                b"Authorization: Bearer " + self.server.key.encode() + b"\r\n\r\n"
            )
            data = b""
            while piece := s.recv(65536):
                data += piece
        head = data.split(b"\r\n\r\n")[0].decode()
        header = re.search(r"(?mi)^link: (.*)$", head)[1].strip()
        self.assertEqual([r for _, r in LINK.findall(header)], ["first", "last"])
        self.assertNotIn("<http", header)

    def test_lists_that_nobody_counts_go_on_while_pages_are_full(self):
        made = [self.api.post("/builder", json={"name": f"d{i}"}).json()["id"] for i in range(5)]
        seen = self.follow(self.api, "/builder?limit=2", lambda b: b)
        self.assertEqual([d["id"] for d in seen], made[::-1])
        base = "/api/v2/builder?limit=2&skip="
        self.assertEqual(
            self.page("/builder", limit=2, skip=3),
            {"first": base + "0", "prev": base + "1", "next": base + "5"},
        )
        self.assertEqual(
            self.page("/builder", limit=2, skip=5), {"first": base + "0", "prev": base + "3"}
        )
        path = f"/builder/{made[0]}/versions"
        for i in range(3):
            self.api.post(path, json={"canvas_json": {"i": i}})
        seen = self.follow(self.api, path + "?limit=2", lambda b: b)
        self.assertEqual([v["sequence"] for v in seen], [3, 2, 1])

        for i in range(3):
            flat = problem("maximize", "x", {"x": {"upper_bound": i + 1}})
            self.assertEqual(self.api.post("/solve", json=flat).status_code, 200)
        seen = self.follow(self.api, "/credits/transactions?limit=2", lambda b: b)
        self.assertEqual(len(seen), len({e["id"] for e in seen}))
        self.assertGreaterEqual(len(seen), 3)

        seen = self.follow(self.api, "/models/executions/all?page_size=2", lambda b: b["items"])
        self.assertGreaterEqual(len(seen), 3)

    def test_every_list_with_pages_has_links(self):
        for path in ("/models", "/models/catalog", "/models/executions/all", "/keys", "/builder",
                     "/credits/transactions", "/jobs"):
            self.assertIn("first", self.page(path), path)

    def test_the_lists_of_batches_are_linked(self):
        model = self.api.post(
            "/models", json={"name": "m", "generator_type": "generic"}
        ).json()["id"]
        names = [f"job-{i}" for i in range(3)]
        for name in names:
            made = self.api.post(
                "/jobs", json={"metadata": {"name": name}, "spec": {"modelId": model}}
            )
            self.assertEqual(made.status_code, 200, made.text)
        seen = self.follow(self.api, "/jobs?limit=2", lambda b: b)
        self.assertEqual(len(seen), 3)
        base = "/api/v2/jobs?limit=2&offset="
        self.assertEqual(
            self.page("/jobs", limit=2), {"first": base + "0", "next": base + "2", "last": base + "2"}
        )
        path = f"/jobs/{names[0]}/executions"
        flat = problem("maximize", "x", {"x": {"upper_bound": 1}})
        made = self.api.post(path, json={"tasks": [{"input_data": flat} for _ in range(5)]})
        self.assertEqual(made.status_code, 200, made.text)
        tasks = f"{path}/{made.json()['executionId']}/tasks?limit=2"
        seen = self.follow(self.api, tasks, lambda b: b["data"])
        self.assertEqual(len(seen), 5)
        self.assertIn("first", self.page(path))


if __name__ == "__main__":
    unittest.main()
