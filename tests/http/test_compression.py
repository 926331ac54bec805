"""Answers and request bodies in the gzip coding."""

import gzip
import json
import unittest
import zlib

import httpx

from harness import ServerTest, problem

SMALL = problem("maximize", "x", {"x": {"upper_bound": 1}})
LARGE = problem("maximize", "x0", {f"x{i}": {"upper_bound": i + 1} for i in range(300)})


class Compression(ServerTest):
    flags = ("--rate-limit-read", "0", "--rate-limit-solve", "0", "--rate-limit-public", "0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Looks at bytes as they come, before anybody reads them.
        cls.wire = httpx.Client(timeout=60, verify=False)

    @classmethod
    def tearDownClass(cls):
        cls.wire.close()
        super().tearDownClass()

    def raw(self, path, accept=None, method="GET", client=None, base="/api/v2"):
        """The answer with its body as it came over the wire."""
        client = client or self.api
        request = client.build_request(method, self.server.url + base + path)
        request.headers.pop("Accept-Encoding", None)
        if accept is not None:
            request.headers["Accept-Encoding"] = accept
        response = self.wire.send(request, stream=True)
        body = b"".join(response.iter_raw())
        response.close()
        return response, body

    def test_large_texts_are_compressed_for_who_takes_gzip(self):
        path = "/models/catalog?page_size=50"
        plain, body = self.raw(path)
        self.assertNotIn("Content-Encoding", plain.headers)
        self.assertIn("Accept-Encoding", plain.headers["Vary"])
        for accept in ("gzip", "gzip, deflate, br", "x-gzip", "*", "br;q=1, gzip;q=0.5",
                       "identity;q=0, gzip;q=0.1"):
            packed, data = self.raw(path, accept)
            self.assertEqual(packed.headers["Content-Encoding"], "gzip", accept)
            self.assertEqual(packed.headers["Content-Type"], "application/json")
            self.assertIn("Accept-Encoding", packed.headers["Vary"])
            self.assertEqual(int(packed.headers["Content-Length"]), len(data))
            self.assertLess(len(data), len(body) / 2)
            self.assertEqual(gzip.decompress(data), body)
        for accept in ("", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0.1, identity;q=0.9"):
            answer, data = self.raw(path, accept)
            self.assertNotIn("Content-Encoding", answer.headers, accept)
            self.assertEqual(data, body)
        head, data = self.raw(path, "gzip", method="HEAD")
        self.assertEqual((head.headers["Content-Encoding"], data), ("gzip", b""))

    def test_small_answers_stay_as_they_are(self):
        for path in ("/health", "/models/mdl_none"):
            answer, _ = self.raw(path, "gzip")
            self.assertNotIn("Content-Encoding", answer.headers)

    def test_metrics_and_errors_are_texts_too(self):
        answer, data = self.raw("/metrics", "gzip", base="")
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertIn(b"# TYPE", gzip.decompress(data))

    def test_live_events_are_not_compressed(self):
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        answer, data = self.raw(f"/models/executions/{run}/events", "gzip")
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], "text/event-stream")
        self.assertNotIn("Content-Encoding", answer.headers)
        self.assertIn(b"data:", data)

    def test_the_tag_tells_codings_apart_and_states_not(self):
        made = self.api.post("/builder", json={"name": "d", "model_json": LARGE})
        path = "/builder/" + made.json()["id"]
        plain, _ = self.raw(path)
        packed, _ = self.raw(path, "gzip")
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        tag, packed_tag = plain.headers["ETag"], packed.headers["ETag"]
        self.assertNotEqual(tag, packed_tag)
        for known in (tag, packed_tag):
            self.assertEqual(self.api.get(path, headers={"If-None-Match": known}).status_code, 304)
        answer = self.api.put(path, json={"name": "e"}, headers={"If-Match": packed_tag})
        self.assertEqual(answer.status_code, 200, answer.text)
        answer = self.api.put(path, json={"name": "f"}, headers={"If-Match": packed_tag})
        self.assert_error(answer, 412, "precondition_failed")

    def test_the_console_comes_compressed(self):
        plain, body = self.raw("/", base="", client=self.anonymous)
        packed, data = self.raw("/", "gzip", base="", client=self.anonymous)
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(data), body)
        self.assertIn("Accept-Encoding", plain.headers["Vary"])
        again = self.anonymous.get(
            self.server.url + "/", headers={"If-None-Match": packed.headers["ETag"]}
        )
        self.assertEqual(again.status_code, 304)

    # What is sent.

    def send(self, data, path="/solve", coding="gzip", **headers):
        return self.api.post(path, content=data, headers={
            "Content-Type": "application/json", "Content-Encoding": coding, **headers})

    def test_a_compressed_body_is_read(self):
        plain = self.api.post("/solve", json=LARGE).json()
        text = json.dumps(LARGE).encode()
        for coding in ("gzip", "GZIP", "x-gzip"):
            answer = self.send(gzip.compress(text), coding=coding)
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertEqual(answer.json()["objective_value"], plain["objective_value"])

        def chunks():
            data = gzip.compress(text)
            for at in range(0, len(data), 100):
                yield data[at:at + 100]

        answer = self.wire.post(self.api.base_url.join("solve"), content=chunks(), headers={
            **self.api.headers, "Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(self.send(text, coding="identity").status_code, 200)

    def test_other_codings_are_refused_with_what_would_do(self):
        text = json.dumps(SMALL).encode()
        for coding in ("br", "deflate", "zstd", "gzip, gzip", "gzip, br", "aes128gcm"):
            answer = self.send(zlib.compress(text), coding=coding)
            self.assert_error(answer, 415, "unsupported_media_type")
            self.assertIn("gzip", answer.headers["Accept-Encoding"])

    def test_a_broken_body_is_the_clients_fault(self):
        data = gzip.compress(json.dumps(LARGE).encode())
        for broken in (data[:-1], data[:20], data[1:], data + b"x", b"{}", zlib.compress(b"{}")):
            self.assert_error(self.send(broken), 400, "bad_request")
        self.assert_error(self.send(gzip.compress(b"{")), 400, "bad_request")

    def test_a_bomb_is_refused_at_the_routes_limit(self):
        # 64 MB of zeros in 64 kB, and the same twice over.
        bomb = gzip.compress(b" " * (64 << 20))
        self.assertLess(len(bomb), 200_000)
        self.assert_error(self.send(bomb), 413, "payload_too_large")
        self.assert_error(self.send(bomb, path="/keys"), 413, "payload_too_large")
        self.assert_error(self.send(gzip.compress(bomb)), 400, "bad_request")
        # The limit of a route is that of the decompressed body.
        allowed = b" " * ((1 << 20) - 100) + b'{"name": "k"}'
        self.assertEqual(self.send(gzip.compress(allowed), path="/keys").status_code, 200)
        self.assertEqual(self.api.get("/health").status_code, 200)

    def test_who_is_not_known_may_not_make_much_of_little(self):
        def validate(api, size):
            body = b" " * size + json.dumps(SMALL).encode()
            return api.post("/solve/validate", content=gzip.compress(body), headers={
                "Content-Type": "application/json", "Content-Encoding": "gzip"})

        self.assertEqual(validate(self.anonymous, 1 << 19).status_code, 200)
        self.assert_error(validate(self.anonymous, 1 << 20), 413, "payload_too_large")

    def test_an_unread_compressed_body_does_no_harm(self):
        answer = self.anonymous.post("/solve", content=gzip.compress(b" " * (8 << 20)), headers={
            "Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.assert_error(answer, 401, "unauthorized")

    def test_an_idempotency_key_knows_a_body_by_its_content(self):
        text = json.dumps(SMALL).encode()
        first = self.send(text, coding="identity", **{"Idempotency-Key": "one"})
        again = self.send(gzip.compress(text), **{"Idempotency-Key": "one"})
        self.assertEqual(first.json()["execution_id"], again.json()["execution_id"])
        self.assertEqual(again.headers["Idempotent-Replay"], "true")


if __name__ == "__main__":
    unittest.main()
