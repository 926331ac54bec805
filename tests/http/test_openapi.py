"""The OpenAPI document against the server: every route, its example, and what it refuses."""

import json
import re
import subprocess
import unittest

from jsonschema import Draft202012Validator

import contract
from harness import SERVER, ServerTest, slow_problem, wait_until
from things import FLAGS, Things

MALFORMED = b'{"a": '
UNKNOWN = "unknown-0000000000000000"


def routes():
    """(method, path) of every route that the server has."""
    listed = subprocess.run([SERVER, "routes"], check=True, capture_output=True, text=True).stdout
    return {tuple(line.split(" ")) for line in listed.splitlines()}


class Document(unittest.TestCase):
    """What can be said of the document without a server."""

    @classmethod
    def setUpClass(cls):
        cls.contract = contract.contract()
        cls.document = cls.contract.document

    def test_the_router_and_the_document_know_the_same_routes(self):
        known = {(method, path) for method, path, _ in self.contract.operations()}
        found = routes()
        self.assertGreater(len(found), 100)
        self.assertEqual(found - known, set(), "routes without an entry in server/openapi")
        self.assertEqual(known - found, set(), "entries without a route")

    def test_every_reference_leads_somewhere_and_every_component_is_used(self):
        text = json.dumps(self.document)
        used = set(re.findall(r'"\$ref": "#/components/(\w+/[\w-]+)"', text))
        there = {f"{kind}/{name}" for kind, parts in self.document["components"].items()
                 for name in parts if kind != "securitySchemes"}
        self.assertEqual(used - there, set())
        self.assertEqual(there - used, set())

    def test_every_schema_is_json_schema_and_its_examples_fit(self):
        schemas = self.document["components"]["schemas"]
        for name, schema in schemas.items():
            Draft202012Validator.check_schema(schema)
            for example in schema.get("examples", []):
                faults = self.contract.faults(self.contract.schema(name), example)
                self.assertEqual(list(faults), [], name)

    def test_every_operation_says_what_it_does_and_shows_a_body_that_fits(self):
        checked, shown = set(), set()
        for method, path, operation in self.contract.operations():
            with self.subTest(f"{method} {path}"):
                self.assertTrue(operation["summary"])
                for status, answer in operation["responses"].items():
                    self.assertTrue(answer["description"])
                    for media in answer.get("content", {}).values():
                        if id(media["schema"]) not in checked:
                            Draft202012Validator.check_schema(media["schema"])
                            checked.add(id(media["schema"]))
                        if "example" in media:
                            self.assertEqual(
                                list(self.contract.faults(media["schema"], media["example"])), [])
                            shown.add(operation["operationId"])
                body = operation.get("requestBody")
                if body:
                    content = body["content"]["application/json"]
                    self.assertEqual(
                        list(self.contract.faults(content["schema"], content["example"])), [])
                # An example of the answer, where there is one to show and it is not shown above.
                documents = any("application/json" in answer.get("content", {})
                                for status, answer in operation["responses"].items()
                                if status.startswith("2"))
                if documents and not path.startswith("/v0/") and path != "/api/v2/openapi.json":
                    self.assertIn(operation["operationId"], shown,
                                  "record it: tests/http/record_examples.py")

    def test_an_answer_that_departs_from_the_document_is_noticed(self):
        class Answer:
            def __init__(self, status, body, **headers):
                self.status_code, self.content = status, json.dumps(body).encode()
                self.text = self.content.decode()
                self.headers = {"X-Request-ID": "r", "Content-Type": "application/json", **headers}

            def json(self):
                return json.loads(self.content)

        class Asked:
            class url:
                raw_path = b"/api/v2/notifications/unread-count"
                params = {}

            method, headers = "GET", {}

        fine = {"unread_count": 3}
        self.contract.check(Asked, Answer(200, fine))
        for answer in (Answer(200, {}), Answer(200, {"unread_count": -1}),
                       Answer(200, {**fine, "more": 1}), Answer(202, fine), Answer(500, fine),
                       Answer(401, fine), Answer(200, fine, **{"Content-Type": "text/plain"}),
                       Answer(200, fine, **{"X-Request-ID": ""})):
            with self.assertRaises(contract.Violation):
                self.contract.check(Asked, answer)


