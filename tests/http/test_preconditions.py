"""Entity tags of models and documents, and changes that depend on them."""

import concurrent.futures
import threading
import unittest

from harness import ServerTest, problem

PLAIN = {"Accept-Encoding": "identity"}  # a compressed answer has a tag of its own
FLAT = problem("maximize", "x", {"x": {"upper_bound": 3}})


class Preconditions(ServerTest):
    flags = ("--rate-limit-read", "0", "--rate-limit-solve", "0", "--rate-limit-public", "0")

    def model(self, **more):
        body = {"name": "m", "generator_type": "generic", **more}
        response = self.api.post("/models", json=body)
        self.assertEqual(response.status_code, 200, response.text)
        return "/models/" + response.json()["id"], response.headers["ETag"]

    def document(self):
        response = self.api.post("/builder", json={"name": "d", "model_json": FLAT})
        self.assertEqual(response.status_code, 201, response.text)
        return "/builder/" + response.json()["id"], response.headers["ETag"]

    def assert_strong(self, tag):
        self.assertRegex(tag, r'^"[\x21\x23-\x7e]+"$')

    def test_an_unchanged_answer_is_not_sent_again(self):
        listing = self.anonymous.get("/models/catalog").json()["items"][0]["id"]
        model, _ = self.model()
        document, _ = self.document()
        for client, path in (
            (self.api, model),
            (self.api, model + "/schema"),
            (self.api, document),
            (self.anonymous, f"/models/catalog/{listing}"),
            (self.anonymous, f"/models/catalog/{listing}/schema"),
        ):
            first = client.get(path, headers=PLAIN)
            tag = first.headers["ETag"]
            self.assert_strong(tag)
            self.assertEqual(client.head(path, headers=PLAIN).headers["ETag"], tag)
            for known in (tag, "W/" + tag, f'"other", {tag}', "*"):
                again = client.get(path, headers={"If-None-Match": known, **PLAIN})
                self.assertEqual((again.status_code, again.content), (304, b""), known)
                self.assertEqual(again.headers["ETag"], tag)
                self.assertNotIn("Content-Length", again.headers)
            for unknown in ('"other"', "nonsense", tag.strip('"')):
                again = client.get(path, headers={"If-None-Match": unknown, **PLAIN})
                self.assertEqual((again.status_code, again.content), (200, first.content))

    def test_every_change_gives_another_tag(self):
        model, tag = self.model()
        self.assertEqual(self.api.get(model).headers["ETag"], tag)
        seen = {tag}
        for change in ({"custom_name": "n"}, {"is_favorite": True}, {"is_active": True}, {}):
            answered = self.api.patch(model, json=change).headers["ETag"]
            self.assertEqual(self.api.get(model).headers["ETag"], answered)
            seen.add(answered)
        self.assertEqual(len(seen), 5)

        document, tag = self.document()
        seen = {tag}
        for change in ({"name": "n"}, {"canvas_json": {"nodes": []}}, {}):
            answered = self.api.put(document, json=change).headers["ETag"]
            self.assertEqual(self.api.get(document).headers["ETag"], answered)
            seen.add(answered)
        self.assertEqual(len(seen), 4)

    def test_a_change_from_an_old_state_is_refused(self):
        for make, method, change in (
            (self.model, "PATCH", {"custom_name": "mine"}),
            (self.document, "PUT", {"name": "mine"}),
        ):
            path, old = make()
            self.assertEqual(self.api.request(method, path, json=change).status_code, 200)
            now = self.api.get(path)
            lost = {**change, next(iter(change)): "lost"}
            for tags in (old, f'"x", {old}', "W/" + now.headers["ETag"]):
                answer = self.api.request(method, path, json=lost, headers={"If-Match": tags})
                self.assert_error(answer, 412, "precondition_failed")
                self.assert_error(
                    self.api.delete(path, headers={"If-Match": tags}), 412, "precondition_failed"
                )
            again = self.api.get(path)
            self.assertEqual(again.content, now.content)
            self.assertEqual(again.headers["ETag"], now.headers["ETag"])
            for tags in (f'"x", {again.headers["ETag"]}', "*"):
                answer = self.api.request(method, path, json=change, headers={"If-Match": tags})
                self.assertEqual(answer.status_code, 200, answer.text)
            tag = self.api.get(path).headers["ETag"]
            answer = self.api.delete(path, headers={"If-Match": tag})
            self.assertIn(answer.status_code, (200, 204))

    def test_versions_are_kept_and_restored_only_from_the_state_that_was_seen(self):
        path, old = self.document()
        kept = self.api.post(
            path + "/versions", json={"canvas_json": {"a": 1}}, headers={"If-Match": old}
        )
        self.assertEqual(kept.status_code, 201, kept.text)
        # Keeping a version leaves the document as it is.
        self.assertEqual(self.api.get(path).headers["ETag"], old)
        new = self.api.put(path, json={"name": "other"}).headers["ETag"]
        count = len(self.api.get(path + "/versions").json())
        restore = f"{path}/versions/{kept.json()['id']}/restore"
        body = {"current_canvas_json": {"b": 2}}
        self.assert_error(
            self.api.post(
                path + "/versions", json={"canvas_json": {"c": 3}}, headers={"If-Match": old}
            ),
            412,
        )
        self.assert_error(self.api.post(restore, json=body, headers={"If-Match": old}), 412)
        self.assertEqual(len(self.api.get(path + "/versions").json()), count)
        restored = self.api.post(restore, json=body, headers={"If-Match": new})
        self.assertEqual(restored.status_code, 200, restored.text)
        self.assertEqual(self.api.get(path).headers["ETag"], restored.headers["ETag"])
        self.assertNotEqual(restored.headers["ETag"], new)

    def test_a_run_changes_the_tag_and_disturbs_no_edit(self):
        path, tag = self.model()
        self.assertEqual(
            self.api.post(path + "/execute", json={"input_data": FLAT}).status_code, 200
        )
        answer = self.api.get(path, headers={"If-None-Match": tag})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["total_executions"], 1)
        self.assertNotEqual(answer.headers["ETag"], tag)
        answer = self.api.patch(path, json={"custom_name": "n"}, headers={"If-Match": tag})
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_if_none_match_refuses_changes_too(self):
        path, tag = self.document()
        for tags in ("*", tag, "W/" + tag):
            answer = self.api.put(path, json={"name": "x"}, headers={"If-None-Match": tags})
            self.assert_error(answer, 412, "precondition_failed")
        answer = self.api.put(path, json={"name": "x"}, headers={"If-None-Match": '"other"'})
        self.assertEqual(answer.status_code, 200)

    def test_a_condition_that_cannot_be_read_is_named(self):
        path, _ = self.document()
        for tags in ("1763868079", '"a', '*, "a"', "'a'"):
            answer = self.api.put(path, json={"name": "x"}, headers={"If-Match": tags})
            body = self.assert_error(answer, 422, "validation_error")
            self.assertEqual(body["detail"][0]["loc"], ["header", "If-Match"])

    def test_strangers_learn_nothing(self):
        for make, method in ((self.model, "PATCH"), (self.document, "PUT")):
            path, tag = make()
            for tags in (tag, "*", '"other"'):
                answer = self.other.request(method, path, json={}, headers={"If-Match": tags})
                self.assert_error(answer, 404, "not_found")
                answer = self.other.get(path, headers={"If-None-Match": tags})
                self.assert_error(answer, 404, "not_found")

    def test_of_writers_that_start_from_the_same_state_one_wins(self):
        writers = 6
        for make, method, field in ((self.model, "PATCH", "custom_name"), (self.document, "PUT", "name")):
            path, tag = make()
            won = 0
            for _ in range(5):
                gate = threading.Barrier(writers)

                def write(number):
                    with self.server.client() as client:
                        client.get("/health")  # connected before the race begins
                        gate.wait()
                        return client.request(
                            method, path, json={field: f"writer {number}"}, headers={"If-Match": tag}
                        )

                with concurrent.futures.ThreadPoolExecutor(writers) as pool:
                    answers = list(pool.map(write, range(writers)))
                winners = [i for i, a in enumerate(answers) if a.status_code == 200]
                self.assertEqual(len(winners), 1, [a.text for a in answers])
                self.assertEqual({a.status_code for a in answers}, {200, 412})
                now = self.api.get(path)
                self.assertEqual(now.json()[field], f"writer {winners[0]}")
                tag = now.headers["ETag"]
                self.assertEqual(answers[winners[0]].headers["ETag"], tag)
                won += 1
            self.assertEqual(won, 5)


if __name__ == "__main__":
    unittest.main()
