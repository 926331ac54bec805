"""One of each thing that the API knows, for those who walk all its routes."""

import subprocess

from contract import contract
from harness import SERVER, problem, wait_until
from receiver import Receiver

# No limits, and webhooks to this machine.
FLAGS = ("--rate-limit-read", "0", "--rate-limit-solve", "0", "--rate-limit-public", "0",
         "--rate-limit-fire", "0", "--rate-limit-fire-failures", "0",
         "--webhook-allow", "127.0.0.0/8")
PLAN = problem("maximize", "3*x", {"x": {"upper_bound": 4}})


class Things:
    """Made in a server that was started with FLAGS; from the document's own examples where it can.

    `ids` has a value for every path parameter and for the members of bodies that name things.
    """

    def __init__(self, server):
        self.receiver = Receiver()
        self.api = server.client()
        self.admin_key = subprocess.run(
            [SERVER, "keys", "create", "--organization", "Operators", "--admin", "--database",
             str(server.database)], check=True, capture_output=True, text=True).stdout.strip()
        self.admin = server.client(self.admin_key)
        for client in (self.api, self.admin):
            client.base_url = server.url
        self.make()

    def close(self):
        self.receiver.close()
        self.api.close()
        self.admin.close()

    def post(self, path, body=None, **options):
        answer = self.api.post("/api/v2" + path, json=body, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def get(self, path):
        return self.api.get("/api/v2" + path).json()

    @staticmethod
    def example(operation_id):
        for _, _, operation in contract().operations():
            if operation["operationId"] == operation_id:
                return operation["requestBody"]["content"]["application/json"]["example"]
        raise KeyError(operation_id)

    def make(self):
        model = self.post("/models", self.example("createModel"))
        document = self.post("/builder", {"name": "Plan", "model_json": PLAN})
        versions = [self.post(f"/builder/{document['id']}/versions",
                              {"canvas_json": {"nodes": [{"id": str(i)}]}}) for i in range(2)]
        trigger = self.post("/triggers", {
            **self.example("createTrigger"), "document_id": document["id"],
            "version_id": versions[0]["id"], "webhook_url": self.receiver.url})
        fired = self.post(f"/triggers/{trigger['id']}/fire", {},
                          headers={"Authorization": "Bearer " + trigger["trigger_secret"]})
        run = f"/triggers/{trigger['id']}/runs/{fired['run_id']}"
        wait_until(lambda: self.get(run)["webhook_delivered"] is not None)
        self.api.put(f"/api/v2/triggers/{trigger['id']}/schedule", json={"cron": "@yearly"})
        solved = self.post("/solve", PLAN)
        infeasible = self.post("/solve", problem("maximize", "x", {"x": {}}, ["x >= 3", "x <= 2"]))
        self.post("/jobs", {"metadata": {"name": "slow"}, "spec": {
            "modelId": self.post("/models", {"name": "any", "generator_type": "direct"})["id"]}})
        self.post("/jobs", {"metadata": {"name": "batch"}, "spec": {
            "modelId": model["id"], "webhook_url": self.receiver.url}})
        batch = self.post("/jobs/batch/executions", self.example("startJobExecution"))
        summary = f"/jobs/batch/executions/{batch['executionId']}/summary"
        wait_until(lambda: self.get(summary)["status"] == "succeeded")
        self.secret = trigger["trigger_secret"]
        self.batch, self.infeasible = batch["executionId"], infeasible["execution_id"]
        self.ids = {
            "catalog_id": self.get("/models/catalog")["items"][0]["id"],
            "model_id": model["id"],
            "modelId": model["id"],
            "document_id": document["id"],
            "version_id": versions[0]["id"],
            "base": versions[1]["id"],
            "trigger_id": trigger["id"],
            "run_id": fired["run_id"],
            "delivery_id": self.get(run + "/deliveries")[0]["id"],
            "execution_id": solved["execution_id"],
            "task_id": solved["execution_id"],
            "task_name": "task-0",
            "notification_id": self.get("/notifications")["items"][0]["id"],
            "organization_id": document["organization_id"],
            "file": "app.js",
        }