class Served(ServerTest):
    def test_the_page_is_whole_by_itself(self):
        self.anonymous.base_url = self.server.url
        page = self.anonymous.get("/docs")
        policy = self.anonymous.get("/").headers["Content-Security-Policy"]
        self.assertEqual(page.headers["Content-Security-Policy"], policy)
        self.assertNotRegex(page.text, r"<script|<style|style=|(src|href)=\"(https?:)?//")
        anchors = set(re.findall(r' id="([^"]+)"', page.text))
        self.assertEqual(set(re.findall(r'href="#([^"]+)"', page.text)) - anchors, set())
        for link in set(re.findall(r'href="(/[^"]*)"', page.text)):
            self.assertEqual(self.anonymous.get(link).status_code, 200, link)
        document = contract.contract().document
        for path, item in document["paths"].items():
            for method in contract.METHODS:
                if method in item and not path.startswith("/v0/"):
                    self.assertIn(item[method]["operationId"], anchors)
        self.assertLessEqual(set(document["webhooks"]), anchors)
        self.assertLessEqual({"schema-" + s for s in document["components"]["schemas"]}, anchors)

    def test_the_document_is_served_to_everybody_and_sent_once(self):
        self.anonymous.base_url = self.server.url + "/api/v2"
        answer = self.anonymous.get("/openapi.json")
        self.assertEqual(answer.json(), contract.contract().document)
        again = self.anonymous.get("/openapi.json",
                                   headers={"If-None-Match": answer.headers["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))


class EveryOperation(ServerTest):
    """Each operation with its own example, without a credential, on an unknown thing and with bad
    bodies. That the answers are as documented is seen by the clients' hook."""

    flags = FLAGS
    # Examples that cannot be answered with 2xx here.
    expected = {"topUp": 503, "watchExecutionByWebSocket": 426}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = contract.contract()
        # With the whole path: some routes are below /v0 or nowhere.
        for client in (cls.api, cls.anonymous):
            client.base_url = cls.server.url
        cls.things = Things(cls.server)
        cls.admin, cls.post = cls.things.admin, staticmethod(cls.things.post)

    @classmethod
    def tearDownClass(cls):
        cls.things.close()
        super().tearDownClass()

    def ids_for(self, method, path, name):
        """What the operation's path and body shall name."""
        ids = dict(self.things.ids)
        if path.endswith("{folder}/{file}"):
            ids.update(folder="parts", file="api.js")
        if "infeasibility" in path:
            ids["execution_id"] = self.things.infeasible
        if "{job_id}" in path:
            ids.update(job_id="batch", execution_id=self.things.batch)
        # Deleting takes what nobody else needs.
        if name in ("deleteJob", "deleteJobV0", "replaceJob", "replaceJobV0"):
            ids["job_id"] = name.lower()
            self.post("/jobs", {"metadata": {"name": ids["job_id"]},
                                "spec": {"modelId": ids["model_id"]}})
        if name.startswith("cancelJobExecution"):
            ids["job_id"] = "slow"
            ids["execution_id"] = self.post("/jobs/slow/executions", {
                "tasks": [{"input_data": slow_problem(seed)} for seed in range(3)]})["executionId"]
        if method != "DELETE":
            return ids
        if path.endswith("{model_id}"):
            ids["model_id"] = self.post("/models", self.things.example("createModel"))["id"]
        if path.endswith("{document_id}"):
            ids["document_id"] = self.post("/builder", {})["id"]
        if path.endswith("{trigger_id}"):
            ids["trigger_id"] = self.post("/triggers", {
                "name": "t", "document_id": ids["document_id"], "version_id": ids["version_id"]})["id"]
        if path.endswith("{key_id}"):
            ids["key_id"] = self.post("/keys", {"name": "k"})["id"]
        return ids

    def filled(self, value, ids, name):
        if isinstance(value, dict):
            made = {k: ids[k] if k in ids and isinstance(v, str) else self.filled(v, ids, name)
                    for k, v in value.items()}
            if name.startswith(("createJob", "replaceJob")) and "metadata" in made:
                made["metadata"]["name"] = ids.get("job_id", name.lower())
            return made
        return value

    def send(self, client, method, path, operation, ids, **options):
        path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)
        query = {p["name"]: ids[p["name"]] for p in operation.get("parameters", [])
                 if p["in"] == "query" and p.get("required")}
        if "/events" in path:
            with client.stream(method, path, params=query, **options) as response:
                if response.status_code != 200:
                    response.read()
                return response
        return client.request(method, path, params=query, **options)

    def each(self, check):
        for method, path, operation in self.contract.operations():
            with self.subTest(f"{method} {path}"):
                check(method, path, operation)

    def body_of(self, operation, ids):
        if "requestBody" not in operation:
            return {}
        example = operation["requestBody"]["content"]["application/json"]["example"]
        return {"json": self.filled(example, ids, operation["operationId"])}

    def send_example(self, method, path, operation, ids):
        name = operation["operationId"]
        client = self.admin if path.startswith("/api/v2/admin/") else self.api
        options = self.body_of(operation, ids)
        if name == "fireTrigger":
            options["headers"] = {"Authorization": "Bearer " + self.things.secret}
        response = self.send(client, method, path, operation, ids, **options)
        if name == "rotateTriggerSecret":
            self.things.secret = response.json()["trigger_secret"]
        return response

    def test_its_example_is_accepted(self):
        def check(method, path, operation):
            name = operation["operationId"]
            response = self.send_example(method, path, operation, self.ids_for(method, path, name))
            wanted = self.expected.get(name)
            if wanted is None:
                shown = "" if contract.is_stream(response) else response.text
                self.assertLess(response.status_code, 300, shown)
            else:
                self.assertEqual(response.status_code, wanted)

        self.each(check)

    def test_its_webhooks_are_as_documented(self):
        def arrived(event):
            return next((sent for sent in self.things.receiver.requests
                         if json.loads(sent[2])["event"] == event), None)

        for name, event in (("triggerRunEnded", "trigger.run.completed"),
                            ("jobExecutionEnded", "job.execution.completed")):
            hook = self.contract.resolve(self.contract.document["webhooks"][name]["post"])
            content = hook["requestBody"]["content"]["application/json"]
            _, headers, body = wait_until(lambda: arrived(event))
            for sent in (json.loads(body), content["example"]):
                self.assertEqual(list(self.contract.faults(content["schema"], sent)), [])
            for parameter in hook["parameters"]:
                if parameter.get("required"):
                    value = headers[parameter["name"]]
                    self.assertEqual(list(self.contract.faults(parameter["schema"], value)), [])

    def test_without_a_credential_it_is_refused_unless_it_is_public(self):
        def check(method, path, operation):
            if operation.get("security") == [] or "/ws/" in path:
                return
            response = self.send(self.anonymous, method, path, operation,
                                 {**self.things.ids, "job_id": "batch", "key_id": UNKNOWN})
            self.assertEqual(response.status_code, 401)

        self.each(check)

    def test_on_an_unknown_thing_it_is_not_found(self):
        def check(method, path, operation):
            if "{" not in path or "/ws/" in path:
                return
            ids = {name: UNKNOWN for name in re.findall(r"{(\w+)}", path)} | {"base": UNKNOWN}
            body = {**self.things.ids, "job_id": "batch", "metadata": None}
            response = self.send(self.api, method, path, operation, ids,
                                 **self.body_of(operation, {**body, **ids}))
            self.assertEqual(response.status_code, 404, response.text)

        self.each(check)

    def test_a_body_that_is_not_json_or_of_the_wrong_type_is_refused(self):
        def check(method, path, operation):
            if "requestBody" not in operation:
                return
            client = self.admin if path.startswith("/api/v2/admin/") else self.api
            ids = {**self.things.ids, "job_id": "batch"}
            wrong = 400 if "/jobs" in path or path == "/mcp" else 422
            as_json = {"Content-Type": "application/json"}
            for content, headers, status in (
                    (MALFORMED, as_json, 400), (b"[]", as_json, wrong), (b"3", as_json, wrong),
                    (b"a=1", {"Content-Type": "text/plain"}, 415)):
                response = self.send(client, method, path, operation, ids, content=content,
                                     headers=headers)
                self.assertEqual(response.status_code, status, (content, response.text))
            required = operation["requestBody"]["content"]["application/json"]["schema"].get(
                "required")
            if required:
                response = self.send(client, method, path, operation, ids, json={})
                self.assertEqual(response.status_code, wrong, response.text)
                self.assertIn(required[0], response.text)

        self.each(check)

    def test_a_query_that_is_not_documented_is_refused(self):
        def check(method, path, operation):
            ids = {**self.things.ids, "job_id": "batch", "execution_id": self.things.batch}
            if "{job_id}" not in path:
                ids["execution_id"] = self.things.ids["execution_id"]
            for parameter in operation.get("parameters", []):
                schema = parameter["schema"]
                if parameter["in"] != "query" or method == "DELETE":
                    continue
                if not ("enum" in schema or schema["type"] in ("integer", "boolean")):
                    continue
                values = ["blue"]
                if "minimum" in schema:
                    values += [schema["minimum"] - 1, "1.5"]
                if "maximum" in schema:
                    values += [schema["maximum"] + 1]
                for value in values:
                    options = self.body_of(operation, ids)
                    filled = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)
                    response = self.api.request(method, filled,
                                                params={parameter["name"]: value}, **options)
                    self.assertEqual(response.status_code, 400 if "/jobs" in path else 422,
                                     (parameter["name"], value, response.text))

        self.each(check)



if __name__ == "__main__":
    unittest.main()
