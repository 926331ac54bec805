"""Models: the catalog, activation, private models, executing them; and what clients of it do."""

import concurrent.futures
import json
import pathlib
import time
import unittest

import httpx

from harness import Server, ServerTest, ended, problem, slow_problem

TEMPLATES = pathlib.Path(__file__).parents[2] / "lib/catalog/templates"

FLAT = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])

# Three projects, one budget.
PICK = {
    "name": "pick_projects",
    "generator_type": "template",
    "language": "mathprog",
    "description": "Chooses projects within a budget",
    "category": "finance",
    "tags": ["choice"],
    "model": [
        "set P; param gain{P}; param price{P} >= 0; param budget >= 0;",
        'table t IN "JSON" "projects": P <- [name], gain, price;',
        "var take{p in P} binary;",
        "maximize worth: sum{p in P} gain[p]*take[p];",
        "s.t. money: sum{p in P} price[p]*take[p] <= budget;",
        "solve;",
        'printf "spent %g\\n", sum{p in P} price[p]*take[p];',
        "end;",
    ],
    "input_schema": {
        "type": "object",
        "properties": {
            "projects": {"type": "array", "minItems": 1, "items": {
                "type": "object",
                "required": ["name", "gain"],
                "properties": {"name": {"type": "string"}, "gain": {"type": "number"},
                               "price": {"type": "number", "minimum": 0, "default": 1}},
            }},
            "budget": {"type": "number"},
        },
    },
    "input_fields": [
        {"name": "projects", "label": "Projects", "type": "array", "required": True},
        {"name": "budget", "label": "Budget", "type": "number", "required": True, "minimum": 0,
         "maximum": 1000},
    ],
    "example_input": {
        "projects": [{"name": "A", "gain": 5, "price": 4}, {"name": "B b", "gain": 4, "price": 3},
                     {"name": "C", "gain": 3}],
        "budget": 4,
    },
}


class ModelTest(ServerTest):
    def create(self, client=None, **changes):
        response = (client or self.api).post("/models", json={**PICK, **changes})
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def catalog_id(self, name):
        items = self.api.get("/models/catalog", params={"search": name}).json()["items"]
        return next(item["id"] for item in items if item["name"] == name)

    def activate(self, name, client=None):
        response = (client or self.api).post(f"/models/catalog/{self.catalog_id(name)}/activate")
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def execute(self, model_id, input_data, client=None, **more):
        return (client or self.api).post(
            f"/models/{model_id}/execute", json={"input_data": input_data, **more})


