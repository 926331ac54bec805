"""The Model Context Protocol at /mcp, spoken over plain HTTP."""

import json
import unittest

import httpx

import contract
from harness import Server, ServerTest, slow_problem

DIET = """
set FOOD := {'bread', 'milk'};
param cost{f in FOOD} := if f = 'bread' then 2 else 3;
var buy{FOOD} >= 0, integer;
minimize total: sum{f in FOOD} cost[f] * buy[f];
s.t. energy: 4 * buy['bread'] + 7 * buy['milk'] >= 20;
solve;
printf "cost %g\\n", total;
end;
"""
IMPOSSIBLE = """
var x >= 0; var y >= 0;
maximize z: x + y;
s.t. roof: x + y <= 3;
s.t. floor: x + 2 * y >= 10;
s.t. other: x <= 100;
end;
"""
TOOLS = {
    "search_templates", "describe_template", "execute_model", "check_mathprog", "solve_mathprog",
    "explain_infeasibility", "list_executions", "get_execution",
}


class Mcp(ServerTest):
    flags = ("--rate-limit-read", "0", "--rate-limit-solve", "0", "--rate-limit-public", "0",
             "--cors-origin", "https://app.example.com")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.http = httpx.Client(base_url=cls.server.url, timeout=60, verify=False,
                                event_hooks=contract.HOOKS, headers={
            "Authorization": f"Bearer {cls.server.key}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-06-18",
        })

    @classmethod
    def tearDownClass(cls):
        cls.http.close()
        super().tearDownClass()

    def post(self, body, **headers):
        text = body if isinstance(body, str) else json.dumps(body)
        return self.http.post("/mcp", content=text, headers={
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()}})

    def rpc(self, method, params=None, id=1, **headers):
        message = {"jsonrpc": "2.0", "id": id, "method": method}
        if params is not None:
            message["params"] = params
        answer = self.post(message, **headers)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        body = answer.json()
        self.assertEqual((body["jsonrpc"], body["id"]), ("2.0", id))
        return body

    def error(self, answer, code, id=None, status=None):
        if status is not None:
            self.assertEqual(answer.status_code, status, answer.text)
            answer = answer.json()
        self.assertEqual(answer["id"], id)
        self.assertEqual(answer["error"]["code"], code, answer)
        self.assertNotIn("result", answer)

    def call(self, tool, failed=False, **arguments):
        result = self.rpc("tools/call", {"name": tool, "arguments": arguments})["result"]
        self.assertIs(result["isError"], failed, result)
        content = result["structuredContent"]
        self.assertEqual([c["type"] for c in result["content"]], ["text"])
        self.assertEqual(json.loads(result["content"][0]["text"]), content)
        return content

    # The protocol.

    def test_initializing_agrees_on_a_revision(self):
        for asked, given in (("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"),
                             ("2024-11-05", "2025-06-18"), ("2099-01-01", "2025-06-18")):
            result = self.rpc("initialize", {
                "protocolVersion": asked, "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"}})["result"]
            self.assertEqual(result["protocolVersion"], given)
            self.assertEqual(result["capabilities"], {"tools": {"listChanged": False}})
            self.assertEqual(result["serverInfo"]["name"], "solvent")
        answer = self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.assertEqual((answer.status_code, answer.content), (202, b""))
        self.error(self.rpc("initialize", {}), -32602, 1)
        self.assertEqual(self.rpc("ping", id="a")["result"], {})

    def test_what_is_no_request_is_told_apart(self):
        self.error(self.post("{"), -32700, status=400)
        self.error(self.post(""), -32700, status=400)
        for message in ("1", "null", '"x"', "{}", '{"jsonrpc":"1.0","id":1,"method":"ping"}',
                        '{"jsonrpc":"2.0","id":null,"method":"ping"}',
                        '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
                        '{"jsonrpc":"2.0","id":[],"method":"ping"}',
                        '{"jsonrpc":"2.0","id":1,"method":7}', '{"jsonrpc":"2.0","id":1}'):
            self.error(self.post(message), -32600, status=400)
        for method in ("nothing", "resources/list", "tools/", "", "rpc.discover"):
            self.error(self.rpc(method), -32601, 1)
        for params in ([], "x", 1, True):
            # Not what the document allows, so not by the client that holds requests to it.
            url = self.server.url + "/mcp"
            answer = httpx.post(url, timeout=60, headers=self.http.headers, json={
                "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
            self.error(answer, -32602, 1, 200)
        # Notifications and answers are taken without a word, also such as nobody knows.
        for message in ({"jsonrpc": "2.0", "method": "notifications/cancelled"},
                        {"jsonrpc": "2.0", "method": "unknown"},
                        {"jsonrpc": "2.0", "id": 9, "result": {}}):
            answer = self.post(message)
            self.assertEqual((answer.status_code, answer.content), (202, b""))

    def test_batches_are_for_the_revision_that_has_them(self):
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        old = {"MCP_Protocol_Version": "2025-03-26"}
        answer = self.post([ping, note, {**ping, "id": "b", "method": "nothing"}, 7], **old)
        self.assertEqual(answer.status_code, 200)
        first, second, third = answer.json()
        self.assertEqual(first, {"jsonrpc": "2.0", "id": 1, "result": {}})
        self.error(second, -32601, "b")
        self.error(third, -32600)
        self.assertEqual(self.post([note, note], **old).status_code, 202)
        self.error(self.post([], **old), -32600, status=400)
        self.error(self.post([ping] * 21, **old), -32600, status=400)
        begin = {**ping, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}
        self.error(self.post([begin], **old).json()[0], -32600, 1)
        self.error(self.post([ping]), -32600, status=400)

    def test_revision_credential_and_origin_are_looked_at(self):
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        self.assert_error(self.post(ping, MCP_Protocol_Version="2024-11-05"), 400, "bad_request")
        without = httpx.post(self.server.url + "/mcp", timeout=60, json=ping, headers={
            "Authorization": f"Bearer {self.server.key}"})
        self.assertEqual(without.status_code, 200)
        answer = httpx.post(self.server.url + "/mcp", timeout=60, json=ping)
        self.assert_error(answer, 401, "unauthorized")
        self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.assert_error(self.post(ping, Authorization="Bearer wrong"), 401, "unauthorized")
        for origin in ("https://app.example.com", "http://localhost:6274", "http://127.0.0.1",
                       "http://[::1]:3000"):
            self.assertEqual(self.post(ping, Origin=origin).status_code, 200, origin)
        for origin in ("http://evil.example.com", "null", "http://localhost.evil.com", "",
                       "http://127.0.0.1.evil.com", "https://app.example.com.evil.com",
                       "http://[::1].evil.com", "http://[::10]"):
            self.assert_error(self.post(ping, Origin=origin), 403, "forbidden")

    def test_there_are_no_streams_and_no_sessions(self):
        answer = self.http.get("/mcp")
        self.assert_error(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "POST, DELETE, OPTIONS")
        self.assertEqual(self.http.delete("/mcp").status_code, 204)
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Mcp_Session_Id="any")
        self.assertEqual(answer.status_code, 200)
        self.assertNotIn("Mcp-Session-Id", answer.headers)
        self.assert_error(
            self.post("{}", Content_Type="text/plain"), 415, "unsupported_media_type"
        )

    def test_tools_are_listed_with_their_schemas(self):
        tools = self.rpc("tools/list")["result"]["tools"]
        self.assertEqual({t["name"] for t in tools}, TOOLS)
        for tool in tools:
            schema = tool["inputSchema"]
            self.assertEqual(schema["type"], "object")
            self.assertIs(schema["additionalProperties"], False)
            self.assertLessEqual(set(schema.get("required", [])), set(schema["properties"]))
            self.assertTrue(tool["description"] and tool["title"])
            self.assertIn("readOnlyHint", tool["annotations"])
        self.error(self.rpc("tools/list", {"cursor": "x"}), -32602, 1)

    def test_arguments_are_checked_against_the_schema(self):
        for params in ({}, {"name": 1}, {"name": "nothing"}, {"name": "ping", "arguments": {}}):
            self.error(self.rpc("tools/call", params), -32602, 1)
        for tool, arguments in (
            ("describe_template", {}),
            ("describe_template", {"id": ""}),
            ("describe_template", {"id": 7}),
            ("describe_template", {"id": "x", "more": 1}),
            ("describe_template", []),
            ("search_templates", {"limit": 0}),
            ("search_templates", {"limit": 51}),
            ("search_templates", {"limit": 1.5}),
            ("search_templates", {"query": None}),
            ("list_executions", {"status": "done"}),
            ("execute_model", {"id": "x", "input": []}),
        ):
            answer = self.rpc("tools/call", {"name": tool, "arguments": arguments})
            self.error(answer, -32602, 1)

    # The tools.

    def test_an_agent_finds_reads_and_solves_a_template(self):
        found = self.call("search_templates", query="knapsack")
        self.assertGreaterEqual(found["total"], 1)
        template = found["templates"][0]
        self.assertLessEqual(len(template["summary"]), 400)
        read = self.call("describe_template", id=template["id"])
        self.assertEqual(self.call("describe_template", id=template["name"]), read)
        self.assertEqual(read["input_schema"]["type"], "object")
        answer = self.call("execute_model", id=template["name"], input=read["example_input"])
        self.assertEqual((answer["status"], answer["answer"]), ("completed", "optimal"))
        self.assertTrue(answer["variables"])
        kept = self.api.get(f"/models/executions/{answer['execution_id']}").json()
        self.assertEqual(kept["objective_value"], answer["objective_value"])
        self.assertEqual((kept["origin"], kept["catalog_id"]), ("agent", template["id"]))
        values = kept["result_data"]["solution"]
        for variable in answer["variables"]:
            self.assertEqual(values[variable["name"]], variable["value"])
        # By the ids of the organization's own model too.
        again = self.call("execute_model", id=kept["model_id"], input=read["example_input"])
        self.assertEqual(again["objective_value"], answer["objective_value"])
        self.call("describe_template", id=kept["model_id"])

    def test_a_model_that_was_switched_off_is_refused_under_every_name(self):
        template = self.call("search_templates", query="transportation")["templates"][0]
        example = self.call("describe_template", id=template["id"])["example_input"]
        own = self.api.post(f"/models/catalog/{template['id']}/activate",
                            json={"custom_name": "Our hauls"}).json()["id"]
        run = self.call("execute_model", id="Our hauls", input=example)
        self.assertEqual(run["status"], "completed")
        self.api.patch(f"/models/{own}", json={"is_active": False})
        try:
            for name in (own, template["id"], template["name"], "Our hauls"):
                failure = self.call("execute_model", failed=True, id=name, input=example)
                self.assertIn("switched off", failure["message"], name)
                self.assertIn(own, failure["message"])
                read = self.call("describe_template", id=name)
                self.assertIn("switched off", read["next_step"])
            self.assertIs(self.api.get(f"/models/{own}").json()["is_active"], False)
            self.assertEqual(self.api.get(f"/models/{own}").json()["total_executions"], 1)
        finally:
            self.api.patch(f"/models/{own}", json={"is_active": True})
        run = self.call("execute_model", id=template["name"], input=example)
        self.assertEqual(run["status"], "completed")

    def test_own_models_are_found_by_their_names(self):
        def make(name, **more):
            body = {"name": name, "generator_type": "template", **more,
                    "template": {"language": "mathprog",
                                 "model": "var x <= 4; maximize z: x; solve; end;"}}
            answer = self.api.post("/models", json=body)
            self.assertEqual(answer.status_code, 200, answer.text)
            return answer.json()["id"]
        first = make("weekly-50%_plan", display_name="The weekly plan")
        self.api.patch(f"/models/{first}", json={"custom_name": "Plan of the East"})
        for name in (first, "weekly-50%_plan", "Plan of the East"):
            self.assertEqual(self.call("describe_template", id=name)["id"], first)
            run = self.call("execute_model", id=name, input={})
            self.assertEqual(run["objective_value"], 4)
        failure = self.call("execute_model", failed=True, id="Plan of the", input={})
        self.assertEqual(failure["error"], "not_found")
        second = make("Plan of the East")
        failure = self.call("execute_model", failed=True, id="Plan of the East", input={})
        for own in (first, second):
            self.assertIn(own, failure["message"])
        # A deleted one is no longer in the way, and stands before no template of its name.
        self.api.delete(f"/models/{second}")
        self.assertEqual(self.call("describe_template", id="Plan of the East")["id"], first)
        template = self.call("search_templates", query="set cover")["templates"][0]
        namesake = make(template["name"])
        self.assertEqual(self.call("describe_template", id=template["name"])["id"], namesake)
        self.api.delete(f"/models/{namesake}")
        self.assertEqual(self.call("describe_template", id=template["name"])["id"], template["id"])
        # Nor are the names of others found.
        key = self.server.create_key("Other")
        result = self.rpc("tools/call", {"name": "describe_template",
                                         "arguments": {"id": "Plan of the East"}},
                          Authorization=f"Bearer {key}")["result"]
        self.assertEqual(result["structuredContent"]["error"], "not_found")

    def test_the_catalog_is_listed_in_pages(self):
        first = self.call("search_templates", limit=5)
        self.assertEqual(len(first["templates"]), 5)
        self.assertIn("page 2", first["next_step"])
        second = self.call("search_templates", limit=5, page=2)
        ids = {t["id"] for t in first["templates"] + second["templates"]}
        self.assertEqual(len(ids), 10)
        nothing = self.call("search_templates", query="no template has these words")
        self.assertEqual((nothing["templates"], nothing["total"]), ([], 0))

    def test_input_that_does_not_fit_is_a_failure_that_names_the_faults(self):
        found = self.call("search_templates", query="knapsack")["templates"][0]
        failure = self.call("execute_model", failed=True, id=found["id"], input={"nonsense": 1})
        self.assertTrue(failure["message"])
        self.assertTrue(failure["errors"])
        self.assertLessEqual(len(failure["errors"]), 10)
        for tool, arguments in (
            ("execute_model", {"id": "mdl_none", "input": {}}),
            ("execute_model", {"id": "no-such-name", "input": {}}),
            ("describe_template", {"id": "no-such-name"}),
            ("get_execution", {"execution_id": "exe_none"}),
            ("explain_infeasibility", {"execution_id": "exe_none"}),
        ):
            failure = self.call(tool, failed=True, **arguments)
            self.assertEqual(failure["error"], "not_found", failure)

    def test_a_text_is_checked_and_solved(self):
        checked = self.call("check_mathprog", model=DIET)
        self.assertIs(checked["valid"], True)
        self.assertEqual((checked["num_variables"], checked["num_integers"]), (2, 2))
        wrong = self.call("check_mathprog", model=DIET.replace("solve;", "solv;"))
        self.assertIs(wrong["valid"], False)
        self.assertTrue(wrong["errors"])
        solved = self.call("solve_mathprog", model=DIET, name="diet")
        self.assertEqual((solved["answer"], solved["objective_value"]), ("optimal", 9))
        self.assertEqual(solved["output"], "cost 9\n")
        self.assertEqual(solved["name"], "diet")
        failure = self.call("solve_mathprog", failed=True, model="var x")
        self.assertTrue(failure["errors"])

    def test_the_contradiction_of_a_run_is_explained(self):
        run = self.call("solve_mathprog", model=IMPOSSIBLE)
        self.assertEqual(run["answer"], "infeasible")
        self.assertIn("explain_infeasibility", run["next_step"])
        why = self.call("explain_infeasibility", execution_id=run["execution_id"])
        text = " ".join(why["conflict"])
        self.assertIn("roof", text)
        self.assertIn("floor", text)
        self.assertNotIn("other", text)
        good = self.call("solve_mathprog", model=DIET)
        self.call("explain_infeasibility", failed=True, execution_id=good["execution_id"])

    def test_large_answers_are_cut_and_say_so(self):
        model = "var x{1..300} >= 1, <= 2; minimize z: sum{i in 1..300} x[i]; solve;" \
                "for {i in 1..2000} printf 'a line of output\\n'; end;"
        run = self.call("solve_mathprog", model=model)
        self.assertEqual(len(run["variables"]), 50)
        self.assertEqual(run["nonzero_variables_left_out"], 250)
        self.assertLess(len(run["output"]), 4100)
        self.assertIn("left out", run["output"])
        seen = []
        while True:
            part = self.call("get_execution", execution_id=run["execution_id"],
                             first_variable=len(seen), variables=120)
            seen += [v["name"] for v in part["variables"]]
            if "more_variables" not in part:
                break
        self.assertEqual(len(seen), 300)
        self.assertEqual(len(set(seen)), 300)

    def test_runs_are_listed_and_read_by_their_organization_only(self):
        run = self.call("solve_mathprog", model=DIET, name="mine")["execution_id"]
        listed = self.call("list_executions", limit=1, status="completed")
        self.assertEqual(listed["executions"][0]["execution_id"], run)
        self.assertGreaterEqual(listed["total"], 1)
        key = self.server.create_key("Stranger")
        stranger = {"Authorization": f"Bearer {key}"}
        result = self.rpc("tools/call", {"name": "list_executions"}, **stranger)["result"]
        self.assertEqual(result["structuredContent"]["executions"], [])
        result = self.rpc(
            "tools/call", {"name": "get_execution", "arguments": {"execution_id": run}}, **stranger
        )["result"]
        self.assertIs(result["isError"], True)
        self.assertEqual(result["structuredContent"]["error"], "not_found")

    def test_a_run_that_takes_long_is_waited_for_later(self):
        made = self.api.post("/models", json={"name": "g", "generator_type": "generic"}).json()
        run = self.call("execute_model", id=made["id"], input=slow_problem(), wait_seconds=0)
        self.assertIn(run["status"], ("pending", "running"))
        self.assertIn("get_execution", run["next_step"])
        self.api.post(f"/solve/async/{run['execution_id']}/cancel")
        later = self.call("get_execution", execution_id=run["execution_id"], wait_seconds=60)
        self.assertEqual(later["status"], "cancelled")


class Limits(unittest.TestCase):
    def test_solving_tools_count_as_solves(self):
        with Server("--rate-limit-solve", "2", "--credits", "1000") as server:
            with httpx.Client(base_url=server.url, timeout=60, verify=False, headers={
                    "Authorization": f"Bearer {server.key}"}) as client:
                def call(tool, **arguments):
                    return client.post("/mcp", json={
                        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                        "params": {"name": tool, "arguments": arguments}}).json()["result"]

                self.assertIs(call("check_mathprog", model=DIET)["isError"], False)
                self.assertIs(call("solve_mathprog", model=DIET)["isError"], False)
                refused = call("solve_mathprog", model=DIET)
                self.assertIs(refused["isError"], True)
                content = refused["structuredContent"]
                self.assertEqual(content["error"], "rate_limit_exceeded")
                self.assertGreaterEqual(content["retry_after"], 1)
                self.assertIs(call("list_executions")["isError"], False)

    def test_a_run_that_cannot_be_paid_is_a_failure(self):
        with Server("--credits", "0") as server:
            answer = httpx.post(server.url + "/mcp", timeout=60, headers={
                "Authorization": f"Bearer {server.key}"}, json={
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "solve_mathprog", "arguments": {"model": DIET}}})
            result = answer.json()["result"]
            self.assertIs(result["isError"], True)
            self.assertEqual(result["structuredContent"]["error"], "insufficient_credits")
            self.assertIn("credits_needed", result["structuredContent"])


if __name__ == "__main__":
    unittest.main()
