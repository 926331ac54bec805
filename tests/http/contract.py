"""Holds every exchange of the HTTP tests against the OpenAPI document.

Clients made with `event_hooks=HOOKS` (those of harness.py are) fail a test when an answer's status,
headers, content type or body is not what the document says of that route, or when a request was
accepted that the document does not allow.
"""

import functools
import gzip
import json
import os
import pathlib
import re

# JSON Schema 2020-12, which is what OpenAPI 3.1 writes.
from jsonschema import Draft202012Validator, ValidationError, validators

METHODS = ("get", "put", "post", "delete", "patch")
# Of a long list so many items are looked at from its start and from its end: the tests read lists
# of thousands over and over.
FIRST, LAST = 6, 2
# Refused before any route is known.
HEAD_FAULTS = (400, 414, 417, 431, 505)
# What is not there has the error body of the routes there.
BELOW_JOBS = re.compile("(/api/v2|/v0)/jobs/")
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Violation(AssertionError):
    """The server and the document disagree."""


def document_path():
    """The document that the server under test was built with."""
    server = pathlib.Path(os.environ.get("SOLVENT_SERVER", "build/server/solvent"))
    return pathlib.Path(os.environ.get("SOLVENT_OPENAPI", server.parent / "openapi/openapi.json"))


def is_stream(response):
    """A body that goes on for as long as a run does."""
    return response.headers.get("Content-Type", "").startswith("text/event-stream")


def sampled(values):
    values = list(values)
    return values if len(values) <= FIRST + LAST else values[:FIRST] + values[-LAST:]


def check_items(validator, schema, instance, _):
    if validator.is_type(instance, "array"):
        for position, item in sampled(enumerate(instance)):
            yield from validator.descend(item, schema, path=position)


def check_other_members(validator, allowed, instance, schema):
    if not validator.is_type(instance, "object"):
        return
    known = schema.get("properties", {})
    others = [name for name in instance if name not in known]
    if allowed is False:
        if others:
            yield ValidationError(f"members that are not documented: {others}")
    elif isinstance(allowed, dict):
        for name in sampled(others):
            yield from validator.descend(instance[name], allowed, path=name)


Validator = validators.extend(
    Draft202012Validator, {"items": check_items, "additionalProperties": check_other_members})


