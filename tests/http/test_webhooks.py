"""Webhooks from the end of a run to a receiver's hands, and as the docs and others verify them."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import ServerTest, problem, wait_until
from receiver import Receiver

PLAN = problem("maximize", "3*x", {"x": {"upper_bound": 4}})
VERIFIER = pathlib.Path(__file__).parent / "verifier"
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "webhooks.md"
ALLOW = ("--webhook-allow", "127.0.0.0/8", "--webhook-retry", "0.2,0.2,0.2",
         "--rate-limit-fire", "0", "--rate-limit-fire-failures", "0")


def make_trigger(api, **body):
    document = api.post("/builder", json={"name": "Plan", "model_json": PLAN}).json()
    version = api.post(f"/builder/{document['id']}/versions", json={"canvas_json": {}}).json()
    response = api.post("/triggers", json={"name": "Restock", "document_id": document["id"],
                                           "version_id": version["id"], **body})
    assert response.status_code == 201, response.text
    return response.json()


def fire(api, trigger, data=None):
    return api.post(f"/triggers/{trigger['id']}/fire",
                    json={"override_data": data} if data else {},
                    headers={"Authorization": f"Bearer {trigger['trigger_secret']}"})


class Webhooks(ServerTest):
    flags = ALLOW

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def run_path(self, trigger, run_id):
        return f"/triggers/{trigger['id']}/runs/{run_id}"

    def settled(self, trigger, run_id):
        def look():
            run = self.api.get(self.run_path(trigger, run_id)).json()
            return run if run["webhook_delivered"] is not None else None

        return wait_until(look)

    def test_a_run_reaches_the_receiver_signed_in_every_way(self):
        secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
        trigger = make_trigger(self.api, webhook_url=self.receiver.url, webhook_secret=secret)
        self.assertNotIn(secret, json.dumps(trigger))
        run_id = fire(self.anonymous, trigger).json()["run_id"]
        run = self.settled(trigger, run_id)
        self.assertEqual((run["webhook_delivered"], run["webhook_attempts"]), (True, 1))
        ((path, headers, body),) = self.receiver.requests
        headers = {name.lower(): value for name, value in headers.items()}
        self.assertEqual(path, "/hook")
        event = json.loads(body)
        self.assertEqual(event["event"], "trigger.run.completed")
        self.assertEqual((event["trigger_id"], event["run_id"]), (trigger["id"], run_id))
        self.assertRegex(event["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertEqual(event["data"]["status"], "completed")
        self.assertEqual(event["data"]["result"]["objective_value"], 12)
        self.assertEqual(event["data"]["result"]["solution"], {"x": 4})
        bare = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        self.assertEqual(headers["x-jaot-signature"], bare)
        self.assertEqual(headers["x-jaot-signature-256"], "sha256=" + bare)
        message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        standard = hmac.new(b"0123456789abcdef01234567", message, hashlib.sha256).digest()
        self.assertEqual(headers["webhook-signature"], "v1," + base64.b64encode(standard).decode())

    def test_a_refused_fire_is_sent_too(self):
        trigger = make_trigger(self.api, webhook_url=self.receiver.url,
                               override_schema=[{"name": "x", "type": "number", "required": True,
                                                 "model_field_path": "variables.x.upper_bound"}])
        refused = fire(self.anonymous, trigger)
        self.assertEqual(refused.status_code, 422)
        run = self.settled(trigger, refused.json()["run_id"])
        self.assertTrue(run["webhook_delivered"])
        event = json.loads(self.receiver.requests[0][2])
        self.assertEqual(event["event"], "trigger.run.validation_failed")
        self.assertNotIn("X-JAOT-Signature", self.receiver.requests[0][1])

    def test_failures_are_tried_again_under_the_same_id_and_can_be_sent_anew(self):
        self.receiver.answers = [500, 302, 503, 500]
        self.receiver.headers = {"Location": self.receiver.url + "/elsewhere"}
        trigger = make_trigger(self.api, webhook_url=self.receiver.url)
        run_id = fire(self.anonymous, trigger).json()["run_id"]
        run = self.settled(trigger, run_id)
        self.assertEqual((run["status"], run["webhook_delivered"]), ("completed", False))
        self.assertEqual(run["webhook_attempts"], 4)
        self.assertEqual({path for path, _, _ in self.receiver.requests}, {"/hook"})
        self.assertEqual(len({body for _, _, body in self.receiver.requests}), 1)
        self.assertEqual(len({sent["webhook-id"] for _, sent, _ in self.receiver.requests}), 1)
        notices = self.api.get("/notifications").json()["items"]
        self.assertIn(run_id, [(n["data"] or {}).get("run_id") for n in notices
                               if n["type"] == "system"])
        log = self.api.get(self.run_path(trigger, run_id) + "/deliveries").json()
        (delivery,) = log["items"] if isinstance(log, dict) else log
        self.assertEqual([attempt["status"] for attempt in delivery["attempts"]],
                         [500, 302, 503, 500])
        told = [n for n in self.api.get("/notifications").json()["items"]
                if (n["data"] or {}).get("run_id") == run_id and n["type"] == "system"]
        self.assertEqual([n["data"]["event_type"] for n in told], ["trigger.run.completed"])
        self.assertEqual(told[0]["link"], f"/triggers/{trigger['id']}")
        path = f"{self.run_path(trigger, run_id)}/deliveries/{delivery['id']}/redeliver"
        self.assertEqual(self.other.post(path).status_code, 404)
        self.assertIn(self.api.post(path).status_code, (200, 202))
        wait_until(lambda: self.api.get(self.run_path(trigger, run_id)).json()
                   ["webhook_delivered"])
        self.assertEqual(self.receiver.requests[-1][1]["webhook-id"], delivery["id"])

    def test_gone_takes_the_url_off_the_trigger(self):
        self.receiver.answers = [410]
        trigger = make_trigger(self.api, webhook_url=self.receiver.url)
        run_id = fire(self.anonymous, trigger).json()["run_id"]
        self.assertFalse(self.settled(trigger, run_id)["webhook_delivered"])
        self.assertIsNone(self.api.get(f"/triggers/{trigger['id']}").json()["webhook_url"])
        self.assertEqual(len(self.receiver.requests), 1)

    def test_private_places_are_refused_when_saved(self):
        trigger = make_trigger(self.api, webhook_url=self.receiver.url)
        for url in ("http://192.168.18.113/", "http://10.0.0.5/x", "http://[::ffff:10.0.0.5]/",
                    "http://0x0a000005/", "http://169.254.169.254/latest", "ftp://example.com/",
                    "http://user:word@example.com/", "http://[64:ff9b::a00:5]/"):
            answer = self.api.patch(f"/triggers/{trigger['id']}", json={"webhook_url": url})
            self.assertEqual(answer.status_code, 422, url)
        kept = self.api.get(f"/triggers/{trigger['id']}").json()
        self.assertEqual(kept["webhook_url"], self.receiver.url)

    def test_the_documented_receiver_accepts_what_is_sent(self):
        (program,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
                      if "class Receiver" in block]
        secret = "whsec_" + base64.b64encode(b"abcdefghijklmnopqrstuvwx").decode()
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "receiver.py"
            script.write_text(program)
            process = subprocess.Popen(
                [sys.executable, script], stdout=subprocess.PIPE, text=True,
                env={**os.environ, "PORT": "0", "WEBHOOK_SECRET": secret})
            try:
                port = int(process.stdout.readline().split()[-1])
                trigger = make_trigger(self.api, webhook_secret=secret,
                                       webhook_url=f"http://127.0.0.1:{port}/")
                run_id = fire(self.anonymous, trigger).json()["run_id"]
                self.assertTrue(self.settled(trigger, run_id)["webhook_delivered"])
                self.assertEqual(process.stdout.readline().split(),
                                 ["trigger.run.completed", run_id, "completed"])
                wrong = make_trigger(self.api, webhook_secret="another",
                                     webhook_url=f"http://127.0.0.1:{port}/")
                run_id = fire(self.anonymous, wrong).json()["run_id"]
                self.assertFalse(self.settled(wrong, run_id)["webhook_delivered"])
            finally:
                process.kill()
                process.wait()
                process.stdout.close()


@unittest.skipUnless(shutil.which("node") and (VERIFIER / "node_modules").is_dir(),
                     "./dev installs the public verifier")
class PublicVerifier(ServerTest):
    """The Standard Webhooks project's own library judges what we send."""

    flags = ALLOW

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def sent(self, secret):
        """What arrives for a trigger with this secret: a name beyond ASCII, a fractional answer."""
        trigger = make_trigger(self.api, name="Größe 東京 \u2028", webhook_url=self.receiver.url,
                               webhook_secret=secret)
        before = len(self.receiver.requests)
        self.assertEqual(fire(self.anonymous, trigger,
                              {"name": "Zoë \"🙂\""}).status_code, 202)
        wait_until(lambda: len(self.receiver.requests) > before)
        _, headers, body = self.receiver.requests[before]
        headers = {name.lower(): value for name, value in headers.items()
                   if name.lower().startswith("webhook-")}
        self.assertEqual(len(headers), 3)
        return headers, body

    def verdicts(self, cases):
        """One a case (secret, format, headers, body): whether the library accepts it."""
        text = json.dumps([{"secret": secret, "format": form, "headers": headers,
                            "body": base64.b64encode(body).decode()}
                           for secret, form, headers, body in cases])
        done = subprocess.run(["node", VERIFIER / "verify.mjs"], input=text, capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_it_accepts_our_signatures_and_no_flipped_bit(self):
        encoded = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
        for secret, form in ((encoded, "standard"), ("plain words, no base64", "raw"),
                             ("whsec_your_signing_secret", "raw")):
            headers, body = self.sent(secret)
            cases = [(secret, form, headers, body)]
            for place in range(0, len(body), max(1, len(body) // 60)):
                for bit in (0, 5):
                    flipped = bytearray(body)
                    flipped[place] ^= 1 << bit
                    cases.append((secret, form, headers, bytes(flipped)))
            for name, value in headers.items():
                for place in range(len("v1,") if name == "webhook-signature" else 0, len(value)):
                    other = chr(ord(value[place]) ^ 1)
                    flipped = value[:place] + other + value[place + 1:]
                    cases.append((secret, form, {**headers, name: flipped}, body))
            cases.append((secret, form, headers, body + b" "))
            cases.append((secret, form, headers, body[:-1]))
            cases.append((encoded[:-1] + "8" if form == "standard" else secret + "x", form, headers,
                          body))
            self.assertEqual(self.verdicts(cases), [True] + [False] * (len(cases) - 1))


if __name__ == "__main__":
    unittest.main()
