"""Builder documents and their versions."""

import concurrent.futures
import unittest

from harness import ServerTest, problem


def canvas(*labels):
    return {
        "nodes": [{"id": f"n{i}", "data": {"label": label}} for i, label in enumerate(labels)],
        "edges": [],
    }


class Documents(ServerTest):
    # Retention takes more requests a minute than a stranger should get.
    flags = ("--rate-limit-read", "0")

    def document(self, **body):
        response = self.api.post("/builder", json=body)
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def version(self, document, labels, **more):
        response = self.api.post(
            f"/builder/{document['id']}/versions", json={"canvas_json": canvas(*labels), **more}
        )
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def versions(self, document, **query):
        response = self.api.get(f"/builder/{document['id']}/versions", params=query)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def test_a_new_document_has_defaults(self):
        made = self.document()
        self.assertRegex(made["id"], r"^doc_[0-9a-z]{16}$")
        self.assertEqual(made["name"], "Untitled Model")
        self.assertEqual(made["canvas_json"], {})
        self.assertIsNone(made["model_json"])
        self.assertIs(made["is_active"], True)
        self.assertRegex(made["organization_id"], "^org_")
        self.assertRegex(made["created_by"], "^usr_")
        self.assertEqual(self.api.get(f"/builder/{made['id']}").json(), made)

    def test_a_deleted_document_is_gone_everywhere(self):
        made = self.document(name="Short-lived")
        version = self.version(made, ["a"])
        self.assertIn(made["id"], [d["id"] for d in self.api.get("/builder").json()])
        response = self.api.delete(f"/builder/{made['id']}")
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertNotIn(made["id"], [d["id"] for d in self.api.get("/builder").json()])
        path = f"/builder/{made['id']}"
        at = f"{path}/versions/{version['id']}"
        for answer in (
            self.api.get(path),
            self.api.put(path, json={"name": "x"}),
            self.api.delete(path),
            self.api.get(f"{path}/versions"),
            self.api.post(f"{path}/versions", json={"canvas_json": {}}),
            self.api.get(at),
            self.api.patch(at, json={"version_name": "x"}),
            self.api.post(f"{at}/restore", json={"current_canvas_json": {}}),
            self.api.get(f"{at}/diff", params={"base": version["id"]}),
        ):
            self.assert_error(answer, 404, "not_found")

    def test_put_changes_only_what_is_given(self):
        made = self.document(name="Old", canvas_json=canvas("a"), model_json=problem("maximize", "x", {"x": {}}))
        path = f"/builder/{made['id']}"
        renamed = self.api.put(path, json={"name": "New"}).json()
        self.assertEqual(renamed["name"], "New")
        self.assertEqual(renamed["canvas_json"], canvas("a"))
        self.assertEqual(renamed["model_json"], made["model_json"])
        self.assertGreater(renamed["updated_at"], made["updated_at"])
        cleared = self.api.put(path, json={"model_json": None}).json()
        self.assertIsNone(cleared["model_json"])
        self.assertEqual(cleared["name"], "New")
        for body in ({"name": None}, {"name": ""}, {"name": 3}, {"name": "n" * 256},
                     {"canvas_json": None}, {"canvas_json": []}, {"model_json": "text"}):
            self.assert_error(self.api.put(path, json=body), 422)
        self.assertEqual(self.api.get(path).json(), cleared)

    def test_the_list_is_short_and_last_changed_first(self):
        ids = [self.document(name=f"d{i}")["id"] for i in range(3)]
        self.api.put(f"/builder/{ids[0]}", json={"name": "changed"})
        listed = self.api.get("/builder", params={"limit": 3}).json()
        self.assertEqual([d["id"] for d in listed], [ids[0], ids[2], ids[1]])
        self.assertEqual(set(listed[0]), {"id", "name", "created_at", "updated_at"})
        self.assertEqual(self.api.get("/builder", params={"skip": 1, "limit": 2}).json(), listed[1:])
        for query in ({"limit": 0}, {"limit": 101}, {"skip": -1}, {"skip": "x"}):
            self.assert_error(self.api.get("/builder", params=query), 422)

    def test_other_organizations_see_nothing(self):
        made = self.document(name="Mine")
        version = self.version(made, ["a"])
        path = f"/builder/{made['id']}"
        unknown = self.other.get("/builder/doc_unknown").json()
        foreign = self.other.get(path).json()
        for body in (unknown, foreign):
            body.pop("request_id")
        self.assertEqual(foreign, unknown)
        self.assertEqual(self.other.get("/builder").json(), [])
        self.assert_error(self.other.put(path, json={"name": "Theirs"}), 404)
        self.assert_error(self.other.delete(path), 404)
        at = f"{path}/versions/{version['id']}"
        self.assert_error(self.other.get(at), 404)
        self.assert_error(self.other.patch(at, json={"version_name": "x"}), 404)
        self.assert_error(self.other.post(f"{at}/restore", json={"current_canvas_json": {}}), 404)
        self.assertEqual(self.api.get(path).json()["name"], "Mine")
        self.assert_error(self.anonymous.get(path), 401)

    def test_different_canvases_become_numbered_versions(self):
        made = self.document(model_json=problem("maximize", "x", {"x": {"upper_bound": 1}}))
        first = self.version(made, ["Steel"])
        second = self.version(made, ["Steel", "Copper"])
        self.assertEqual([first["sequence"], second["sequence"]], [1, 2])
        self.assertRegex(first["id"], r"^ver_[0-9a-z]{16}$")
        self.assertIs(first["is_named"], False)
        self.assertEqual(first["model_json"], made["model_json"])
        self.assertIn("Copper", second["change_summary"])
        listed = self.versions(made)
        self.assertEqual([v["sequence"] for v in listed], [2, 1])
        self.assertNotIn("canvas_json", listed[0])
        self.assertNotIn("model_json", listed[0])
        full = self.api.get(f"/builder/{made['id']}/versions/{first['id']}").json()
        self.assertEqual(full["canvas_json"], canvas("Steel"))
        self.assertEqual(self.versions(made, skip=1, limit=1)[0]["id"], first["id"])

    def test_the_same_content_is_the_same_version(self):
        made = self.document(model_json=problem("maximize", "x", {"x": {"upper_bound": 1}}))
        first = self.version(made, ["a"])
        again = self.version(made, ["a"])
        self.assertEqual(first, again)
        # Member order and the spelling of numbers do not matter; an edge and the model do.
        shuffled = {"edges": [], "nodes": canvas("a")["nodes"]}
        response = self.api.post(
            f"/builder/{made['id']}/versions", json={"canvas_json": shuffled})
        self.assertEqual(response.json()["id"], first["id"])
        edged = {**canvas("a"), "edges": [{"source": "n0"}]}
        with_edge = self.api.post(
            f"/builder/{made['id']}/versions", json={"canvas_json": edged}).json()
        self.assertEqual(with_edge["sequence"], 2)
        self.api.put(f"/builder/{made['id']}",
                     json={"model_json": problem("maximize", "x", {"x": {"upper_bound": 2}})})
        with_model = self.api.post(
            f"/builder/{made['id']}/versions", json={"canvas_json": edged}).json()
        self.assertEqual(with_model["sequence"], 3)
        self.assertIn("Model: 1 change", with_model["change_summary"])
        self.assertEqual(len(self.versions(made)), 3)

    def test_a_version_may_bring_its_own_model(self):
        model = problem("maximize", "x", {"x": {"upper_bound": 5}})
        made = self.document()
        version = self.version(made, ["a"], model_json=model)
        self.assertEqual(version["model_json"], model)
        self.assertIsNone(self.api.get(f"/builder/{made['id']}").json()["model_json"])
        self.assert_error(self.api.post(f"/builder/{made['id']}/versions", json={}), 422)

    def test_a_name_keeps_a_version(self):
        made = self.document()
        version = self.version(made, ["a"])
        path = f"/builder/{made['id']}/versions/{version['id']}"
        named = self.api.patch(
            path, json={"version_name": "v1 ✓", "version_description": "as shipped"}).json()
        self.assertIs(named["is_named"], True)
        self.assertEqual(named["version_name"], "v1 ✓")
        again = self.api.patch(path, json={"version_name": "v1b"}).json()
        self.assertEqual(again["version_description"], "as shipped")
        self.assertEqual(self.api.get(path).json(), again)
        for body in ({}, {"version_name": ""}, {"version_name": None}, {"version_name": "n" * 256},
                     {"version_name": "x", "version_description": "d" * 2001}):
            self.assert_error(self.api.patch(path, json=body), 422)
        # Characters, not bytes.
        self.assertEqual(self.api.patch(path, json={"version_name": "ä" * 255}).status_code, 200)

    def test_retention_keeps_the_newest_fifty_unnamed_versions(self):
        made = self.document()
        old = self.version(made, ["kept"])
        self.api.patch(f"/builder/{made['id']}/versions/{old['id']}", json={"version_name": "keep"})
        for i in range(55):
            self.version(made, [f"node {i}"])
        listed = self.versions(made, limit=100)
        self.assertEqual([v["sequence"] for v in listed], [*range(56, 6, -1), 1])
        self.assertEqual(listed[-1]["id"], old["id"])

    def test_restoring_keeps_what_was_there(self):
        first_model = problem("maximize", "x", {"x": {"upper_bound": 1}})
        second_model = problem("maximize", "x", {"x": {"upper_bound": 2}})
        made = self.document(canvas_json=canvas("old"), model_json=first_model)
        version = self.version(made, ["old"])
        self.api.put(f"/builder/{made['id']}",
                     json={"canvas_json": canvas("new"), "model_json": second_model})
        response = self.api.post(
            f"/builder/{made['id']}/versions/{version['id']}/restore",
            json={"current_canvas_json": canvas("newer, not saved")},
        )
        self.assertEqual(response.status_code, 200, response.text)
        body = response.json()
        self.assertEqual(body["document"]["canvas_json"], canvas("old"))
        self.assertEqual(body["document"]["model_json"], first_model)
        self.assertEqual(self.api.get(f"/builder/{made['id']}").json(), body["document"])
        kept = self.api.get(f"/builder/{made['id']}/versions/{body['checkpoint_id']}").json()
        self.assertEqual(kept["canvas_json"], canvas("newer, not saved"))
        self.assertEqual(kept["model_json"], second_model)
        self.assert_error(
            self.api.post(f"/builder/{made['id']}/versions/{version['id']}/restore", json={}), 422)

    def test_restoring_the_oldest_version_survives_its_own_pruning(self):
        made = self.document()
        first = self.version(made, ["node 0"])
        for i in range(1, 50):
            self.version(made, [f"node {i}"])
        restored = self.api.post(
            f"/builder/{made['id']}/versions/{first['id']}/restore",
            json={"current_canvas_json": canvas("current")},
        ).json()
        self.assertEqual(restored["document"]["canvas_json"], canvas("node 0"))
        self.assertEqual(len(self.versions(made, limit=100)), 50)

    def test_a_version_without_a_model_leaves_the_documents(self):
        made = self.document()
        version = self.version(made, ["a"])
        model = problem("maximize", "x", {"x": {"upper_bound": 2}})
        self.api.put(f"/builder/{made['id']}", json={"model_json": model})
        restored = self.api.post(
            f"/builder/{made['id']}/versions/{version['id']}/restore",
            json={"current_canvas_json": canvas("b")},
        ).json()
        self.assertEqual(restored["document"]["model_json"], model)

    def test_a_version_of_another_document_is_not_found(self):
        one, two = self.document(), self.document()
        version = self.version(one, ["a"])
        path = f"/builder/{two['id']}/versions/{version['id']}"
        self.assert_error(self.api.get(path), 404)
        self.assert_error(self.api.patch(path, json={"version_name": "x"}), 404)
        self.assert_error(self.api.post(f"{path}/restore", json={"current_canvas_json": {}}), 404)
        self.assert_error(self.api.get(f"/builder/{one['id']}/versions/{'v' * 80}"), 404)

    def test_versions_made_at_once_get_numbers_of_their_own(self):
        made = self.document()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            made_versions = list(pool.map(lambda i: self.version(made, [f"n{i}"]), range(24)))
        self.assertEqual(sorted(v["sequence"] for v in made_versions), list(range(1, 25)))

    def test_two_versions_are_compared_by_their_parts(self):
        made = self.document()
        older = self.version(made, ["a"], model_json=problem(
            "maximize", "x + y", {"x": {"upper_bound": 1}, "y": {}}, ["x + y <= 3"]))
        newer = self.version(made, ["a"], model_json=problem(
            "maximize", "2*x + z", {"x": {"upper_bound": 2}, "z": {}}, ["x + z <= 3"],
            options={"time_limit_seconds": 5}))
        path = f"/builder/{made['id']}/versions/{newer['id']}/diff"
        body = self.api.get(path, params={"base": older["id"]}).json()
        self.assertIs(body["canvas_changed"], False)
        self.assertEqual(
            {(c["section"], c["kind"], c["key"]) for c in body["changes"]},
            {("variables", "modified", "x"), ("variables", "removed", "y"),
             ("variables", "added", "z"), ("objective", "modified", "expression"),
             ("constraints", "modified", "#1"), ("settings", "added", "options")},
        )
        self.assert_error(self.api.get(path), 422)
        self.assert_error(self.api.get(path, params={"base": "ver_unknown"}), 404)

    def test_two_versions_of_a_template_are_compared_by_lines_and_inputs(self):
        made = self.document()
        template = {
            "generator_type": "template", "language": "mathprog",
            "model": ["param demand;", "param price;", "var x >= 0;", "minimize cost: price * x;",
                      "s.t. enough: x >= demand;", "end;"],
            "input_data": {"demand": 4, "price": 2, "areas": {"north": [1, 2]}}}
        changed = {**template, "model": [*template["model"]],
                   "input_data": {"demand": 5, "areas": {"north": [1, 3, 9]}}}
        changed["model"][2] = "var x >= 1;"
        older = self.version(made, ["a"], model_json=template)
        newer = self.version(made, ["b"], model_json=changed)
        path = f"/builder/{made['id']}/versions/{newer['id']}/diff"
        body = self.api.get(path, params={"base": older["id"]}).json()
        self.assertIs(body["canvas_changed"], True)
        changes = {(c["section"], c["kind"], c["key"]): (c["before"], c["after"])
                   for c in body["changes"]}
        self.assertEqual({key for key in changes if key[0] == "input_data"}, {
            ("input_data", "modified", "demand"), ("input_data", "removed", "price"),
            ("input_data", "modified", "areas.north[1]"), ("input_data", "added", "areas.north[2]")})
        self.assertEqual(changes["input_data", "modified", "demand"], (4, 5))
        lines = [texts for key, texts in changes.items() if key[0] == "template"]
        self.assertIn("var x >= 1;", [after for _, after in lines])
        self.assertIn("var x >= 0;", [before for before, _ in lines])
        self.assertEqual({key[0] for key in changes}, {"template", "input_data"})


if __name__ == "__main__":
    unittest.main()