class Contract:
    def __init__(self, document):
        self.document = document
        self.resolved = {}
        self.validators = {}
        self.templates = []
        for template, item in document["paths"].items():
            segments = template.strip("/").split("/")
            self.templates.append((segments, template, self.resolve(item)))
        # A literal segment wins over a parameter, as it does in the router.
        self.templates.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])

    def operations(self):
        """(method, path template, operation with all references followed)."""
        for _, template, item in self.templates:
            for method in METHODS:
                if method in item:
                    yield method.upper(), template, item[method]

    def resolve(self, node):
        """The node with every reference replaced by what it refers to, once and shared."""
        if isinstance(node, list):
            return [self.resolve(v) for v in node]
        if not isinstance(node, dict):
            return node
        if isinstance(reference := node.get("$ref"), str):
            if reference not in self.resolved:
                target = self.document
                for part in reference[2:].split("/"):
                    target = target[part]
                self.resolved[reference] = self.resolve(target)
            others = {k: v for k, v in node.items() if k != "$ref"}
            if not others:
                return self.resolved[reference]
            return {**self.resolved[reference], **others}
        return {k: v if k in ("example", "examples") else self.resolve(v) for k, v in node.items()}

    def find(self, path):
        """(template, path item, values of its parameters) of a path, or None."""
        segments = path.strip("/").split("/")
        for template, name, item in self.templates:
            if len(template) == len(segments) and all(
                    (t.startswith("{") and s) or t == s for t, s in zip(template, segments)):
                return name, item
        return None

    def faults(self, schema, value):
        if id(schema) not in self.validators:
            self.validators[id(schema)] = Validator(schema)
        for error in self.validators[id(schema)].iter_errors(value):
            # What no alternative fits is best told by the one that comes nearest.
            while error.context:
                error = max(error.context, key=lambda e: len(e.absolute_path))
            yield f"{'/'.join(map(str, error.absolute_path)) or 'the body'}: {error.message[:300]}"

    def check(self, request, response):
        """Raises Violation. The response must have been read, unless it is a stream."""
        path = request.url.raw_path.decode("ascii").split("?")[0]
        where = f"{request.method} {path} -> {response.status_code}"

        def fail(message):
            shown = "" if is_stream(response) else response.text[:2000]
            raise Violation(f"{where}: {message}\n{shown}")

        def check_error(name="Error"):
            media = response.headers.get("Content-Type", "")
            name = "ProblemDetails" if media == "application/problem+json" else name
            problems = list(self.faults(self.schema(name), response.json()))
            if problems:
                fail("; ".join(problems))

        if not response.headers.get("X-Request-ID"):
            fail("no X-Request-ID")
        if request.method == "OPTIONS":
            if response.status_code not in (204, 404):
                fail("OPTIONS is answered with 204 or 404")
            return
        found = self.find(path)
        head = request.method == "HEAD"
        if found is None:
            if response.status_code not in (404, *HEAD_FAULTS):
                fail("the document does not know this path")
            if not head:
                below_jobs = response.status_code == 404 and BELOW_JOBS.match(path)
                check_error("JobError" if below_jobs else "Error")
            return
        operation = found[1].get("get" if head else request.method.lower())
        if operation is None:
            if response.status_code != 405 or not response.headers.get("Allow"):
                fail("the document does not know this method")
            return
        answer = operation["responses"].get(str(response.status_code))
        if answer is None:
            if response.status_code not in HEAD_FAULTS:
                fail(f"no documented status of {operation['operationId']}")
            check_error()
            return
        self.check_headers(answer, response, fail)
        if not head and not is_stream(response):
            self.check_body(answer, response, fail)
        if response.status_code < 300:
            self.check_request(operation, request, fail)

    def schema(self, name):
        return self.resolve({"$ref": "#/components/schemas/" + name})

    def check_headers(self, answer, response, fail):
        for name, header in answer.get("headers", {}).items():
            if name not in response.headers:
                if header.get("required"):
                    fail(f"no header {name}")
                continue
            for fault in self.faults(header["schema"], response.headers[name]):
                fail(f"header {name}: {fault}")

    def check_body(self, answer, response, fail):
        content = answer.get("content")
        media = response.headers.get("Content-Type", "").split(";")[0]
        if content is None:
            if media or response.content:
                fail("no body is documented")
            return
        documented = content.get(media) or content.get("*/*")
        if documented is None:
            fail(f"the content type {media!r} is not documented")
        if media.endswith("json"):
            for fault in self.faults(documented["schema"], response.json()):
                fail(fault)

    def check_request(self, operation, request, fail):
        if body := operation.get("requestBody"):
            text = request.read()
            if request.headers.get("Content-Encoding", "identity").lower() != "identity":
                text = gzip.decompress(text)
            if not text and body["required"]:
                fail("was accepted without a body")
            if text:
                schema = body["content"]["application/json"]["schema"]
                for fault in self.faults(schema, json.loads(text)):
                    fail("was accepted with a body that is not documented: " + fault)
        for parameter in operation.get("parameters", []):
            place = request.url.params if parameter["in"] == "query" else request.headers
            if parameter["name"] not in place:
                if parameter.get("required"):
                    fail(f"was accepted without {parameter['name']}")
                continue
            value = place[parameter["name"]]
            schema = parameter["schema"]
            if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
                value = int(value)
            if schema.get("type") == "number" and re.fullmatch(r"\d+(\.\d+)?", value):
                value = float(value)
            if schema.get("type") == "boolean" and value.lower() in TRUE + FALSE:
                value = value.lower() in TRUE
            for fault in self.faults(schema, value):
                fail(f"was accepted with {parameter['name']}={value!r}: {fault}")


@functools.lru_cache(maxsize=1)
def contract():
    return Contract(json.loads(document_path().read_text()))


def hold(response):
    if not is_stream(response):
        response.read()
    contract().check(response.request, response)


HOOKS = {"response": [hold]}
