"""Credits: prices, balances, refusals, refunds, adjustments, and what users hear of them."""

import concurrent.futures
import json
import subprocess
import unittest

import websocket

from harness import SERVER, Server, ServerTest, ended, problem, slow_problem

# 2 integer variables, 1 row: 1 + 0.2 + 2*sqrt(2) + 0.05 = 4.08
SMALL = problem("maximize", "3*x + 5*y", {"x": {"type": "integer", "upper_bound": 4}, "y": "binary"},
                ["x + y <= 4"])
PRICE = 4


class CreditsTest(ServerTest):
    flags = ("--credits", "100")

    def setUp(self):
        """Each test has an organization of its own."""
        self.organization = self.id().rpartition(".")[2]
        self.api = self.server.client(self.server.create_key(self.organization))
        self.addCleanup(self.api.close)

    def credits(self, verb, *arguments, check=True):
        done = subprocess.run(
            [SERVER, "credits", verb, "--organization", self.organization, "--database",
             str(self.server.database), "--json", *map(str, arguments)],
            capture_output=True, text=True, timeout=60)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def set_balance(self, amount):
        self.assertEqual(self.credits("set", "--amount", amount)["balance"], amount)

    def balance(self):
        return self.api.get("/credits/balance").json()["credits_balance"]

    def transactions(self, **query):
        answer = self.api.get("/credits/transactions", params=query)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def check_books(self):
        entries = self.transactions(limit=100)
        self.assertEqual(sum(e["credits_amount"] for e in entries), self.balance())
        total = 0
        for entry in reversed(entries):
            total += entry["credits_amount"]
            self.assertEqual(entry["balance_after"], total)


class Prices(CreditsTest):
    def test_the_calculator_follows_the_published_table_and_needs_no_credential(self):
        table = [  # n, int, bin, m, t -> raw, credits, euros
            (0, 0, 0, 0, 60, 1.00, 1, 0.016), (2, 0, 0, 1, 60, 1.25, 1, 0.016),
            (2, 2, 0, 1, 60, 4.08, 4, 0.064), (5, 0, 0, 0, 60, 1.50, 2, 0.032),
            (10, 5, 0, 8, 120, 7.87, 8, 0.128), (10, 0, 10, 10, 120, 9.82, 10, 0.16),
            (15, 0, 0, 0, 60, 2.50, 2, 0.032), (100, 0, 0, 0, 60, 11.00, 11, 0.176),
            (100, 50, 20, 80, 60, 32.97, 33, 0.528), (101, 0, 0, 51, 61, 16.50, 16, 0.256),
            (10000, 5000, 2000, 8000, 600, 383.66, 384, 6.144),
            (100000, 100000, 100000, 100000, 3600, 1599.11, 500, 8)]
        for n, integers, binaries, m, t, raw, credits, euros in table:
            with self.subTest(n=n, m=m):
                answer = self.anonymous.post("/credits/calculator", json={
                    "num_variables": n, "num_integer_vars": integers, "num_binary_vars": binaries,
                    "num_constraints": m, "time_limit_seconds": t})
                self.assertEqual(answer.status_code, 200, answer.text)
                body = answer.json()
                self.assertEqual(body["credits_required"], credits)
                self.assertEqual(body["breakdown"]["raw_total"], raw)
                self.assertEqual(body["breakdown"]["cap_applied"], raw > 500)
                self.assertEqual(body["cost_eur"], euros)
        self.assertEqual(
            self.anonymous.post("/credits/calculator", json={
                "num_variables": 10, "num_integer_vars": 5, "num_constraints": 8,
                "time_limit_seconds": 120}).json(),
            {"credits_required": 8,
             "breakdown": {"base_cost": 1, "variable_cost": 1.0, "mip_penalty": 4.47,
                           "constraint_cost": 0.4, "time_bonus": 1, "raw_total": 7.87,
                           "cap_applied": False, "max_credits_per_solve": 500},
             "cost_eur": 0.128,
             "cost_by_plan": {"free": 0, "starter": 0.152, "pro": 0.128, "topup_500": 0.224,
                              "topup_2000": 0.192, "topup_5000": 0.16, "topup_20000": 0.128}})

    def test_the_calculator_refuses_what_is_no_count(self):
        for body in ({}, {"num_variables": -1}, {"num_variables": 1.5}, {"num_variables": "3"},
                     {"num_variables": 10_000_001}, {"num_variables": 2**63},
                     {"num_variables": 1, "num_constraints": -1},
                     {"num_variables": 1, "time_limit_seconds": 0},
                     {"num_variables": 1, "time_limit_seconds": 3601}, []):
            with self.subTest(body=body):
                self.assert_error(self.anonymous.post("/credits/calculator", json=body), 422)
        self.assert_error(self.anonymous.post("/credits/calculator", content=b"{"), 400)
        self.assertEqual(
            self.anonymous.post("/credits/calculator", json={"num_variables": 10_000_000}).json()
            ["credits_required"], 500)

    def test_a_listing_has_its_price_and_a_private_model_costs_what_its_problem_does(self):
        listing = next(m for m in self.anonymous.get("/models/catalog").json()["items"]
                       if m["name"] == "warehouse_allocation")
        model = self.api.post(f"/models/catalog/{listing['id']}/activate").json()
        example = self.api.get(f"/models/{model['id']}/schema").json()["example_input"]
        price = listing["credits_per_execution"]
        preview = self.api.post(f"/models/{model['id']}/preview", json={"input_data": example})
        self.assertEqual(preview.json()["estimated_credits"], price)
        answer = self.api.post(f"/models/{model['id']}/execute", json={"input_data": example}).json()
        self.assertEqual((answer["credits_used"], answer["credits_remaining"]), (price, 100 - price))
        own = self.api.post("/models", json={"name": "own", "generator_type": "generic",
                                             "credits_per_execution": 77}).json()
        preview = self.api.post(f"/models/{own['id']}/preview", json={"input_data": SMALL})
        self.assertEqual(preview.json()["estimated_credits"], PRICE)
        answer = self.api.post(f"/models/{own['id']}/execute", json={"input_data": SMALL}).json()
        self.assertEqual(answer["credits_used"], PRICE)
        self.assertEqual(answer["credits_remaining"], 100 - price - PRICE)
        # What the model cannot use is not charged.
        self.assert_error(self.api.post(f"/models/{model['id']}/execute",
                                        json={"input_data": {"warehouses": 3}}), 400)
        self.assertEqual(self.balance(), 100 - price - PRICE)
        self.check_books()