class Catalog(ModelTest):
    def test_everybody_may_browse(self):
        page = self.anonymous.get("/models/catalog").json()
        self.assertGreaterEqual(page["total"], 4)
        self.assertEqual((page["page"], page["page_size"]), (1, 20))
        for item in page["items"]:
            for member in ("id", "name", "display_name", "description", "category",
                           "credits_per_execution", "tags", "status", "created_at"):
                self.assertIn(member, item)
            self.assertTrue(item["id"].startswith("mdl_"))
            self.assertEqual(item["status"], "published")
            self.assertRegex(item["name"], "^[a-z0-9_]+$")

    def test_filters_narrow_the_total(self):
        everything = self.api.get("/models/catalog").json()["total"]

        def total(**query):
            return self.api.get("/models/catalog", params=query).json()["total"]

        self.assertTrue(0 < total(category="logistics") < everything)
        self.assertTrue(0 < total(search="WAREHOUSE alloc") < everything)
        self.assertEqual(total(category="logistics", search="feed"), 0)
        for words in ("warehouse product", "salesman tour", "tour of salesman"):
            self.assertTrue(0 < total(search=words) < everything, words)
        self.assertEqual(total(search="warehouse zeppelin"), 0)
        for order in ("price_asc", "price_desc", "rating"):
            self.assertEqual(total(sort_by=order), everything)
        self.assertEqual(total(is_free="true", min_price="0", max_price="3.5"), everything)
        for nothing in ({"is_free": "false"}, {"min_price": "0.5"}, {"min_rating": "4"}):
            self.assertEqual(total(**nothing), 0)
        self.assertEqual(total(category="no such"), 0)
        for odd in ("%", "_%_", '"', "a*b", "' OR 1=1", "x" * 1000, "ware\0house", "\0"):
            self.assertLess(total(search=odd), everything)

    def test_bad_queries_are_named(self):
        for query in ("page=0", "page_size=101", "page=x", "is_official=perhaps", "sort_by=shape",
                      "min_price=x", "max_price=-1", "min_rating=6", "is_free=maybe"):
            answer = self.assert_error(self.api.get("/models/catalog?" + query), 422)
            self.assertEqual(answer["detail"][0]["loc"], ["query", query.split("=")[0]])

    def test_detail_and_schema(self):
        listing = self.anonymous.get("/models/catalog/" + self.catalog_id("feed_blend")).json()
        self.assertEqual(listing["generator_type"], "template")
        self.assertIn("foods", listing["example_input"])
        self.assertIn("linear program", listing["section_how_it_works"])
        schema = self.anonymous.get(f"/models/catalog/{listing['id']}/schema").json()
        self.assertEqual(set(schema), {"id", "name", "generator_type", "input_schema",
                                       "input_fields", "example_input", "scenario_description"})
        for path in ("mdl_unknown", "mdl_unknown/schema", "x" * 100, "%00"):
            self.assert_error(self.anonymous.get("/models/catalog/" + path), 404, "not_found")

    def test_every_template_solves_its_example(self):
        page = self.api.get("/models/catalog", params={"page_size": 100}).json()
        self.assertEqual(page["total"], len(list(TEMPLATES.glob("*.json"))))
        for item in page["items"]:
            with self.subTest(item["name"]):
                document = json.loads((TEMPLATES / (item["name"] + ".json")).read_text())
                model = self.activate(item["name"])
                response = self.execute(model["id"], document["example_input"])
                self.assertEqual(response.status_code, 200, response.text)
                result = response.json()
                self.assertEqual(result["status"], "optimal")
                expected = document["expected"]
                self.assertAlmostEqual(result["objective_value"], expected["objective_value"],
                                       delta=1e-6 * abs(expected["objective_value"]))
                self.assertEqual(result["stats"]["nonzeros"], expected["nonzeros"])
                for other in expected.get("overrides", []):
                    changed = self.execute(model["id"],
                                           {**document["example_input"], **other["override_data"]})
                    if "objective_value" in other:
                        self.assertAlmostEqual(changed.json()["objective_value"],
                                               other["objective_value"], places=4)
                    else:
                        answer = self.assert_error(changed, 400, "bad_request")
                        self.assertEqual(answer["errors"][0]["code"], "M223")


