"""Compares what a command printed with what a page shows; `…` stands for anything.

In text: `…` inside a line matches any characters, a line that is `…` alone any number of lines.
How long something took is not compared.
In JSON: `…` is any value; among members or elements it allows more of them; inside a string it
matches any characters.
"""

import json
import re

ANY = object()
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


DURATION = re.compile(r"\b\d+(\.\d+)?(e-\d+)? s\b|(?<=^seconds    )[\d.e-]+", re.M)


class Difference(Exception):
    pass


def wildcard(text):
    return ".*?".join(re.escape(part) for part in text.split("…"))


def text(shown, printed):
    shown, printed = (DURATION.sub("0 s", side) for side in (shown, printed))
    pattern = ""
    for line in shown.rstrip("\n").split("\n"):
        line = line.rstrip()
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else wildcard(line) + r"[ ]*\n"
    printed = printed.rstrip("\n") + "\n"
    if not re.fullmatch(pattern, printed):
        raise Difference(f"shown:\n{shown}printed:\n{printed}")


class Pattern:
    """A JSON text in which `…` may stand where a value, a member or an element may."""

    def __init__(self, source):
        self.source = source
        self.at = 0

    def parse(self):
        value = self.value()
        self.space()
        if self.at != len(self.source):
            self.fail("more text after the value")
        return value

    def fail(self, what):
        line = self.source.count("\n", 0, self.at) + 1
        raise Difference(f"JSON pattern, line {line}: {what}")

    def space(self):
        while self.at < len(self.source) and self.source[self.at].isspace():
            self.at += 1

    def take(self, mark):
        self.space()
        if self.source.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def need(self, mark):
        if not self.take(mark):
            self.fail(f"{mark} expected")

    def string(self):
        try:
            value, end = json.decoder.scanstring(self.source, self.at + 1)
        except json.JSONDecodeError:
            self.fail("bad string")
        self.at = end
        return value

    def value(self):
        if self.take("…"):
            return ANY
        if self.take("{"):
            return self.members()
        if self.take("["):
            return self.elements()
        self.space()
        if self.source.startswith('"', self.at):
            return self.string()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.take(word):
                return value
        if found := NUMBER.match(self.source, self.at):
            self.at = found.end()
            return json.loads(found[0])
        self.fail("a value expected")

    def members(self):
        result = {}
        while not self.take("}"):
            if result:
                self.need(",")
            if self.take("…"):
                result["…"] = ANY
                continue
            self.space()
            if not self.source.startswith('"', self.at):
                self.fail("a member expected")
            name = self.string()
            self.need(":")
            result[name] = self.value()
        return result

    def elements(self):
        result = []
        while not self.take("]"):
            if result:
                self.need(",")
            result.append(self.value())
        return result


def match(shown, got, path=""):
    """Raises Difference unless `got` is what `shown` allows."""

    def fail(what):
        raise Difference(f"at {path or 'the top'}: {what}")

    if shown is ANY:
        return
    if isinstance(shown, dict):
        if not isinstance(got, dict):
            fail(f"an object is shown, printed: {json.dumps(got)[:200]}")
        for name, value in shown.items():
            if name == "…":
                continue
            if name not in got:
                fail(f"no member {name!r} among {sorted(got)}")
            match(value, got[name], f"{path}/{name}")
        more = sorted(set(got) - set(shown))
        if more and "…" not in shown:
            fail(f"members that are not shown: {more}")
    elif isinstance(shown, list):
        if not isinstance(got, list):
            fail(f"an array is shown, printed: {json.dumps(got)[:200]}")
        open_end = bool(shown) and shown[-1] is ANY
        wanted = shown[:-1] if open_end else shown
        if len(got) < len(wanted) or (len(got) > len(wanted) and not open_end):
            fail(f"{len(wanted)} elements are shown, {len(got)} printed")
        for i, value in enumerate(wanted):
            match(value, got[i], f"{path}/{i}")
    elif isinstance(shown, str):
        if not isinstance(got, str) or not re.fullmatch(wildcard(shown), got, re.S):
            fail(f"shown {shown!r}, printed {got!r}")
    elif isinstance(shown, bool) or shown is None or isinstance(got, (bool, type(None), str)):
        if shown is not got:
            fail(f"shown {shown!r}, printed {got!r}")
    elif isinstance(got, (dict, list)) or abs(shown - got) > 1e-9 * max(1, abs(shown)):
        fail(f"shown {shown!r}, printed {json.dumps(got)[:200]}")


def json_text(shown, printed):
    try:
        got = json.loads(printed)
    except json.JSONDecodeError:
        raise Difference(f"JSON is shown, printed:\n{printed}") from None
    match(Pattern(shown).parse(), got)
