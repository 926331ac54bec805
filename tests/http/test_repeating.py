"""Creating things again with the same idempotency key."""

import concurrent.futures
import threading
import unittest

from harness import Server, ServerTest, problem

FLAT = problem("maximize", "x", {"x": {"upper_bound": 3}})


class Repeating(ServerTest):
    flags = ("--rate-limit-read", "0")

    CREATED = (
        ("/models", {"name": "m", "generator_type": "generic"}, {"name": "other",
                                                                "generator_type": "generic"}),
        ("/builder", {"name": "d", "model_json": FLAT}, {"name": "other"}),
    )

    def create(self, path, body, key, client=None):
        headers = {"Idempotency-Key": key} if key else {}
        return (client or self.api).post(path, json=body, headers=headers)

    def count(self, path):
        found = self.api.get(path, params={"limit": 100, "page_size": 100}).json()
        return len(found["items"] if isinstance(found, dict) else found)

    def test_a_repeated_request_gets_what_the_first_one_created(self):
        for path, body, _ in self.CREATED:
            first = self.create(path, body, "again")
            self.assertIn(first.status_code, (200, 201), first.text)
            self.assertNotIn("Idempotent-Replay", first.headers)
            before = self.count(path)
            # Members in another order are the same request.
            for same in (body, dict(reversed(body.items()))):
                again = self.create(path, same, "again")
                self.assertEqual(again.status_code, first.status_code)
                self.assertEqual(again.json(), first.json())
                self.assertEqual(again.headers["ETag"], first.headers["ETag"])
                self.assertEqual(again.headers["Idempotent-Replay"], "true")
            self.assertEqual(self.count(path), before)

    def test_a_key_is_for_one_request_of_one_organization_on_one_route(self):
        for path, body, different in self.CREATED:
            first = self.create(path, body, "mine")
            answer = self.create(path, different, "mine")
            self.assert_error(answer, 422, "idempotency_key_reused")
            strangers = self.create(path, body, "mine", self.other)
            self.assertNotEqual(strangers.json()["id"], first.json()["id"])
            self.assertNotIn("Idempotent-Replay", strangers.headers)
            for key in ("mine too", "", "x" * 256):
                if key == "":
                    answer = self.api.post(path, json=body, headers={"Idempotency-Key": ""})
                else:
                    answer = self.create(path, body, key)
                self.assert_error(answer, 422, "validation_error")

    def test_without_a_key_everything_is_new(self):
        for path, body, _ in self.CREATED:
            ids = {self.create(path, body, None).json()["id"] for _ in range(3)}
            self.assertEqual(len(ids), 3)

    def test_a_request_that_failed_is_not_remembered(self):
        bad = self.create("/models", {"name": ""}, "second-try")
        self.assert_error(bad, 422)
        good = self.create("/models", {"name": "m", "generator_type": "generic"}, "second-try")
        self.assertEqual(good.status_code, 200, good.text)

    def test_of_requests_at_once_one_creates(self):
        for path, body, _ in self.CREATED:
            before = self.count(path)
            gate = threading.Barrier(6)

            def create(_):
                with self.server.client() as client:
                    client.get("/health")
                    gate.wait()
                    return self.create(path, body, "rush", client)

            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                answers = list(pool.map(create, range(6)))
            self.assertEqual(len({a.json()["id"] for a in answers}), 1)
            replays = [a for a in answers if "Idempotent-Replay" in a.headers]
            self.assertEqual(len(replays), 5)
            self.assertEqual(self.count(path), before + 1)

    def test_what_is_deleted_does_not_come_back(self):
        first = self.create("/builder", {"name": "gone"}, "deleted").json()
        self.api.delete(f"/builder/{first['id']}")
        self.assert_error(self.create("/builder", {"name": "gone"}, "deleted"), 404, "not_found")


class Lasting(unittest.TestCase):
    def test_keys_outlive_a_kill(self):
        with Server() as server:
            made = []
            with server.client() as api:
                for path, body, _ in Repeating.CREATED:
                    made.append(api.post(path, json=body, headers={"Idempotency-Key": "k"}).json())
            key = server.key
            server.kill()
            server.start()
            with server.client(key) as api:
                for (path, body, _), first in zip(Repeating.CREATED, made):
                    again = api.post(path, json=body, headers={"Idempotency-Key": "k"})
                    self.assertEqual(again.json(), first)
                    self.assertEqual(again.headers["Idempotent-Replay"], "true")


if __name__ == "__main__":
    unittest.main()