class Activation(ModelTest):
    def test_activation_is_idempotent(self):
        catalog_id = self.catalog_id("shift_schedule")
        first = self.api.post(f"/models/catalog/{catalog_id}/activate")
        self.assertEqual(first.status_code, 200)
        model = first.json()
        self.assertEqual(model["catalog_id"], catalog_id)
        self.assertIsNone(model["custom_name"])
        self.assertIs(model["is_active"], True)
        for body in ({}, {"custom_name": "Mine"}, {"custom_name": None}):
            again = self.api.post(f"/models/catalog/{catalog_id}/activate", json=body)
            self.assertEqual(again.json(), model)
        # The catalog's id is another name for it.
        self.assertEqual(self.api.get("/models/" + catalog_id).json(), model)
        self.assert_error(self.other.get("/models/" + catalog_id), 404)

    def test_concurrent_activations_give_one_model(self):
        catalog_id = self.catalog_id("facility_location")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda _: self.other.post(f"/models/catalog/{catalog_id}/activate").json()["id"],
                range(8)))
        self.assertEqual(len(set(answers)), 1)

    def test_deactivate_and_come_back(self):
        model = self.activate("feed_blend")
        example = self.api.get(f"/models/{model['id']}/schema").json()["example_input"]
        self.assertEqual(self.execute(model["id"], example).status_code, 200)
        for _ in range(2):
            gone = self.api.delete("/models/" + model["id"])
            self.assertEqual((gone.status_code, gone.json()), (200, {"status": "deactivated"}))
        active = self.api.get("/models", params={"is_active": True}).json()["items"]
        self.assertNotIn(model["id"], [item["id"] for item in active])
        self.assertIs(self.api.get("/models/" + model["id"]).json()["is_active"], False)
        self.assert_error(self.execute(model["id"], example), 404, "not_found")
        self.assert_error(self.api.post(f"/models/{model['id']}/preview",
                                        json={"input_data": example}), 404)
        back = self.activate("feed_blend")
        self.assertEqual((back["id"], back["total_executions"]), (model["id"], 1))
        self.assertEqual(self.execute(model["id"], example).status_code, 200)

    def test_unknown_and_anonymous(self):
        self.assert_error(self.api.post("/models/catalog/mdl_none/activate"), 404, "not_found")
        self.assert_error(
            self.anonymous.post(f"/models/catalog/{self.catalog_id('feed_blend')}/activate"),
            401, "unauthorized")
        bad = self.api.post(f"/models/catalog/{self.catalog_id('feed_blend')}/activate",
                            json={"custom_name": 3})
        self.assertEqual(self.assert_error(bad, 422)["detail"][0]["loc"], ["body", "custom_name"])


