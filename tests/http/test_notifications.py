"""Notifications: who is told of what, and reading and marking them."""

import subprocess
import unittest

from harness import SERVER, Server, ServerTest, ended, problem, slow_problem, wait_until

EASY = problem("minimize", "2*x + 3*y", {"x": {}, "y": {}}, ["x + y >= 4"], name="easy")
HOUR = {"time_limit_seconds": 3600}
MODEL = {
    "name": "small",
    "display_name": "Small plan",
    "generator_type": "template",
    "language": "mathprog",
    "model": "param demand default 4; var x >= 0; minimize cost: 2 * x;"
             " s.t. enough: x >= demand; solve; end;",
}


def users_client(server, organization, user):
    return server.client(server.create_key(organization, user))


class NotificationsTest(ServerTest):
    flags = ("--workers", "1")

    def fresh(self, user="owner"):
        """A user of an organization that nothing has happened in."""
        NotificationsTest.organizations = getattr(NotificationsTest, "organizations", 0) + 1
        self.organization = f"Notified {NotificationsTest.organizations}"
        client = users_client(self.server, self.organization, user)
        self.addCleanup(client.close)
        return client

    def unread(self, client):
        return client.get("/notifications/unread-count").json()["unread_count"]

    def listed(self, client, **query):
        response = client.get("/notifications", params=query)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def solve_async(self, client, body=EASY):
        task = client.post("/solve/async", json=body)
        self.assertEqual(task.status_code, 202, task.text)
        return ended(client, task.json()["execution_id"])

    def test_the_user_of_an_asynchronous_solve_is_told_once(self):
        client = self.fresh()
        colleague = users_client(self.server, self.organization, "colleague")
        self.addCleanup(colleague.close)
        execution = self.solve_async(client)
        body = self.listed(client)
        self.assertEqual((body["total"], body["unread_count"]), (1, 1))
        told = body["items"][0]
        self.assertEqual(set(told), {"id", "type", "title", "message", "data", "link", "is_read",
                                     "created_at"})
        self.assertRegex(told["id"], r"^ntf_[0-9a-z]{16}$")
        self.assertEqual(told["type"], "execution_complete")
        self.assertEqual(told["title"], "Solve completed")
        self.assertEqual(told["message"], "Your easy optimization finished with status: optimal")
        self.assertEqual(told["data"]["execution_id"], execution["id"])
        self.assertEqual(told["data"]["objective_value"], 8)
        self.assertEqual(told["data"]["status"], "optimal")
        self.assertEqual(told["link"], f"/executions/{execution['id']}")
        self.assertIs(told["is_read"], False)
        self.assertEqual(told["created_at"], execution["completed_at"])
        self.assertEqual(self.listed(colleague), {"items": [], "total": 0, "unread_count": 0})
        self.assertEqual(self.unread(self.other), 0)

    def test_an_answer_is_not_told_again(self):
        client = self.fresh()
        self.assertEqual(client.post("/solve", json=EASY).status_code, 200)
        self.assertEqual(self.unread(client), 0)

    def test_model_executions_are_told_however_they_are_answered(self):
        client = self.fresh()
        model = client.post("/models", json=MODEL).json()["id"]
        done = client.post(f"/models/{model}/execute", json={"input_data": {}})
        self.assertEqual(done.status_code, 200, done.text)
        told = self.listed(client)["items"][0]
        self.assertEqual(told["data"]["model_name"], "Small plan")
        self.assertIn("Small plan", told["message"])
        self.assertEqual(told["data"]["execution_id"], done.json()["id"])
        later = client.post(f"/models/{model}/execute",
                            json={"input_data": {}, "async_mode": True})
        self.assertEqual(later.status_code, 202, later.text)
        ended(client, later.json()["id"])
        self.assertEqual(self.unread(client), 2)

    def test_failures_are_told_and_cancels_are_not(self):
        client = self.fresh()
        body = {**slow_problem(), "options": HOUR}
        running = client.post("/solve/async", json=body).json()["execution_id"]
        waiting = client.post("/solve/async", json=body).json()["execution_id"]
        for task in (waiting, running):
            client.post(f"/solve/async/{task}/cancel")
            self.assertEqual(ended(client, task)["status"], "cancelled")
        self.assertEqual(self.unread(client), 0)
        # Infeasible is an answer.
        self.solve_async(client, problem("minimize", "x", {"x": {}}, ["x <= -1"]))
        self.assertEqual(self.listed(client)["items"][0]["data"]["status"], "infeasible")

    def trigger(self, client, model, **body):
        document = client.post("/builder", json={"model_json": model}).json()
        version = client.post(f"/builder/{document['id']}/versions",
                              json={"canvas_json": {}}).json()
        made = client.post("/triggers", json={
            "name": "Nightly", "document_id": document["id"], "version_id": version["id"], **body})
        self.assertEqual(made.status_code, 201, made.text)
        return made.json()

    def fire(self, trigger, data=None):
        return self.anonymous.post(f"/triggers/{trigger['id']}/fire", json={"override_data": data},
                                   headers={"Authorization": f"Bearer {trigger['trigger_secret']}"})

    def test_the_end_of_a_triggers_run_is_told_to_its_creator_once(self):
        client = self.fresh()
        colleague = users_client(self.server, self.organization, "colleague")
        self.addCleanup(colleague.close)
        made = self.trigger(client, EASY)
        fired = self.fire(made).json()
        again = client.post(f"/triggers/{made['id']}/runs/{fired['run_id']}/rerun").json()
        by_colleague = colleague.post(
            f"/triggers/{made['id']}/runs/{fired['run_id']}/rerun").json()
        runs = [fired, again, by_colleague]
        for run in runs:
            ended(client, run["execution_id"])
        told = self.listed(client)["items"]
        self.assertEqual(sorted(n["data"]["run_id"] for n in told),
                         sorted(run["run_id"] for run in runs))
        for n in told:
            self.assertEqual(n["type"], "execution_complete")
            self.assertEqual((n["data"]["trigger_id"], n["data"]["objective_value"]),
                             (made["id"], 8))
            self.assertEqual(n["link"], f"/executions/{n['data']['execution_id']}")
        self.assertEqual(self.unread(colleague), 0)
        # A listener's reconnecting, a repeated fire or a look at the run tells nobody anything.
        client.get(f"/triggers/{made['id']}/runs/{fired['run_id']}")
        self.assertEqual(self.unread(client), 3)

    def test_a_run_that_failed_or_was_refused_is_told_and_a_cancelled_one_is_not(self):
        client = self.fresh()
        failing = {**MODEL, "model": MODEL["model"].replace("solve;", "check demand > 9; solve;")}
        made = self.trigger(client, {**failing, "input_data": {}})
        fired = self.fire(made)
        self.assertEqual(fired.status_code, 202, fired.text)
        ended(client, fired.json()["execution_id"])
        (told,) = self.listed(client)["items"]
        self.assertEqual((told["type"], told["data"]["run_id"]),
                         ("execution_failed", fired.json()["run_id"]))
        self.assertIn("check", told["data"]["error"])
        closed = self.trigger(client, EASY, override_schema=[])
        refused = [self.fire(closed, {"x": 1}) for _ in range(3)]
        self.assertEqual({r.status_code for r in refused}, {422})
        newest, *rest = self.listed(client)["items"]
        self.assertEqual(rest, [told])
        self.assertEqual((newest["type"], newest["data"]["run_id"], newest["link"]),
                         ("system", refused[0].json()["run_id"], f"/triggers/{closed['id']}"))
        slow = self.trigger(client, {**slow_problem(), "options": HOUR})
        task = self.fire(slow).json()["execution_id"]
        client.post(f"/solve/async/{task}/cancel")
        self.assertEqual(ended(client, task)["status"], "cancelled")
        self.assertEqual(self.unread(client), 2)

    def test_limits_and_filters(self):
        client = self.fresh()
        for limit in ("0", "101", "-1", "x", "1.5", ""):
            self.assert_error(client.get("/notifications", params={"limit": limit}), 422,
                              "validation_error")
        self.assert_error(client.get("/notifications", params={"unread_only": "maybe"}), 422)
        for _ in range(3):
            self.solve_async(client)
        first, second, third = self.listed(client)["items"]
        self.assertGreater(first["created_at"], second["created_at"])
        self.assertEqual(self.listed(client, limit=2)["items"], [first, second])
        self.assertEqual(self.listed(client, limit=2)["total"], 2)
        self.assertEqual(self.listed(client, limit=2)["unread_count"], 3)
        for times in range(2):
            marked = client.post(f"/notifications/{second['id']}/read")
            self.assertEqual(marked.status_code, 200)
            self.assertEqual(marked.json(), {"success": True, "marked_count": 1})
            self.assertEqual(self.unread(client), 2)
        body = self.listed(client, unread_only=True, limit=10)
        self.assertEqual([n["id"] for n in body["items"]], [first["id"], third["id"]])
        self.assertEqual((body["total"], body["unread_count"]), (2, 2))
        self.assertEqual([n["is_read"] for n in self.listed(client)["items"]],
                         [False, True, False])
        self.assertEqual(client.post("/notifications/read-all").json(),
                         {"success": True, "marked_count": 2})
        self.assertEqual(client.post("/notifications/read-all/", json={}).json(),
                         {"success": True, "marked_count": 0})
        self.assertEqual(self.listed(client, unread_only="True")["items"], [])
        self.assertEqual(self.listed(client)["total"], 3)

    def test_what_is_anothers_does_not_exist(self):
        client = self.fresh()
        colleague = users_client(self.server, self.organization, "colleague")
        self.addCleanup(colleague.close)
        self.solve_async(client)
        told = self.listed(client)["items"][0]["id"]
        answers = set()
        for stranger in (colleague, self.other):
            for name in (told, "ntf_doesnotexist00", "x" * 70, "%00"):
                error = self.assert_error(stranger.post(f"/notifications/{name}/read"), 404,
                                          "not_found")
                answers.add(error["message"])
            self.assertEqual(stranger.post("/notifications/read-all").json()["marked_count"], 0)
        self.assertEqual(answers, {"Notification not found"})
        self.assertEqual(self.unread(client), 1)

    def test_credentials_are_needed_everywhere(self):
        for method, path in (("GET", ""), ("GET", "/unread-count"), ("POST", "/read-all"),
                             ("POST", "/ntf_1/read")):
            self.assert_error(self.anonymous.request(method, "/notifications" + path), 401,
                              "unauthorized")
        self.assert_error(self.api.post("/notifications/unread-count"), 405)

    def test_announcements(self):
        client = self.fresh("ann")
        bob = users_client(self.server, self.organization, "bob")
        self.addCleanup(bob.close)

        def announce(*arguments):
            return subprocess.run(
                [SERVER, "announce", "--database", str(self.server.database), *arguments],
                capture_output=True, text=True)

        to_us = ("--organization", self.organization)
        done = announce(*to_us, "Maintenance on Sunday", "--title", "Heads up")
        self.assertEqual((done.returncode, done.stdout), (0, "told 2 users\n"), done.stderr)
        for who in (client, bob):
            told = self.listed(who)["items"][0]
            self.assertEqual((told["type"], told["title"], told["message"]),
                             ("system", "Heads up", "Maintenance on Sunday"))
            self.assertIsNone(told["data"])
            self.assertIsNone(told["link"])
        self.assertEqual(announce(*to_us, "--plan", "pro").returncode, 0)
        told = self.listed(client)["items"][0]
        self.assertEqual((told["type"], told["data"]), ("subscription_updated", {"plan": "pro"}))
        self.assertEqual(announce("--organization", "nobody's", "text").returncode, 1)
        self.assertEqual(announce(*to_us).returncode, 1)
        self.assertEqual(announce(*to_us, "text", "--plan", "pro").returncode, 2)
        self.assertEqual(self.unread(self.other), 0)


