"""Makes the page at /docs from the OpenAPI document: make_docs.py OUTPUT DOCUMENT.

One page that needs neither scripts nor anything from elsewhere.
"""

import html
import json
import pathlib
import re
import sys

METHODS = ("get", "post", "put", "patch", "delete")
PLAIN = {"type", "minimum"}  # what is said of a value that needs no name
ALIAS = "/v0/"  # the same routes once more; their tag says so


def escape(text):
    return html.escape(str(text), quote=True)


def prose(text):
    """Text with `code`; an empty line starts a paragraph."""
    return "".join(f"<p>{inline(p)}</p>" for p in text.split("\n\n"))


def inline(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def name_of(reference):
    return reference.rsplit("/", 1)[1]


def one_of(words):
    return " or ".join(words)


def pretty(value):
    """JSON with small objects and arrays on one line, as people write it."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return re.sub(r"[\[{]\n[^\[\]{}]{0,160}\n\s*[\]}]",
                  lambda m: re.sub(r"\s*\n\s*", " ", m[0]).replace("{ ", "{")
                  .replace(" }", "}").replace("[ ", "[").replace(" ]", "]"), text)


class Page:
    def __init__(self, document):
        self.document = document
        self.components = document["components"]

    def follow(self, node):
        if "$ref" not in node:
            return node
        _, _, kind, name = node["$ref"].split("/")
        return self.components[kind][name]

    def type_of(self, schema):
        """What a value is, in a few words, as HTML."""
        if "$ref" in schema:
            name = name_of(schema["$ref"])
            if set(target := self.follow(schema)) <= PLAIN and target.get("type") != "object":
                return self.type_of(target)
            return f'<a href="#schema-{name}">{name}</a>'
        if "const" in schema:
            return f"<code>{escape(json.dumps(schema['const']))}</code>"
        if "enum" in schema:
            return one_of(f"<code>{escape(json.dumps(v))}</code>" for v in schema["enum"])
        if "anyOf" in schema:
            return one_of(self.type_of(s) for s in schema["anyOf"])
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        words = []
        for kind in kinds:
            if kind == "array":
                words.append("array of " + self.type_of(schema.get("items", {})))
            elif kind == "object" and isinstance(schema.get("additionalProperties"), dict):
                words.append("object of " + self.type_of(schema["additionalProperties"]))
            else:
                words.append(kind)
        return one_of(words) or "any"

    def limits_of(self, schema):
        found = []
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum")
        if "exclusiveMinimum" in schema:
            found.append(f"above {low}")
            low = None
        if low is not None and high is not None:
            found.append(f"{low} to {high}")
        elif low is not None:
            found.append(f"{low} or more")
        elif high is not None:
            found.append(f"up to {high}")
        for unit, least, most in (("characters", "minLength", "maxLength"),
                                  ("items", "minItems", "maxItems")):
            least, most = schema.get(least), schema.get(most)
            if least and most:
                found.append(f"{least} {unit}" if least == most else f"{least} to {most} {unit}")
            elif most:
                found.append(f"up to {most} {unit}")
            elif least:
                found.append(f"{least} {unit} or more")
        if "pattern" in schema:
            found.append(f"<code>{escape(schema['pattern'])}</code>")
        if "default" in schema:
            found.append(f"default <code>{escape(json.dumps(schema['default']))}</code>")
        return ", ".join(found)

    def plain_limits(self, schema):
        target = self.follow(schema)
        return {"minimum": target["minimum"]} if "minimum" in target and set(target) <= PLAIN else {}

    def row(self, name, schema, required, description=""):
        description = schema.get("description", description)
        parts = [self.type_of(schema)]
        if limits := self.limits_of({**schema, **self.plain_limits(schema)}):
            parts.append(f'<span class="limits">{limits}</span>')
        mark = "" if required else ' <span class="optional">optional</span>'
        text = f"<p>{inline(description)}</p>" if description else ""
        inner = self.members(schema) or self.members(schema.get("items", {}))
        return (f'<tr><th scope="row"><code>{escape(name)}</code>{mark}</th>'
                f'<td><div class="type">{" ".join(parts)}</div>{text}{inner}</td></tr>')

    def members(self, schema):
        """A table of the members of an object that is described in place."""
        if "properties" not in schema:
            return ""
        required = schema.get("required", [])
        rows = "".join(self.row(name, member, name in required)
                       for name, member in schema["properties"].items())
        return f'<table class="members"><tbody>{rows}</tbody></table>'

    def parameters(self, item, operation):
        listed = [self.follow(p)
                  for p in item.get("parameters", []) + operation.get("parameters", [])]
        if not listed:
            return ""
        rows = ""
        for p in listed:
            schema = {**p["schema"], **({"description": p["description"]}
                                        if "description" in p else {})}
            place = f'{p["name"]}'
            rows += self.row(place, schema, p.get("required", False)).replace(
                "</code>", f'</code> <span class="place">{p["in"]}</span>', 1)
        return f'<h4>Parameters</h4><table class="members"><tbody>{rows}</tbody></table>'

    def schema(self, schema):
        """A schema in place: what it is called, or its table."""
        items = schema.get("items", {}) if schema.get("type") == "array" else {}
        table = self.members(schema) or self.members(items)
        return f'<div class="type">{self.type_of(schema)}</div>{table}'

    def curl(self, method, path, item, operation):
        url = path
        for p in map(self.follow, item.get("parameters", [])):
            url = url.replace("{" + p["name"] + "}", str(p.get("example", "…")))
        query = [f'{p["name"]}={p.get("example", "…")}' for p in
                 map(self.follow, operation.get("parameters", []))
                 if p["in"] == "query" and p.get("required")]
        url += "?" + "&".join(query) if query else ""
        lines = [f'curl "$SOLVENT{url}"']
        if method != "get" and not (method == "post" and "requestBody" in operation):
            lines[0] += f" -X {method.upper()}"
        security = operation.get("security", self.document["security"])
        if security:
            name = "SECRET" if "triggerSecret" in security[0] else "KEY"
            lines.append(f'-H "Authorization: Bearer ${name}"')
        if body := operation.get("requestBody"):
            example = pretty(body["content"]["application/json"]["example"])
            lines.append("-H 'Content-Type: application/json'")
            lines.append("-d '" + example.replace("'", "'\\''") + "'")
        return "<pre><code>" + escape(" \\\n  ".join(lines)) + "</code></pre>"

    def responses(self, operation):
        rows = ""
        for status, response in operation["responses"].items():
            answer = self.follow(response)
            text = f"<p>{inline(answer['description'])}</p>"
            for media, content in answer.get("content", {}).items():
                if media == "application/problem+json":
                    continue  # said once, at the top
                if media != "application/json":
                    text += f'<div class="type">{escape(media)}</div>'
                elif int(status) < 400 or "$ref" not in response:
                    text += self.schema(content["schema"])
                if "example" in content:
                    text += ("<details><summary>Example</summary><pre><code>" +
                             escape(pretty(content["example"])) + "</code></pre></details>")
            names = [name for name in answer.get("headers", {}) if name != "X-Request-ID"]
            if names and int(status) < 400:
                text += ("<p>Headers: " +
                         ", ".join(f"<code>{escape(n)}</code>" for n in names) + "</p>")
            kind = "fine" if int(status) < 400 else "fault"
            rows += (f'<tr class="{kind}"><th scope="row"><code>{status}</code></th>'
                     f"<td>{text}</td></tr>")
        return f'<h4>Answers</h4><table class="members"><tbody>{rows}</tbody></table>'

    def operation(self, method, path, item, operation):
        shown = re.sub(r"({\w+})", r"<i>\1</i>", escape(path))
        access = ""
        if operation.get("security") == []:
            access = '<p class="access">Needs no credential.</p>'
        body = ""
        if request := operation.get("requestBody"):
            optional = "" if request["required"] else " (may be left out)"
            body = (f"<h4>Body{optional}</h4>" +
                    self.schema(request["content"]["application/json"]["schema"]))
        name = operation["operationId"]
        return (f'<section class="operation" id="{name}">'
                f'<h3><a href="#{name}">{escape(operation["summary"])}</a></h3>'
                f'<p class="route"><b class="{method}">{method.upper()}</b> <code>{shown}</code></p>'
                + prose(operation.get("description", "")) * ("description" in operation) + access
                + self.parameters(item, operation) + body
                + self.curl(method, path, item, operation) + self.responses(operation)
                + "</section>")

    def webhook(self, name, hook):
        content = hook["requestBody"]["content"]["application/json"]
        return (f'<section class="operation" id="{name}">'
                f'<h3><a href="#{name}">{escape(hook["summary"])}</a></h3>'
                '<p class="route"><b class="post">POST</b> to the receiver</p>'
                + prose(hook["description"]) + self.parameters({}, hook) + "<h4>Body</h4>"
                + self.schema(content["schema"])
                + f"<pre><code>{escape(pretty(content['example']))}</code></pre></section>")

    def webhooks_of(self, tag):
        return [(name, item["post"]) for name, item in self.document["webhooks"].items()
                if tag in item["post"]["tags"]]

    def of_tag(self, tag):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item and tag in item[method]["tags"] and not path.startswith(ALIAS):
                    yield method, path, item, item[method]

    def contents(self):
        groups = ""
        for tag in self.document["tags"]:
            name = tag["name"]
            links = "".join(
                f'<li><a href="#{o["operationId"]}">{escape(o["summary"])}</a></li>'
                for o in [o for _, _, _, o in self.of_tag(name)] +
                [hook for _, hook in self.webhooks_of(name)])
            groups += f'<h2><a href="#tag-{name}">{name}</a></h2><ul>{links}</ul>'
        return groups + '<h2><a href="#schemas">schemas</a></h2>'

    def html(self):
        info = self.document["info"]
        main = ""
        for tag in self.document["tags"]:
            name = tag["name"]
            main += f'<h2 id="tag-{name}">{name}</h2>{prose(tag["description"])}'
            main += "".join(self.operation(*entry) for entry in self.of_tag(name))
            main += "".join(self.webhook(*entry) for entry in self.webhooks_of(name))
        schemas = ""
        for name, schema in self.components["schemas"].items():
            text = prose(schema["description"]) if "description" in schema else ""
            limits = self.limits_of(schema)
            limits = f' <span class="limits">{limits}</span>' if limits else ""
            items = schema.get("items", {})
            table = self.members(schema) or self.members(items)
            schemas += (f'<section class="schema" id="schema-{name}"><h3>{name}</h3>{text}'
                        f'<div class="type">{self.type_of(schema)}{limits}</div>{table}</section>')
        title = f"{info['title']} {info['version']}: HTTP API"
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="/console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<a class="skip" href="#main">Skip to the routes</a>
<header>
<h1>{escape(title)}</h1>
<p>{inline(info['summary'])} <a href="/">Console</a> · <a href="/api/v2/openapi.json">openapi.json</a></p>
</header>
<div class="columns">
<nav class="wide" aria-label="Contents">{self.contents()}</nav>
<details class="narrow"><summary>Contents</summary><nav aria-label="Contents">{self.contents()}</nav></details>
<main id="main">
{prose(info['description'])}
<p>The examples take the server's address and a key from the environment:</p>
<pre><code>SOLVENT=http://localhost:8001
KEY=ok_live_…</code></pre>
<p>Errors are <a href="#schema-Error">Error</a>, those of jobs <a href="#schema-JobError">JobError</a>.
Every answer carries <code>X-Request-ID</code>.</p>
{main}
<h2 id="schemas">schemas</h2>
{schemas}
</main>
</div>
</body>
</html>
"""


if __name__ == "__main__":
    document = json.loads(pathlib.Path(sys.argv[2]).read_text())
    page = Page(document).html()
    # Short lines: the page goes into the binary as one string literal a line.
    page = re.sub(r"(</(?:tr|section|li|h[1-4]|p|pre|table)>)", r"\1\n", page)
    pathlib.Path(sys.argv[1]).write_text(page)