class PrivateModels(ModelTest):
    def test_create_get_list_patch(self):
        model = self.create(name="listed_one")
        self.assertTrue(model["id"].startswith("mdl_"))
        self.assertIsNone(model["catalog_id"])
        self.assertEqual(model["display_name"], "listed_one")
        self.assertEqual((model["total_executions"], model["last_executed_at"]), (0, None))
        self.assertEqual(self.api.get("/models/" + model["id"]).json(), model)
        schema = self.api.get(f"/models/{model['id']}/schema").json()
        self.assertEqual(set(schema), {"id", "name", "generator_type", "input_schema",
                                       "input_fields", "example_input", "custom_config"})
        self.assertEqual(schema["input_schema"], PICK["input_schema"])
        self.assertIsNone(schema["custom_config"])

        change = self.api.patch("/models/" + model["id"], json={
            "custom_name": "Picker", "is_favorite": True,
            "custom_config": {"input_defaults": {"budget": 4}}})
        self.assertEqual((change.status_code, change.json()), (200, {"status": "updated"}))
        now = self.api.get("/models/" + model["id"]).json()
        self.assertEqual((now["display_name"], now["name"], now["custom_name"]),
                         ("Picker", "listed_one", "Picker"))
        self.assertIs(now["is_favorite"], True)
        found = self.api.get("/models", params={"search": "PICKER", "is_favorite": True,
                                                "category": "finance"}).json()
        self.assertEqual([item["id"] for item in found["items"]], [model["id"]])
        without_budget = {"projects": PICK["example_input"]["projects"]}
        self.assertEqual(self.execute(model["id"], without_budget).json()["objective_value"], 7)

        self.assertEqual(self.api.patch("/models/" + model["id"], json={}).status_code, 200)
        self.api.patch("/models/" + model["id"], json={"custom_name": None, "custom_config": None})
        now = self.api.get("/models/" + model["id"]).json()
        self.assertEqual((now["display_name"], now["custom_config"]), ("listed_one", None))
        for bad in ({"is_active": None}, {"is_favorite": "yes"}, {"custom_name": 3},
                    {"custom_config": []}, {"custom_name": ""},
                    {"custom_config": {"options": {"gap_tolerance": 7}}}):
            self.assert_error(self.api.patch("/models/" + model["id"], json=bad), 422)

    def test_bad_definitions_are_422(self):
        def loc(**changes):
            body = {k: v for k, v in {**PICK, **changes}.items() if v is not None}
            return self.assert_error(self.api.post("/models", json=body), 422)["detail"][0]["loc"]

        self.assertEqual(loc(name=None), ["body", "name"])
        self.assertEqual(loc(generator_type=None), ["body", "generator_type"])
        self.assertEqual(loc(name=""), ["body", "name"])
        self.assertEqual(loc(name="x" * 256), ["body", "name"])
        self.assertEqual(loc(tags="x"), ["body", "tags"])
        self.assertEqual(loc(input_fields={}), ["body", "input_fields"])
        self.assertEqual(loc(input_schema={"type": 3})[:2], ["body", "input_schema"])
        self.assertEqual(loc(input_schema={"pattern": "(a*)*"}), ["body", "input_schema", "pattern"])
        self.assertEqual(loc(model="var x >= 0; minimize z: y; end;")[:2], ["body", "model"])
        self.assertEqual(loc(example_input={"projects": [{"name": "A"}], "budget": 1})[:3],
                         ["body", "example_input", "projects"])
        answer = self.api.post("/models", json={**PICK, "model": "var x; minimize z: y; end;"})
        error = answer.json()["errors"][0]
        self.assertEqual((error["line"], error["symbol"]), (1, "y"))

    def test_a_template_without_a_text(self):
        # What the documentation's sample creates.
        model = self.api.post("/models", json={
            "name": "supply_chain_optimizer", "generator_type": "template",
            "description": "Internal supply chain routing optimizer", "category": "supply_chain",
            "tags": ["internal", "supply-chain"]}).json()
        self.assertEqual(self.execute(model["id"], FLAT).json()["objective_value"], 6)
        answer = self.assert_error(self.execute(model["id"], {"plants": []}), 400, "bad_request")
        self.assertIn("no template yet", answer["message"])

    def test_generic_models_take_flat_problems(self):
        model = self.api.post("/models", json={"name": "g", "generator_type": "whatever"}).json()
        self.assertEqual(model["category"], "general")
        result = self.execute(model["id"], FLAT).json()
        self.assertEqual((result["status"], result["objective_value"]), ("optimal", 6))
        answer = self.assert_error(self.execute(model["id"], {"variables": [{"name": "x"}]}),
                                   400, "bad_request")
        self.assertIn("objective", answer["message"])

    def test_strangers_see_nothing(self):
        model = self.create()
        unknown = self.other.get("/models/mdl_unknown000000000").json()
        for method, path, body in (
                ("GET", "", None), ("GET", "/schema", None), ("GET", "/executions", None),
                ("PATCH", "", {"is_favorite": True}), ("DELETE", "", None),
                ("POST", "/execute", {"input_data": PICK["example_input"]}),
                ("POST", "/preview", {"input_data": PICK["example_input"]})):
            answer = self.assert_error(
                self.other.request(method, f"/models/{model['id']}{path}", json=body), 404)
            self.assertEqual(answer["message"], unknown["message"])
            self.assert_error(
                self.anonymous.request(method, f"/models/{model['id']}{path}", json=body), 401)
        listed = self.other.get("/models").json()["items"]
        self.assertNotIn(model["id"], [item["id"] for item in listed])


