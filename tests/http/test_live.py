"""Live updates, by WebSocket and as a stream of events."""

import asyncio
import json
import os
import pathlib
import re
import socket
import unittest

import websocket

from harness import SERVER, Server, ServerTest, problem, slow_problem, wait_until

SMALL = problem("minimize", "2*x", {"x": {}}, ["x >= 3"])


class EventStream:
    """A reader of text/event-stream, as strict as a browser is lenient."""

    def __init__(self, client, execution_id, after=None, **options):
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        self.context = client.stream("GET", f"/models/executions/{execution_id}/events",
                                     headers=headers, **options)
        self.response = self.context.__enter__()
        self.lines = self.response.iter_lines()
        self.last_id = None
        self.comments = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.__exit__(None, None, None)

    def __iter__(self):
        """The messages, with their ids as "id"."""
        data, this_id = None, None
        for line in self.lines:
            line = line.rstrip("\r\n")
            field, _, value = line.partition(": ")
            if not line:
                if data is not None:
                    yield {**json.loads(data), "id": this_id}
                data, this_id = None, None
            elif line.startswith(":"):
                self.comments += 1
            elif field == "data":
                assert data is None, "one line of data a message"
                data = value
            elif field == "id":
                this_id = self.last_id = int(value)
            else:
                assert field == "retry", line


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

    def test_the_cookie_from_a_foreign_page_closes_with_its_own_code(self):
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        host = self.server.url.split("://")[1]
        # The token is bad anyhow: which refusal comes tells that the origin was asked about first.
        for origin, code, word in (("https://evil.example.com", 4003, "forbidden"),
                                   (f"http://{host}", 4001, "unauthorized")):
            messages, closed = self.read_all(self.open(run, "", origin=origin,
                                                       cookie="jaot_access_token=x.y.z"))
            self.assertEqual(closed, code)
            self.assertEqual([(m["type"], m["code"]) for m in messages], [("error", word)])

    def cancel(self, task):
        self.assertTrue(self.api.post(f"/solve/async/{task}/cancel").json()["cancelled"])

    def test_a_running_run_shows_its_progress_at_once(self):
        task = self.start(seed=14)
        wait_until(lambda: self.api.get(f"/solve/async/{task}").json()["elapsed_seconds"] > 0)
        socket = self.open(task)
        status, progress = json.loads(socket.recv()), json.loads(socket.recv())
        self.assertEqual((status["type"], progress["type"]), ("status", "progress"))
        self.assertEqual(set(status), {"type", "execution_id", "status", "progress_data", "result",
                                       "objective_value", "solver_status", "error"})
        self.assertGreaterEqual(status["progress_data"]["elapsed_seconds"], 0)
        self.assertLessEqual({"progress", "objective_value", "gap", "execution_id", "status",
                              "message", "iteration", "timestamp"}, set(progress))
        # Without news from the solver the clock alone is news.
        for _ in range(2):
            self.assertEqual(json.loads(socket.recv())["type"], "progress")
        self.cancel(task)
        self.read_all(socket)

    def test_frames_above_four_kilobytes_close_the_socket(self):
        task = self.start(seed=15)
        socket = self.open(task)
        socket.send("x" * 4096)
        socket.send("{}")
        socket.send_binary(b"ping")
        socket.send("ping")
        wait_until(lambda: socket.recv() == "pong")
        socket.send("x" * 4097)
        while True:
            opcode, data = socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break
        self.assertEqual(int.from_bytes(data[:2], "big"), 1009)
        self.cancel(task)

    def test_a_stream_carries_the_same_messages(self):
        task = self.start(seed=21)
        socket = self.open(task)
        with EventStream(self.api, task) as stream:
            self.assertEqual(stream.response.status_code, 200)
            self.assertEqual(stream.response.headers["Content-Type"], "text/event-stream")
            self.assertEqual(stream.response.headers["Cache-Control"], "no-store")
            messages = iter(stream)
            self.assertEqual(next(messages)["type"], "status")
            wait_until(lambda: next(messages)["type"] == "progress")
            self.cancel(task)
            rest = list(messages)
            ids = [m["id"] for m in rest]
            self.assertEqual(ids, sorted(set(ids)))
            self.assertEqual(rest[-1]["type"], "cancelled")
            ends = self.read_all(socket)[0][-1]
            self.assertEqual({**rest[-1], "id": None}, {**ends, "id": None})

    def test_a_stream_of_a_finished_run_is_over_at_once_and_stays_over(self):
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        with EventStream(self.api, run) as stream:
            messages = list(stream)
            self.assertEqual([m["type"] for m in messages], ["status", "completed"])
            self.assertEqual(messages[1]["result"]["objective_value"], 6)
            last = stream.last_id
        # Whoever missed the end gets it, whoever has it is told to stay away.
        with EventStream(self.api, run, after=last - 1) as stream:
            self.assertEqual([m["type"] for m in stream], ["completed"])
        with EventStream(self.api, run, after=last) as stream:
            self.assertEqual(stream.response.status_code, 204)
        for nonsense in ("x", "-1", "1.5", "9" * 30):
            with EventStream(self.api, run, after=nonsense) as stream:
                self.assertEqual([m["type"] for m in stream], ["status", "completed"])

    def test_a_stream_goes_on_where_it_broke_off(self):
        task = self.start(seed=22)
        with EventStream(self.api, task) as stream:
            messages = iter(stream)
            wait_until(lambda: next(messages)["type"] == "progress")
            wait_until(lambda: next(messages)["type"] == "progress")
            seen = stream.last_id
        with EventStream(self.api, task, after=seen) as stream:
            messages = iter(stream)
            first = next(messages)
            self.assertEqual(first["type"], "progress")
            self.cancel(task)
            rest = [first, *messages]
        self.assertGreater(rest[0]["id"], seen)
        self.assertEqual([m["type"] for m in rest][-1], "cancelled")
        self.assertEqual([m["id"] for m in rest], sorted({m["id"] for m in rest}))

    def test_streams_are_refused_like_other_requests(self):
        run = self.api.post("/solve", json=SMALL).json()["execution_id"]
        path = f"/models/executions/{run}/events"
        other = self.other.headers["Authorization"].split()[1]
        self.assert_error(self.anonymous.get(path), 401, "unauthorized")
        self.assert_error(self.anonymous.get(path, params={"token": "ok_live_bad"}), 401)
        self.assert_error(self.anonymous.get(path, params={"token": other}), 404)
        self.assert_error(self.other.get(path), 404, "not_found")
        self.assert_error(self.api.get("/models/executions/exe_none/events"), 404)
        self.assert_error(self.api.post(path), 405)
        with EventStream(self.anonymous, run, params={"token": self.server.key}) as stream:
            self.assertEqual(len(list(stream)), 2)
        head = self.api.head(path)
        self.assertEqual((head.status_code, head.headers["Content-Type"], head.content),
                         (200, "text/event-stream", b""))
        # Nowhere else does a token in the query count.
        self.assert_error(self.anonymous.get("/models", params={"token": self.server.key}), 401)
        self.assertNotIn(self.server.key, self.server.read_log())
        self.assertNotIn(other, self.server.read_log())

    def test_who_loses_the_right_to_listen_hears_no_end(self):
        task = self.start(seed=17)
        key = self.api.post("/keys", json={"name": "for a while"}).json()
        socket = self.open(task, key["api_key"])
        self.assertEqual(json.loads(socket.recv())["type"], "status")
        with EventStream(self.anonymous, task, params={"token": key["api_key"]}) as stream:
            messages = iter(stream)
            self.assertEqual(next(messages)["type"], "status")
            self.assertEqual(self.api.delete(f"/keys/{key['id']}").status_code, 200)
            self.api.post(f"/solve/async/{task}/cancel")
            self.assertNotIn("cancelled", [m["type"] for m in messages])
        messages, code = self.read_all(socket)
        self.assertNotIn("cancelled", [m["type"] for m in messages])
        self.assertEqual(code, 4001)

    def test_a_large_answer_is_held_once_for_all_who_read_it_slowly(self):
        names = [f"a_rather_long_name_of_a_variable_{i}" for i in range(20_000)]
        large = problem("minimize", " + ".join(names), {name: {} for name in names}, [])
        run = self.api.post("/solve", json=large).json()["execution_id"]
        size = len(self.api.get(f"/models/executions/{run}").content)
        sockets = [self.open(run, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))]
        before = self.server.resident_bytes()
        for _ in range(40):
            sockets.append(self.open(run, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)))
        # A sanitizer keeps freed memory for a while, to find its late users.
        if not re.search(rb"__[at]san_init", pathlib.Path(SERVER).read_bytes()):
            self.assertLess(self.server.resident_bytes() - before, 20 * size)
        for open_socket in sockets:
            open_socket.shutdown()

    def test_five_hundred_readers_of_each_kind_hear_of_the_end(self):
        task = self.start(seed=23)
        threads = f"/proc/{self.server.process.pid}/task"
        before = len(os.listdir(threads))
        host, port = self.server.url.removeprefix("http://").split(":")
        base = "/api/v2/"
        sse = f"GET {base}models/executions/{task}/events HTTP/1.1\r\nHost: x\r\n" \
              f"Authorization: Bearer {self.server.key}\r\n\r\n"
        ws = f"GET {base}ws/executions/{task}?token={self.server.key} HTTP/1.1\r\nHost: x\r\n" \
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        reading = 0
        everybody = asyncio.Event()

        async def read(request):
            nonlocal reading
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request.encode())
            text = b""
            while b'"type":"status"' not in text:
                piece = await reader.read(4096)
                text += piece
                self.assertTrue(piece, text)
                self.assertNotIn(b" 503 ", text[:20])
            reading += 1
            if reading == 1000:
                everybody.set()
            while b'"type":"cancelled"' not in text:
                piece = await reader.read(65536)
                self.assertTrue(piece, "the connection ended early")
                text = text[-100:] + piece
            writer.close()

        async def all_of_them():
            readers = [asyncio.create_task(read(request)) for request in [sse, ws] * 500]
            arrived = asyncio.create_task(everybody.wait())
            await asyncio.wait([arrived, *readers], timeout=120,
                               return_when=asyncio.FIRST_COMPLETED)
            for early in readers:
                if early.done():
                    early.result()
            self.assertTrue(arrived.done(), f"{reading} of 1,000 readers heard the status")
            # The pool of request threads may have grown for the rush; readers keep none of them.
            await asyncio.to_thread(
                wait_until, lambda: len(os.listdir(threads)) - before < 200, 60)
            health = await asyncio.to_thread(self.api.get, "/health/metrics")
            self.assertEqual(health.json()["event_streams"], 500)
            self.assertEqual(health.json()["websockets"], 500)
            await asyncio.to_thread(self.cancel, task)
            await asyncio.wait_for(asyncio.gather(*readers), 120)

        asyncio.run(all_of_them())

    def trigger_run(self, model):
        """A run of a trigger that was fired just now, and the trigger's path."""
        document = self.api.post("/builder", json={"model_json": model}).json()
        version = self.api.post(f"/builder/{document['id']}/versions",
                                json={"canvas_json": {}}).json()
        made = self.api.post("/triggers", json={
            "name": "Watched", "document_id": document["id"], "version_id": version["id"]}).json()
        fired = self.anonymous.post(f"/triggers/{made['id']}/fire",
                                    headers={"Authorization": f"Bearer {made['trigger_secret']}"})
        self.assertEqual(fired.status_code, 202, fired.text)
        return fired.json(), f"/triggers/{made['id']}"

    def test_a_run_of_a_trigger_is_told_by_both_ways(self):
        fired, path = self.trigger_run({**slow_problem(41), "options": {"time_limit_seconds": 3600}})
        execution = fired["execution_id"]
        with EventStream(self.api, execution) as stream:
            messages = iter(stream)
            self.assertEqual(next(messages)["type"], "status")
            wait_until(lambda: next(messages)["type"] == "progress")
            socket = self.open(execution)
            self.assertEqual(json.loads(socket.recv())["status"], "running")
            self.assertEqual(self.api.get(f"{path}/runs/{fired['run_id']}").json()["status"],
                             "running")
            self.cancel(execution)
            told, code = self.read_all(socket)
            streamed = list(messages)
        self.assertEqual((told[-1]["type"], streamed[-1]["type"], code),
                         ("cancelled", "cancelled", 1000))
        self.assertEqual([m["type"] for m in told].count("cancelled"), 1)
        self.assertEqual(self.api.get(f"{path}/runs/{fired['run_id']}").json()["status"],
                         "cancelled")
        # The trigger's secret opens neither.
        other = self.other.headers["Authorization"].split()[1]
        self.assertEqual(self.read_all(self.open(execution, other))[1], 4004)

    def test_the_answer_of_a_triggers_run_comes_with_its_end(self):
        fired, path = self.trigger_run(SMALL)
        messages, code = self.read_all(self.open(fired["execution_id"]))
        self.assertEqual((messages[0]["type"], messages[-1]["type"], code),
                         ("status", "completed", 1000))
        result = messages[-1]["result"]
        self.assertEqual((result["status"], result["objective_value"]), ("optimal", 6))
        self.assertLessEqual({"solution", "solve_time_seconds", "credits_used",
                              "credits_remaining"}, set(result))
        with EventStream(self.api, fired["execution_id"]) as stream:
            self.assertEqual(list(stream)[-1]["result"]["objective_value"], 6)
        # What a listener was told is what the record says.
        run = self.api.get(f"{path}/runs/{fired['run_id']}").json()
        self.assertEqual((run["status"], run["result_data"]["objective_value"]), ("completed", 6))

    def test_a_plain_request_is_told_to_upgrade(self):
        self.assert_error(self.api.get("/ws/executions/exe_1"), 426)