class Charges(CreditsTest):
    def test_a_new_organization_has_its_grant(self):
        body = self.api.get("/credits/balance").json()
        self.assertEqual(body["credits_balance"], 100)
        for member in ("credits_earned", "currency", "local_balance", "local_earned",
                       "exchange_rate", "credits_subscription", "credits_purchased"):
            self.assertIn(member, body)
        self.assertEqual(body["credits_per_eur"], 10)
        self.assertEqual(body["local_balance"], 10)
        [grant] = self.transactions()
        self.assertEqual((grant["transaction_type"], grant["credits_amount"]), ("adjustment", 100))
        self.check_books()

    def test_every_answer_tells_price_and_what_is_left(self):
        first = self.api.post("/solve", json=SMALL).json()
        self.assertEqual((first["credits_used"], first["credits_remaining"]), (PRICE, 96))
        queued = self.api.post("/solve/async", json=SMALL).json()
        self.assertEqual(queued["estimated_credits"], PRICE)
        self.assertEqual(queued["credits_remaining"], 92)
        record = ended(self.api, queued["task_id"])
        self.assertEqual((record["credits_used"], record["credits_remaining"]), (PRICE, 92))
        task = self.api.get(f"/solve/async/{queued['task_id']}").json()
        self.assertEqual(task["result"]["credits_remaining"], 92)
        url = self.server.url.replace("http", "ws") + f"/api/v2/ws/executions/{queued['task_id']}"
        key = self.api.headers["Authorization"].split()[1]
        socket = websocket.create_connection(url + "?token=" + key, timeout=30)
        messages = []
        while not messages or messages[-1]["type"] != "completed":
            messages.append(json.loads(socket.recv()))
        socket.close()
        self.assertEqual(messages[-1]["result"]["credits_used"], PRICE)
        self.assertEqual(messages[-1]["result"]["credits_remaining"], 92)
        # What is only looked at costs nothing.
        self.api.post("/solve/validate", json=SMALL)
        self.assert_error(self.api.post("/solve", json={**SMALL, "variables": []}), 422)
        self.assertEqual(self.balance(), 92)
        charge = self.transactions()[0]
        self.assertEqual(charge["transaction_type"], "execution")
        self.assertEqual(charge["credits_amount"], -PRICE)
        self.assertEqual(charge["balance_after"], 92)
        self.assertEqual((charge["reference_type"], charge["reference_id"]),
                         ("execution", queued["task_id"]))
        self.check_books()

    def test_without_credits_nothing_is_solved_or_recorded(self):
        self.set_balance(PRICE - 1)
        for route in ("/solve", "/solve/async"):
            refused = self.assert_error(self.api.post(route, json=SMALL), 402,
                                        "insufficient_credits")
            self.assertEqual(refused["credits_needed"], PRICE)
            self.assertEqual(refused["credits_available"], PRICE - 1)
        own = self.api.post("/models", json={"name": "own", "generator_type": "generic"}).json()
        for mode in (True, False):
            self.assert_error(
                self.api.post(f"/models/{own['id']}/execute",
                              json={"input_data": SMALL, "async_mode": mode}),
                402, "insufficient_credits")
        keyed = self.api.post("/solve", json=SMALL, headers={"Idempotency-Key": "k"})
        self.assert_error(keyed, 402, "insufficient_credits")
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], 0)
        self.assertEqual(self.balance(), PRICE - 1)
        # A refused request may be repeated once there are credits.
        self.credits("grant", "--amount", 1)
        again = self.api.post("/solve", json=SMALL, headers={"Idempotency-Key": "k"})
        self.assertEqual(again.status_code, 200, again.text)
        self.assertEqual(self.balance(), 0)
        replay = self.api.post("/solve", json=SMALL, headers={"Idempotency-Key": "k"})
        self.assertEqual(replay.json()["execution_id"], again.json()["execution_id"])
        self.assertEqual(self.balance(), 0)
        self.check_books()

    def test_the_last_credits_are_spent_once(self):
        for _ in range(5):
            self.set_balance(PRICE)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(lambda _: self.api.post("/solve", json=SMALL), range(2)))
            self.assertEqual(sorted(a.status_code for a in answers), [200, 402])
            for answer in answers:
                if answer.status_code == 402:
                    refused = self.assert_error(answer, 402, "insufficient_credits")
                    self.assertEqual(refused["credits_available"], 0)
                    self.assertEqual(refused["credits_needed"], PRICE)
            self.assertEqual(self.balance(), 0)
        self.assertEqual(self.api.get("/models/executions/all").json()["total"], 5)
        self.check_books()

    def test_no_answer_no_charge(self):
        blocked = problem("minimize", "x", {"x": {}}, ["x >= 2", "x <= 1"])
        answer = self.api.post("/solve", json=blocked).json()
        self.assertEqual((answer["status"], answer["credits_used"]), ("infeasible", 1))
        self.assertEqual(self.balance(), 99)
        # Occupy both workers, so that the third waits and can be cancelled before it starts.
        slow = {**slow_problem(), "options": {"time_limit_seconds": 60}}
        price = self.api.post("/solve/validate", json=slow).json()["estimated_credits"]
        self.credits("grant", "--amount", 100)
        running = [self.api.post("/solve/async", json=slow).json()["task_id"] for _ in range(3)]
        waiting = running.pop()
        self.assertEqual(self.balance(), 199 - 3 * price)
        self.assertTrue(self.api.post(f"/solve/async/{waiting}/cancel").json()["cancelled"])
        self.assertEqual(ended(self.api, waiting)["credits_used"], 0)
        self.assertEqual(self.balance(), 199 - 2 * price)
        refund = self.transactions(transaction_type="refund")
        self.assertEqual([(e["reference_id"], e["credits_amount"]) for e in refund],
                         [(waiting, price)])
        for run in running:
            self.api.post(f"/solve/async/{run}/cancel")
            ended(self.api, run)
        self.check_books()

    def test_transactions_are_listed_in_parts(self):
        for _ in range(3):
            self.api.post("/solve", json=SMALL)
        everything = self.transactions()
        self.assertEqual([e["credits_amount"] for e in everything], [-4, -4, -4, 100])
        self.assertEqual(self.transactions(limit=2, offset=1), everything[1:3])
        self.assertEqual(self.transactions(transaction_type="adjustment"), everything[3:])
        self.assertEqual(self.transactions(transaction_type="purchase"), [])
        self.assertEqual(self.transactions(offset=10**15), [])
        for query in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"limit": "x"},
                      {"transaction_type": "gift"}):
            self.assert_error(self.api.get("/credits/transactions", params=query), 422)
        for route in ("/credits/balance", "/credits/transactions"):
            self.assert_error(self.anonymous.get(route), 401)
        self.assertEqual(len(self.other.get("/credits/transactions").json()), 1)

    def test_no_payment_provider_is_configured(self):
        self.assert_error(self.api.post("/billing/checkout/topup", json={
            "credits": 500, "success_url": "https://a", "cancel_url": "https://b"}), 503)
        self.assert_error(self.api.post("/billing/checkout/topup", json={"credits": 7}), 422)
        self.assert_error(self.anonymous.post("/billing/checkout/topup", json={}), 401)


