"""Makes the OpenAPI document from the files that people write: assemble.py OUTPUT VERSION FILE...

The files hold plain OpenAPI 3.1 and JSON Schema, with these short forms, so that what says nothing
new need not be written:

  {"$ref": "Problem"}      a component of that name in its usual place
  "type": "answer"         an object whose members are all there and are all there are, except that
                           those named in "optional" may be missing
  "include": ["Result"]    takes over the members (and "optional") of another schema
  operation "id"           operationId
  operation "body"         {"schema", "example"}: a JSON body
  operation "answers"      responses as {"description", "schema", "headers", "type"}
  operation "errors"       further statuses that are answered with the error body; 401, 429 and 503
                           come by themselves, and 400, 408, 413, 415 and 422 with a body
  operation "auth"         "key" (default), "none", "secret" (a trigger's) or "token" (a key that may
                           also be in the query)
  operation "limited"      false: no rate limit
  operation "parameters"   names of components, or whole parameters; those of the path come by
                           themselves

A file has "tag", "paths", "schemas", "parameters", "headers", "error" (the schema of its errors),
"error_body_status" (what an ill-shaped body gets) and "bases", below which its paths are mounted.
"webhooks" are what the server sends: {"summary", "description", "parameters", "schema", "example"}.
examples.json holds answers by operation and status, recorded by tests/http/record_examples.py.
"""

import copy
import json
import pathlib
import re
import sys

METHODS = ("get", "put", "post", "delete", "patch")
NAMES = {
    400: ("BadRequest", "The request cannot be parsed, or means nothing."),
    401: ("Unauthorized", "No credential, or one that is invalid, expired or revoked."),
    402: ("InsufficientCredits", "The balance is too small; nothing was done or recorded."),
    403: ("Forbidden", "The credential is good, but does not allow this."),
    404: ("NotFound", "There is no such thing, or it is not the caller's; both answer alike."),
    408: ("BodyTooSlow", "The body did not arrive in time."),
    409: ("Conflict", "Not in the present state."),
    412: ("PreconditionFailed", "It has changed since it was read."),
    413: ("TooLarge", "The body is longer than this route takes."),
    415: ("UnsupportedType", "A body that is not JSON."),
    422: ("Invalid", "A value is missing, or of the wrong type, range or word."),
    426: ("UpgradeRequired", "This route is a WebSocket."),
    429: ("TooMany", "The rate limit is used up; `Retry-After` says for how long."),
    503: ("Unavailable", "The server cannot do this now; `Retry-After` says when to come back."),
}
HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
SECURITY = {"none": [], "secret": [{"triggerSecret": []}, {}],
            "token": [{"key": []}, {"cookie": []}, {"keyInQuery": []}]}


def fail(message):
    sys.exit("assemble.py: " + message)


