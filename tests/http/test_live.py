"""Live updates by WebSocket."""

import json
import unittest

import websocket

from harness import ServerTest, problem, slow_problem, wait_until

SMALL = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])


class Live(ServerTest):
    def open(self, execution_id, token=None, **options):
        url = self.server.url.replace("http", "ws") + f"/api/v2/ws/executions/{execution_id}"
        token = self.server.key if token is None else token
        if "subprotocols" not in options and "header" not in options and token:
            url += "?token=" + token
        return websocket.create_connection(url, timeout=30, **options)

    def read_all(self, socket):
        """All messages up to the close, and the close code."""
        messages = []
        while True:
            opcode, data = socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                socket.shutdown()
                return messages, int.from_bytes(data[:2], "big")
            messages.append(json.loads(data))

    def start(self, seed):
        task = self.api.post("/solve/async", json=slow_problem(seed)).json()["task_id"]
        wait_until(lambda: self.api.get(f"/solve/async/{task}").json()["status"] == "running")
        return task

    def test_a_finished_run_is_told_at_once(self):
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        messages, code = self.read_all(self.open(run))
        self.assertEqual([m["type"] for m in messages], ["status", "completed"])
        self.assertEqual(messages[0]["status"], "completed")
        self.assertEqual(messages[1]["result"]["objective_value"], 6)
        self.assertEqual(code, 1000)

    def test_progress_then_the_end_for_every_listener(self):
        task = self.start(seed=11)
        sockets = [self.open(task), self.open(task, header=[
            f"Authorization: Bearer {self.server.key}"])]
        self.api.post(f"/solve/async/{task}/cancel")
        for socket in sockets:
            messages, code = self.read_all(socket)
            self.assertEqual(messages[0]["type"], "status")
            self.assertEqual(messages[0]["status"], "running")
            self.assertEqual(messages[-1]["type"], "cancelled")
            self.assertIsNone(messages[-1]["result"])
            self.assertEqual(code, 1000)

    def test_progress_never_decreases(self):
        task = self.start(seed=12)
        socket = self.open(task)
        progress = []
        while len(progress) < 4:
            message = json.loads(socket.recv())
            if message["type"] == "progress":
                progress.append(message["progress"])
                self.assertEqual(message["execution_id"], task)
                self.assertIn("gap", message)
        self.assertEqual(progress, sorted(progress))
        self.assertLess(progress[-1], 1)
        self.api.post(f"/solve/async/{task}/cancel")
        self.read_all(socket)

    def test_ping_is_answered(self):
        task = self.start(seed=13)
        socket = self.open(task, subprotocols=["bearer", self.server.key])
        self.assertEqual(socket.getsubprotocol(), "bearer")
        socket.send("ping")
        wait_until(lambda: socket.recv() == "pong")
        self.api.post(f"/solve/async/{task}/cancel")
        self.read_all(socket)

    def test_refusals_close_with_their_code(self):
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        other = self.other.headers["Authorization"].split()[1]
        for execution_id, token, code in ((run, "", 4001), (run, "ok_live_bad", 4001),
                                          ("exe_" + "0" * 16, None, 4004), (run, other, 4004)):
            messages, closed = self.read_all(self.open(execution_id, token))
            self.assertEqual(closed, code)
            self.assertEqual([m["type"] for m in messages], ["error"])
        self.assertNotIn(other, self.server.read_log())
        self.assertNotIn(self.server.key, self.server.read_log())

    def test_a_plain_request_is_told_to_upgrade(self):
        self.assert_error(self.api.get("/ws/executions/exe_1"), 426)


if __name__ == "__main__":
    unittest.main()