class TwoServers(unittest.TestCase):
    def test_who_was_there_before_hears_the_end_beside_who_came_after_it(self):
        with Server("--workers", "1") as server, server.client() as api, \
                Server("--workers", "1", folder=server.folder) as second, \
                second.client(server.key) as other:
            busy = [api.post("/solve/async", json=slow_problem(seed)).json()["task_id"]
                    for seed in (51, 52)]
            for task in busy:
                wait_until(lambda: api.get(f"/solve/async/{task}").json()["status"] == "running")
            task = api.post("/solve/async", json=slow_problem(53)).json()["task_id"]
            with EventStream(api, task) as before:
                messages = iter(before)
                self.assertEqual(next(messages)["status"], "pending")
                # The first server is told of it within a second; until then it finds the record.
                other.post(f"/solve/async/{task}/cancel")
                with EventStream(api, task) as after:
                    self.assertEqual([m["type"] for m in after], ["status", "cancelled"])
                self.assertEqual([m["type"] for m in messages][-1], "cancelled")


class Stopping(unittest.TestCase):
    def test_listeners_are_sent_away_when_the_server_stops(self):
        with Server("--workers", "1") as server, server.client() as api:
            task = api.post("/solve/async", json=slow_problem(31)).json()["task_id"]
            socket = websocket.create_connection(
                server.url.replace("http", "ws") + f"/api/v2/ws/executions/{task}", timeout=30,
                subprotocols=["bearer", server.key])
            json.loads(socket.recv())
            with EventStream(api, task) as stream:
                messages = iter(stream)
                self.assertEqual(next(messages)["type"], "status")
                server.process.terminate()
                self.assertNotIn("cancelled", [m["type"] for m in messages])
            while True:
                opcode, data = socket.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    break
            self.assertEqual(int.from_bytes(data[:2], "big"), 1001)
            socket.shutdown()
            self.assertEqual(server.stop(), 0)
            self.assertNotIn(server.key, server.read_log())


if __name__ == "__main__":
    unittest.main()