class AnsweredLateTest(unittest.TestCase):
    def test_what_was_answered_with_202_is_told(self):
        with Server("--workers", "1", "--sync-wait", "0.05") as server:
            with server.client() as api:
                body = {**slow_problem(), "options": {"time_limit_seconds": 3}}
                answer = api.post("/solve", json=body)
                self.assertEqual(answer.status_code, 202, answer.text)
                execution = ended(api, answer.json()["execution_id"])
                told = api.get("/notifications").json()
                self.assertEqual(told["total"], 1)
                self.assertEqual(told["items"][0]["data"]["execution_id"], execution["id"])

    def test_it_is_the_operators_choice_whether_answers_are_told_too(self):
        for choice, solves, models in (("none", 0, 0), ("all", 1, 1)):
            with Server("--workers", "1", "--notify-sync", choice) as server:
                with server.client() as api:
                    self.assertEqual(api.post("/solve", json=EASY).status_code, 200)
                    unread = api.get("/notifications/unread-count").json()["unread_count"]
                    self.assertEqual(unread, solves)
                    model = api.post("/models", json=MODEL).json()["id"]
                    done = api.post(f"/models/{model}/execute", json={"input_data": {}})
                    self.assertEqual(done.status_code, 200, done.text)
                    unread = api.get("/notifications/unread-count").json()["unread_count"]
                    self.assertEqual(unread, solves + models)

    def test_a_run_that_outlives_its_process_is_told(self):
        with Server("--workers", "1") as server:
            with server.client() as api:
                body = {**slow_problem(), "options": {"time_limit_seconds": 2}}
                task = api.post("/solve/async", json=body).json()["execution_id"]
                wait_until(lambda: api.get(f"/models/executions/{task}").json()["status"]
                           == "running")
            server.kill()
            server.start()
            with server.client() as api:
                ended(api, task)
                told = api.get("/notifications").json()["items"]
                self.assertEqual([n["data"]["execution_id"] for n in told], [task])


if __name__ == "__main__":
    unittest.main()