class Executing(ModelTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.api.post("/models", json=PICK).json()
        cls.example = PICK["example_input"]

    def run_model(self, input_data=None, **more):
        return self.execute(self.model["id"], input_data or self.example, **more)

    def test_one_answer_for_both_kinds_of_client(self):
        response = self.run_model()
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(answer["id"], answer["execution_id"])
        self.assertTrue(answer["id"].startswith("exe_"))
        self.assertEqual(answer["model_id"], self.model["id"])
        self.assertIsNone(answer["catalog_id"])
        self.assertEqual((answer["status"], answer["objective_value"]), ("optimal", 7))
        self.assertEqual(answer["solution"], {"take[A]": 0, "take[B b]": 1, "take[C]": 1})
        self.assertEqual(answer["variables"][1],
                         {"name": "take[B b]", "value": 1, "type": "binary"})
        for member in ("solve_time_seconds", "gap", "iterations", "nodes", "credits_used",
                       "created_at", "completed_at"):
            self.assertIsNotNone(answer[member], member)
        self.assertIn("credits_remaining", answer)
        self.assertEqual(answer["output"], "spent 4\n")
        self.assertEqual(answer["families"]["take"],
                         {"index": ["p"], "rows": [["B b", 1], ["C", 1]]})
        self.assertEqual((answer["objective_name"], answer["sense"]), ("worth", "maximize"))
        self.assertEqual(answer["constraints"]["money"]["rows"][0][0], 4)
        result = answer["result_data"]
        for member in ("status", "objective_value", "variables", "solution", "families"):
            self.assertEqual(result[member], answer[member])
        record = self.api.get("/models/executions/" + answer["id"]).json()
        self.assertEqual(record["status"], "completed")
        self.assertEqual(record["result_data"], result)
        self.assertEqual(record["input_data"], self.example)
        self.assertEqual(record["model_name"], "pick_projects")

    def test_asynchronous_runs(self):
        response = self.run_model(async_mode=True)
        self.assertEqual(response.status_code, 202)
        answer = response.json()
        self.assertIn(answer["status"], ("pending", "running"))
        self.assertEqual(answer["task_id"], answer["id"])
        self.assertIn(answer["id"], answer["ws_url"])
        self.assertIn(answer["id"], answer["poll_url"])
        self.assertIsNone(answer["result_data"])
        self.assertIsNone(answer["objective_value"])
        record = ended(self.api, answer["id"])
        self.assertEqual(record["result_data"]["objective_value"], 7)
        self.assertEqual(record["result_data"]["families"]["take"]["rows"], [["B b", 1], ["C", 1]])
        self.assertEqual(record["result_data"]["output"], "spent 4\n")

    def test_idempotency(self):
        def send(input_data):
            return self.api.post(f"/models/{self.model['id']}/execute",
                                 json={"input_data": input_data},
                                 headers={"Idempotency-Key": "pick-1"})

        first = send(self.example)
        again = send(self.example)
        self.assertEqual((first.status_code, again.status_code), (200, 200))
        self.assertEqual(again.json(), first.json())
        self.assertEqual(again.headers["Idempotent-Replay"], "true")
        self.assert_error(send({**self.example, "budget": 9}), 422, "idempotency_key_reused")

    def test_bad_input_is_named_and_leaves_no_trace(self):
        model = self.create()

        def error(change=None, **members):
            body = {**self.example, **members} if change is None else change
            answer = self.assert_error(self.execute(model["id"], body), 400, "bad_request")
            return answer["errors"][0]

        first = error({"budget": 5})
        self.assertEqual((first["code"], first["json_pointer"]), ("S202", "/projects"))
        first = error(budget=2000)
        self.assertEqual((first["json_pointer"], first["keyword"], first["limit"]),
                         ("/budget", "maximum", 1000))
        first = error(projects=[])
        self.assertEqual((first["code"], first["keyword"]), ("S201", "minItems"))
        first = error(projects=[{"name": "A", "gain": "much"}])
        self.assertEqual(first["json_pointer"], "/projects/0/gain")
        first = error(projects=[{"name": "A", "gain": 1}, {"name": "A", "gain": 2}])
        self.assertEqual(first["json_pointer"], "/projects/1")
        first = error(bugdet=3)
        self.assertEqual((first["code"], first["json_pointer"]), ("B201", "/bugdet"))
        for body in ({}, {"input_data": []}, {"input_data": None}, {"input_data": 3},
                     {"input_data": self.example, "async_mode": "no"},
                     {"input_data": self.example, "options": 3},
                     {"input_data": self.example, "options": {"time_limit_seconds": -1}},
                     {"input_data": self.example, "solver_name": "none such"}):
            self.assert_error(self.api.post(f"/models/{model['id']}/execute", json=body), 422)
        self.assertEqual(self.api.get(f"/models/{model['id']}/executions").json()["total"], 0)
        self.assertEqual(self.api.get("/models/" + model["id"]).json()["total_executions"], 0)

    def test_counters_and_list_order(self):
        model = self.create(name="counted")
        self.assertEqual(self.execute(model["id"], self.example).status_code, 200)
        now = self.api.get("/models/" + model["id"]).json()
        self.assertEqual(now["total_executions"], 1)
        self.assertGreater(now["total_credits_used"], 0)
        self.assertIsNotNone(now["last_executed_at"])
        self.assertEqual(self.api.get("/models").json()["items"][0]["id"], model["id"])
        infeasible = {"projects": [{"name": "A", "gain": 1}], "budget": 0}
        self.assertEqual(self.execute(model["id"], infeasible).json()["objective_value"], 0)
        page = self.api.get(f"/models/{model['id']}/executions",
                            params={"status": "completed"}).json()
        self.assertEqual(page["total"], 2)
        self.assertTrue(all(item["model_id"] == model["id"] for item in page["items"]))
        self.assertEqual(self.api.get(f"/models/{model['id']}/executions?status=failed")
                         .json()["total"], 0)

    def test_preview_is_free(self):
        model = self.create()
        body = {"input_data": self.example}
        answer = self.api.post(f"/models/{model['id']}/preview", json=body).json()
        self.assertEqual((answer["num_variables"], answer["num_constraints"]), (3, 1))
        self.assertEqual(answer["problem"]["objective"]["sense"], "maximize")
        self.assertEqual(self.api.post("/solve", json=answer["problem"]).json()["objective_value"],
                         7)
        self.assertEqual(self.api.get(f"/models/{model['id']}/executions").json()["total"], 0)
        self.assert_error(self.api.post(f"/models/{model['id']}/preview",
                                        json={"input_data": {}}), 400)

    def test_a_bound_that_nothing_satisfies_has_no_preview_and_no_run(self):
        text = "param cap; var x >= 0; minimize z: x; s.t. c: x >= cap; end;"
        schema = {"type": "object", "properties": {"cap": {"type": "number"}}}
        model = self.create(model=text, input_schema=schema, input_fields=[],
                            example_input={"cap": 1})
        body = {"input_data": {"cap": 1e30}}
        for verb in ("preview", "execute"):
            refused = self.api.post(f"/models/{model['id']}/{verb}", json=body)
            self.assert_error(refused, 400)
            self.assertIn("row c", refused.json()["message"])
        body["input_data"]["cap"] = 9
        answer = self.api.post(f"/models/{model['id']}/preview", json=body)
        self.assertEqual(answer.json()["problem"]["constraints"][0]["expression"], "x >= 9")

    def test_hostile_names_do_no_harm(self):
        name = "'; DROP TABLE catalog_models; -- \" \\ [x,y] \u00fc\u4f60"
        result = self.run_model({"projects": [{"name": name, "gain": 2}], "budget": 3})
        self.assertEqual(result.status_code, 200, result.text)
        self.assertEqual(result.json()["families"]["take"]["rows"], [[name, 1]])
        self.assert_error(self.execute("'; --", {}), 404)
        deep = json.loads("[" * 50 + "]" * 50)
        self.assertEqual(self.run_model({"projects": deep, "budget": 3}).status_code, 400)


class Restart(unittest.TestCase):
    def test_a_run_keeps_the_models_view_over_a_restart(self):
        with Server("--workers", "1") as server:
            with server.client() as api:
                model = api.post("/models", json=PICK).json()
                api.post("/solve/async", json=slow_problem())
                sent = api.post(f"/models/{model['id']}/execute", json={
                    "input_data": PICK["example_input"], "async_mode": True}).json()
                self.assertEqual(sent["status"], "pending")
                # Later changes of the model are not the run's.
                api.patch(f"/models/{model['id']}",
                          json={"custom_config": {"result": {"include": "none"}}})
            server.kill()
            again = Server("--workers", "2", folder=server.folder)
            again.start()
            try:
                with again.client(server.key) as api:
                    record = ended(api, sent["id"])
                    result = record["result_data"]
                    self.assertEqual(result["objective_value"], 7)
                    self.assertEqual(result["families"]["take"]["rows"], [["B b", 1], ["C", 1]])
                    self.assertEqual(result["output"], "spent 4\n")
                    self.assertEqual(
                        api.get(f"/models/{model['id']}").json()["total_executions"], 1)
            finally:
                again.stop()


class Clients(ServerTest):
    """The flows that the documentation of models and of executions shows."""

    def test_browse_activate_execute(self):
        url = self.server.url + "/api/v2"
        headers = {"Authorization": f"Bearer {self.server.key}"}
        listed = httpx.get(f"{url}/models/catalog", timeout=60, headers=headers,
                           params={"category": "logistics", "page_size": 10}).json()
        chosen = next(m for m in listed["items"] if m["name"] == "warehouse_allocation")
        self.assertGreater(chosen["credits_per_execution"], 0)
        activated = httpx.post(
            f"{url}/models/catalog/{chosen['id']}/activate", timeout=60, headers=headers)
        mine = activated.json()
        owned = httpx.get(
            f"{url}/models", timeout=60, params={"is_active": True}, headers=headers).json()
        self.assertEqual([(m["id"], m["name"]) for m in owned["items"]],
                         [(mine["id"], "warehouse_allocation")])
        form = httpx.get(f"{url}/models/{mine['id']}/schema", timeout=60, headers=headers).json()
        self.assertEqual(form["name"], "Warehouse Allocation Optimizer")
        self.assertEqual([f["name"] for f in form["input_fields"]], ["warehouses", "products"])
        warehouses = [{"name": "East Hub", "capacity": 500, "cost_per_unit": 2.50},
                      {"name": "West Hub", "capacity": 300, "cost_per_unit": 3.00}]
        products = [{"name": "Widget A", "demand": 200, "weight": 1.5},
                    {"name": "Widget B", "demand": 150, "weight": 2.0}]
        answer = httpx.post(
            f"{url}/models/{mine['id']}/execute", headers=headers, timeout=60,
            json={"input_data": {"warehouses": warehouses, "products": products}}).json()
        self.assertEqual((answer["status"], f"{answer['objective_value']:.2f}"),
                         ("optimal", "900.00"))
        self.assertIn({"warehouse": "West Hub", "product": "Widget B", "units": 50},
                      answer["tables"]["plan"])
        bare = {"warehouses": [{"name": "East", "capacity": 500}],
                "products": [{"name": "Widget A", "demand": 200}]}
        answer = httpx.post(f"{url}/models/{mine['id']}/execute", headers=headers, timeout=60,
                            json={"input_data": bare}).json()
        self.assertEqual(answer["objective_value"], 0)

    def test_execute_and_poll(self):
        model = self.api.post("/models", json=PICK).json()
        for mode in (False, True):
            execution = self.api.post(
                f"/models/{model['id']}/execute",
                json={"input_data": PICK["example_input"], "async_mode": mode}).json()
            while execution["status"] in ("pending", "running"):
                time.sleep(0.02)
                execution = self.api.get(f"/models/executions/{execution['id']}").json()
            self.assertIn(execution["status"], ("optimal", "completed"))
            self.assertEqual(execution["result_data"]["objective_value"], 7)


if __name__ == "__main__":
    unittest.main()
