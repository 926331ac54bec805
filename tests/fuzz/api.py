"""Lets schemathesis, which reads OpenAPI, try to find answers that the document does not know.

usage: api.py SCHEMATHESIS SERVER [--seconds N] [--seed N]

A fresh server holds one of each thing (tests/http/things.py). Ids in paths are real ones, one that
nobody has, or any text; everything else is made up by the fuzzer, within the document's words and
outside them.
Any 5xx, undocumented status, content type, header or body, and any request that the document
forbids and the server takes, is a failure.
"""

import argparse
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "unsupported_method",
          "negative_data_rejection"]
NOBODYS = "unknown-0000000000000000"
# 503 is what this one promises; that one is no HTTP exchange.
LEFT_OUT = {"topUp", "watchExecutionByWebSocket"}
OPERATORS = {"adjustCredits"}
FIRE = {"fireTrigger"}
# They end with what they are tried on, so they come last.
ENDING = {"revokeKey", "deleteModel", "deleteDocument", "deleteTrigger", "deleteSchedule",
          "deleteJob", "deleteJobV0", "cancelJobExecution", "cancelJobExecutionV0",
          "rotateTriggerSecret", "toggleTrigger", "patchTrigger", "patchModel", "replaceJob",
          "replaceJobV0"}


def some_id(real):
    # No text is forbidden: the fuzzer may have given its name to something.
    return {"anyOf": [{"enum": [real, NOBODYS]}, {"type": "string"}]}


def with_real_ids(document, things):
    """The document, with examples that name what is there."""
    document = copy.deepcopy(document)
    ids = {**things.ids, "job_id": "batch", "folder": "parts", "key_id": NOBODYS}

    def fill(value):
        if isinstance(value, dict):
            return {k: ids[k] if k in ids and isinstance(v, str) else fill(v)
                    for k, v in value.items()}
        return [fill(v) for v in value] if isinstance(value, list) else value

    for name, parameter in document["components"]["parameters"].items():
        if parameter["in"] == "path":
            parameter["schema"] = some_id(ids[name])
            parameter["example"] = ids[name]
    for path, item in document["paths"].items():
        for operation in item.values():
            if isinstance(operation, dict) and "requestBody" in operation:
                content = operation["requestBody"]["content"]["application/json"]
                content["example"] = fill(content["example"])
        for parameter in item.get("parameters", []):
            # Below a job an execution is one of the job's.
            if "{job_id}" in path and parameter["$ref"].endswith("/execution_id"):
                parameter["$ref"] = "#/components/parameters/batch_id"
    batch = copy.deepcopy(document["components"]["parameters"]["execution_id"])
    batch["schema"] = some_id(things.batch)
    batch["example"] = things.batch
    document["components"]["parameters"]["batch_id"] = batch
    return document


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("schemathesis")
    parser.add_argument("server")
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["SOLVENT_SERVER"] = options.server
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))
    from contract import contract
    from harness import Server
    from things import FLAGS, Things

    everything = {o["operationId"] for _, _, o in contract().operations()} - LEFT_OUT
    failed = False
    with tempfile.TemporaryDirectory() as folder, \
            Server(*FLAGS, "--sync-wait", "2", "--max-time-limit", "2") as server:
        things = Things(server)
        document = pathlib.Path(folder) / "openapi.json"
        document.write_text(json.dumps(with_real_ids(contract().document, things)))
        for what, token, operations, share in (
                ("as a user", server.key, everything - OPERATORS - FIRE - ENDING, 0.7),
                ("as an operator", things.admin_key, OPERATORS, 0.05),
                ("with a trigger's secret", things.secret, FIRE, 0.1),
                ("what ends things", server.key, ENDING, 0.15)):
            print(f"== {what}: {len(operations)} operations", flush=True)
            chosen = [part for name in sorted(operations)
                      for part in ("--include-operation-id", name)]
            done = subprocess.run(
                [os.path.abspath(options.schemathesis), "--no-color", "run", str(document),
                 "--url", server.url, "--header", f"Authorization: Bearer {token}",
                 "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--continue-on-failure",
                 "--max-time", str(max(10, int(options.seconds * share))),
                 "--seed", str(options.seed), "--generation-database", "none",
                 "--request-timeout", "60", "--warnings", "off", *chosen],
                cwd=folder)
            failed = failed or done.returncode != 0
        things.close()
        log = server.read_log()
    faults = [line for line in log.splitlines() if '"level":"error"' in line]
    for line in faults[:20]:
        print("logged:", line)
    return 1 if failed or faults else 0


if __name__ == "__main__":
    sys.exit(main())