class Document:
    def __init__(self, sources, version):
        self.sources = sources
        self.parts = {"schemas": {}, "parameters": {}, "headers": {}, "responses": {}}
        self.included = set()
        self.examples = {}
        for source in sources:
            self.examples.update(source.get("examples", {}))
            for kind in ("schemas", "parameters", "headers"):
                for name, value in source.get(kind, {}).items():
                    if name in self.parts[kind]:
                        fail(f"{kind} {name} is there twice")
                    self.parts[kind][name] = value
        head = next(s for s in sources if "openapi" in s)
        self.out = {key: copy.deepcopy(head[key])
                    for key in ("openapi", "info", "servers", "security")}
        self.out["info"]["version"] = version
        self.out["tags"] = [s["tag"] for s in sources if "tag" in s]
        self.out["paths"] = {}
        self.ids = set()
        for source in sources:
            for base in source.get("bases", ["/api/v2"]):
                for path, item in source.get("paths", {}).items():
                    self.add_path(source, base, path, item)
        self.out["webhooks"] = {name: self.webhook(source, name, copy.deepcopy(hook))
                                for source in sources
                                for name, hook in source.get("webhooks", {}).items()}
        components = {kind: {name: self.expand(value) for name, value in sorted(part.items())}
                      for kind, part in self.parts.items()}
        components["securitySchemes"] = head["securitySchemes"]
        self.out["components"] = components
        # What is only there to be included has done its work.
        text = json.dumps(self.out)
        for name in self.included:
            if f'"#/components/schemas/{name}"' not in text:
                del components["schemas"][name]

    def add_path(self, source, base, path, item):
        entry = {}
        names = re.findall(r"{(\w+)}", path)
        for name in names:
            if name not in self.parts["parameters"]:
                fail(f"{path}: no parameter {name}")
        if names:
            entry["parameters"] = [{"$ref": "#/components/parameters/" + n} for n in names]
        for method, operation in item.items():
            if method not in METHODS:
                fail(f"{path}: no method {method}")
            entry[method] = self.operation(source, base, method, copy.deepcopy(operation), names)
        self.out["paths"][base + path or "/"] = entry

    def operation(self, source, base, method, op, names):
        made = {"tags": [source["tag"]["name"]], "operationId": op.pop("id")}
        if base == "/v0":
            made["operationId"] += "V0"
        if made["operationId"] in self.ids:
            fail(made["operationId"] + " is there twice")
        self.ids.add(made["operationId"])
        for key in ("summary", "description"):
            if key in op:
                made[key] = op.pop(key)
        auth = op.pop("auth", "key")
        if auth != "key":
            made["security"] = SECURITY[auth]
        if parameters := op.pop("parameters", None):
            made["parameters"] = [self.expand({"$ref": "#/components/parameters/" + p}
                                              if isinstance(p, str) else p) for p in parameters]
        errors = set(op.pop("errors", [])) | {503}
        if auth != "none":
            errors.add(401)
        if op.pop("limited", True):
            errors.add(429)
        if names:
            errors.add(404)
        if method != "get":
            errors.add(413)
        if body := op.pop("body", None):
            errors |= {400, 408, 415, source.get("error_body_status", 422)}
            content = {"schema": self.expand(body.pop("schema"))}
            if "example" in body:
                content["example"] = body.pop("example")
            made["requestBody"] = {"required": body.pop("required", True),
                                   "content": {"application/json": content}}
            if body:
                fail(f"{made['operationId']}: body has {list(body)}")
        made["responses"] = {}
        for status, answer in op.pop("answers").items():
            made["responses"][status] = self.answer(made["operationId"], status, answer)
            errors.discard(int(status))
        for status in sorted(errors):
            made["responses"][str(status)] = self.error(source.get("error", "Error"), status)
        if op:
            fail(f"{made['operationId']} has {list(op)}")
        return made

    def webhook(self, source, name, hook):
        return {"post": {
            "tags": [source["tag"]["name"]],
            "operationId": name,
            "summary": hook["summary"],
            "description": hook["description"],
            "parameters": [{"$ref": "#/components/parameters/" + p} for p in hook["parameters"]],
            "requestBody": {"required": True, "content": {"application/json": {
                "schema": self.expand(hook["schema"]), "example": hook["example"]}}},
            "responses": {"2XX": {"description": "Received; anything else, and no answer, is "
                                                 "tried again."}},
        }}

    def answer(self, where, status, answer):
        made = {"description": answer.pop("description")}
        made["headers"] = self.headers(["X-Request-ID"] + answer.pop("headers", []))
        media = answer.pop("type", "application/json")
        if "schema" in answer:
            content = {"schema": self.expand(answer.pop("schema"))}
            if (example := self.examples.get(where, {}).get(status)) is not None:
                content["example"] = example
            made["content"] = {media: content}
        if answer:
            fail(f"{where}: answer has {list(answer)}")
        return made

    def headers(self, names):
        return {name: {"$ref": "#/components/headers/" + name} for name in names}

    def error(self, schema, status):
        name, description = NAMES[status]
        name += "" if schema == "Error" else "Of" + schema
        self.parts["responses"][name] = {
            "description": description,
            "headers": self.headers(["X-Request-ID"] + HEADERS.get(status, [])),
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/" + schema}},
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}},
            },
        }
        return {"$ref": "#/components/responses/" + name}

    def members(self, schema):
        """The members of a schema and those of them that are optional, its includes' as well."""
        properties, optional = {}, set()
        for name in schema.get("include", []):
            self.included.add(name)
            more, may_miss = self.members(self.parts["schemas"][name])
            properties.update(more)
            optional |= may_miss
        properties.update(schema.get("properties", {}))
        return properties, optional | set(schema.get("optional", []))

    def expand(self, value):
        if isinstance(value, list):
            return [self.expand(v) for v in value]
        if not isinstance(value, dict):
            return value
        made = {}
        for key, v in value.items():
            if key == "$ref" and "#" not in v:
                if v not in self.parts["schemas"]:
                    fail("there is no schema " + v)
                v = "#/components/schemas/" + v
            elif key == "properties":
                v = {name: self.expand(schema) for name, schema in v.items()}
            elif key not in ("example", "examples", "enum", "const", "default"):
                v = self.expand(v)
            made[key] = v
        if value.get("type") == "answer" or "include" in value:
            properties, optional = self.members(value)
            if unknown := optional - set(properties):
                fail(f"optional members that are not there: {sorted(unknown)}")
            made.pop("include", None)
            made.pop("optional", None)
            made["properties"] = {k: self.expand(v) for k, v in properties.items()}
            if value.get("type") == "answer":
                made["type"] = "object"
                made["required"] = [p for p in properties if p not in optional]
                made["additionalProperties"] = False
        return made


def read(path):
    def refuse_twice(pairs):
        made = dict(pairs)
        if len(made) != len(pairs):
            fail(f"{path}: a member is there twice among {[k for k, _ in pairs]}")
        return made

    return json.loads(pathlib.Path(path).read_text(), object_pairs_hook=refuse_twice)


if __name__ == "__main__":
    document = Document([read(p) for p in sys.argv[3:]], sys.argv[2]).out
    pathlib.Path(sys.argv[1]).write_text(
        json.dumps(document, indent=1, ensure_ascii=False) + "\n")