class Operators(CreditsTest):
    def organization_id(self):
        return self.api.get("/credits/balance").headers["X-Organization-Id"]

    def test_an_operators_key_adjusts_and_no_other_does(self):
        admin_key = subprocess.run(
            [SERVER, "keys", "create", "--organization", "Operators", "--admin", "--database",
             str(self.server.database)], check=True, capture_output=True, text=True).stdout.strip()
        organization = self.organization_id()
        body = {"organization_id": organization, "amount": 50, "reason": "thanks"}
        self.assert_error(self.anonymous.post("/admin/credits/adjust", json=body), 401)
        self.assert_error(self.api.post("/admin/credits/adjust", json=body), 403, "forbidden")
        self.assert_error(self.api.post("/admin/credits/adjust", json={}), 403, "forbidden")
        self.assertEqual(self.balance(), 100)
        with self.server.client(admin_key) as admin:
            answer = admin.post("/admin/credits/adjust", json=body).json()
            self.assertEqual(answer["organization_id"], organization)
            self.assertEqual((answer["amount"], answer["balance_after"]), (50, 150))
            self.assertEqual(answer["transaction_type"], "adjustment")
            self.assertEqual(answer["description"], "thanks")
            self.assertTrue(answer["id"].startswith("txn_"))
            self.assertEqual(self.balance(), 150)
            self.assertEqual(self.transactions()[0]["id"], answer["id"])
            for wrong, status in (({"amount": -151}, 400), ({"amount": 0}, 422),
                                  ({"amount": 1.5}, 422), ({"amount": None}, 422),
                                  ({"amount": 2**62}, 422), ({"organization_id": 3}, 422),
                                  ({"reason": 3}, 422), ({"organization_id": "org_no"}, 404)):
                self.assert_error(admin.post("/admin/credits/adjust", json={**body, **wrong}),
                                  status)
            # A repeated request changes nothing more, and shows the entry that was made.
            repeat = {"Idempotency-Key": "adjust-1"}
            first = admin.post("/admin/credits/adjust", json=body, headers=repeat)
            again = admin.post("/admin/credits/adjust", json=body, headers=repeat)
            self.assertEqual(again.json(), first.json())
            self.assertEqual(again.headers["Idempotent-Replay"], "true")
            self.assertNotIn("Idempotent-Replay", first.headers)
            self.assertEqual(self.balance(), 200)
            self.assert_error(admin.post("/admin/credits/adjust", json={**body, "amount": 1},
                                         headers=repeat), 422, "idempotency_key_reused")
            admin.post("/admin/credits/adjust", json={**body, "amount": -50})
            # A key that an operator makes over the API is an ordinary one.
            made = admin.post("/keys", json={"name": "n", "is_admin": True}).json()["api_key"]
        with self.server.client(made) as ordinary:
            self.assert_error(ordinary.post("/admin/credits/adjust", json=body), 403)
        self.assertEqual(self.balance(), 150)
        self.check_books()

    def test_the_command_line_changes_a_running_servers_books(self):
        self.assertEqual(self.balance(), 100)
        granted = self.credits("grant", "--amount", 5, "--reason", "for testing")
        self.assertEqual(granted["balance"], 105)
        self.assertEqual(granted["entries"][0]["description"], "for testing")
        self.assertEqual(self.credits("adjust", "--amount=-105")["balance"], 0)
        self.assert_error(self.api.post("/solve", json=SMALL), 402)
        self.assertIn("below 0", self.credits("adjust", "--amount=-1", check=False))
        self.set_balance(PRICE)
        self.assertEqual(self.api.post("/solve", json=SMALL).status_code, 200)
        shown = self.credits("show")
        self.assertEqual((shown["balance"], shown["granted"], shown["used"]), (0, 100, PRICE))
        self.assertEqual(len(shown["entries"]), 5)
        self.assertEqual(len(self.credits("show", "--entries", 2)["entries"]), 2)
        text = subprocess.run([SERVER, "credits", "show", "--organization", self.organization,
                               "--database", str(self.server.database)],
                              capture_output=True, text=True).stdout
        self.assertIn("has 0 credits", text)
        self.assertIn("for testing", text)
        self.check_books()


class Unlimited(unittest.TestCase):
    def test_nothing_is_charged_or_refused(self):
        with Server("--credits", "unlimited") as server, server.client() as api:
            answer = api.post("/solve", json=SMALL).json()
            self.assertEqual(answer["credits_used"], PRICE)
            self.assertIsNone(answer["credits_remaining"])
            balance = api.get("/credits/balance").json()
            self.assertIs(balance["unlimited"], True)
            self.assertIsNone(balance["credits_balance"])
            self.assertEqual(api.get("/credits/transactions").json(), [])

    def test_a_wrong_setting_stops_the_start(self):
        for wrong in ("lots", "-1", "1.5"):
            done = subprocess.run([SERVER, "serve", "--credits", wrong], capture_output=True,
                                  text=True, timeout=30)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f'--credits: must be a whole number from 0 to 1000000000000, not "{wrong}";'
                          " or unlimited", done.stderr)


if __name__ == "__main__":
    unittest.main()
