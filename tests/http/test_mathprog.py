"""MathProg texts that are kept nowhere: solved and checked as they are."""

import unittest

from harness import ServerTest, ended

KNAPSACK = """set ITEMS;
param value{ITEMS};
param weight{ITEMS};
param room;
var take{ITEMS} binary;
maximize worth: sum{i in ITEMS} value[i] * take[i];
s.t. fits: sum{i in ITEMS} weight[i] * take[i] <= room;
solve;
end;
"""
DATA = """param room := 15;
param : ITEMS : value weight :=
  lamp 4 12
  radio 2 2
  book 1 1
  clock 10 4
  mug 2 1;
end;
"""


class MathProgTest(ServerTest):
    def test_a_text_with_data_is_solved_by_family(self):
        answer = self.api.post("/solve/mathprog", json={"model": KNAPSACK, "data": DATA, "name": "Bag"})
        self.assertEqual(answer.status_code, 200, answer.text)
        body = answer.json()
        self.assertEqual((body["status"], body["objective_value"]), ("optimal", 15))
        self.assertEqual({row[0] for row in body["families"]["take"]["rows"]},
                         {"radio", "book", "clock", "mug"})
        run = self.api.get("/models/executions/" + body["execution_id"]).json()
        self.assertIsNone(run["model_id"])
        self.assertEqual(run["name"], "Bag")
        self.assertEqual(run["result_data"]["families"], body["families"])
        self.assertEqual(self.api.get("/models").json()["total"], 0)

    def test_lines_and_input_data_will_do(self):
        data = {"ITEMS": ["a", "b"], "value": {"a": 3, "b": 5}, "weight": [2, 4], "room": 5}
        answer = self.api.post("/solve/mathprog", json={
            "model": KNAPSACK.splitlines(), "input_data": data, "async_mode": True})
        self.assertEqual(answer.status_code, 202, answer.text)
        run = ended(self.api, answer.json()["execution_id"])
        self.assertEqual(run["objective_value"], 5)
        self.assertEqual(run["input_data"], data)

    def test_a_check_counts_and_keeps_nothing(self):
        before = self.api.get("/models/executions/all").json()["total"]
        answer = self.api.post("/solve/mathprog/check", json={"model": KNAPSACK, "data": DATA})
        self.assertEqual(answer.status_code, 200, answer.text)
        body = answer.json()
        self.assertEqual((body["num_variables"], body["num_constraints"], body["num_integers"]),
                         (5, 1, 5))
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], before)

    def test_faults_name_line_and_source(self):
        for route in ("/solve/mathprog", "/solve/mathprog/check"):
            wrong = self.api.post(route, json={"model": KNAPSACK.replace("take[i] <=", "tke[i] <="),
                                               "data": DATA})
            body = self.assert_error(wrong, 422, "validation_error")
            self.assertEqual((body["errors"][0]["line"], body["errors"][0]["symbol"]), (7, "tke"))
            missing = self.api.post(route, json={"model": KNAPSACK, "data": DATA.replace("mug 2 1", "mug 2 .")})
            body = self.assert_error(missing, 400, "bad_request")
            self.assertEqual(body["errors"][0]["code"], "M221")
            data = self.api.post(route, json={"model": KNAPSACK, "data": "param room := ;\nparam nothing := 3;"})
            body = data.json()
            self.assertIn(data.status_code, (400, 422))
            self.assertEqual(body["errors"][0]["source"], "data")

    def test_bad_bodies_are_refused(self):
        for body, pointer in [({}, "model"), ({"model": ""}, "model"), ({"model": 3}, "model"),
                              ({"model": [1]}, "model"), ({"model": KNAPSACK, "data": 3}, "data"),
                              ({"model": KNAPSACK, "input_data": 3}, "input_data"),
                              ({"model": KNAPSACK, "async_mode": "x"}, "async_mode")]:
            answer = self.api.post("/solve/mathprog", json=body)
            error = self.assert_error(answer, 422, "validation_error")
            self.assertEqual(error["detail"][0]["loc"], ["body", pointer], body)
        self.assert_error(self.anonymous.post("/solve/mathprog", json={}), 401, "unauthorized")

    def test_a_repeated_key_solves_once(self):
        def send(model):
            return self.api.post("/solve/mathprog", json={"model": model, "data": DATA},
                                 headers={"Idempotency-Key": "once"})
        first, second = send(KNAPSACK), send(KNAPSACK)
        self.assertEqual(first.json()["execution_id"], second.json()["execution_id"])
        self.assertEqual(second.headers["Idempotent-Replay"], "true")
        self.assertEqual(send(KNAPSACK + "# other\n").status_code, 422)


if __name__ == "__main__":
    unittest.main()
