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


class Secrets(ServerTest):
    flags = ("--rate-limit-read", "0")

    def trigger_body(self):
        document = self.api.post("/builder", json={"name": "d", "model_json": FLAT}).json()
        version = self.api.post(f"/builder/{document['id']}/versions",
                                json={"canvas_json": {}, "version_name": "v"}).json()
        return {"name": "t", "document_id": document["id"], "version_id": version["id"]}

    def repeated(self, path, body, secret, key="once"):
        """The first answer, after the same request again has been looked at."""
        headers = {"Idempotency-Key": key}
        first = self.api.post(path, json=body, headers=headers)
        self.assertIn(first.status_code, (200, 201), first.text)
        self.assertNotIn("Idempotent-Replay", first.headers)
        self.assertNotIn("secret_withheld", first.json())
        again = self.api.post(path, json=body, headers=headers)
        self.assertEqual(again.status_code, first.status_code)
        self.assertEqual(again.headers["Idempotent-Replay"], "true")
        expected = dict(first.json(), secret_withheld=True)
        self.assertTrue(expected[secret])
        expected[secret] = None
        self.assertEqual(again.json(), expected)
        return first.json()

    def test_a_key_is_made_once_and_shown_once(self):
        before = self.api.get("/keys").json()["total"]
        made = self.repeated("/keys", {"name": "laptop"}, "api_key")
        self.assertEqual(self.api.get("/keys").json()["total"], before + 1)
        other = self.api.post("/keys", json={"name": "other"}, headers={"Idempotency-Key": "once"})
        self.assert_error(other, 422, "idempotency_key_reused")
        strangers = self.other.post("/keys", json={"name": "laptop"},
                                    headers={"Idempotency-Key": "once"}).json()
        self.assertNotEqual(strangers["id"], made["id"])
        self.api.delete(f"/keys/{made['id']}")
        again = self.api.post("/keys", json={"name": "laptop"}, headers={"Idempotency-Key": "once"})
        self.assertFalse(again.json()["is_active"])

    def test_a_repeated_key_needs_no_room(self):
        made = self.api.post("/keys", json={"name": "first"}, headers={"Idempotency-Key": "r"}).json()
        answers = [self.api.post("/keys", json={"name": "k"}) for _ in range(30)]
        self.assertEqual(answers[-1].status_code, 409)
        again = self.api.post("/keys", json={"name": "first"}, headers={"Idempotency-Key": "r"})
        self.assertEqual(again.json()["id"], made["id"])
        for answer in answers:
            if answer.status_code == 200:
                self.api.delete(f"/keys/{answer.json()['id']}")

    def test_a_trigger_is_made_once_and_its_secret_rotated_once(self):
        body = self.trigger_body()
        made = self.repeated("/triggers", body, "trigger_secret")
        self.assertEqual(len(self.api.get("/triggers").json()), 1)
        rotate = f"/triggers/{made['id']}/rotate-secret"
        rotated = self.repeated(rotate, {}, "trigger_secret")
        self.assertNotEqual(rotated["trigger_secret"], made["trigger_secret"])
        # The secret that was told is still the one in force.
        fired = self.api.post(f"/triggers/{made['id']}/fire", json={},
                              headers={"Authorization": "Bearer " + rotated["trigger_secret"]})
        self.assertEqual(fired.status_code, 202, fired.text)
        other = self.repeated(rotate, {}, "trigger_secret", key="twice")
        self.assertNotEqual(other["trigger_secret"], rotated["trigger_secret"])
        self.api.delete(f"/triggers/{made['id']}")
        gone = self.api.post("/triggers", json=body, headers={"Idempotency-Key": "once"})
        self.assert_error(gone, 404, "not_found")
        gone = self.api.post(rotate, headers={"Idempotency-Key": "once"})
        self.assert_error(gone, 404, "not_found")


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
