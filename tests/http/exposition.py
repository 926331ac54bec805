"""Prometheus' text format, version 0.0.4, read without mercy: what Prometheus would reject, or what
its linter (promtool check metrics) would complain about, raises ValueError."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"^({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
UNITS = ("_seconds", "_bytes", "_total", "_info")


def fault(line, why):
    raise ValueError(f"{why}: {line!r}")


def read_labels(text, line):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found:
            fault(line, "bad labels")
        if found[1] in labels:
            fault(line, "a label twice")
        labels[found[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), found[2])
        at = found.end()
        if found[3] and at == len(text):
            fault(line, "a comma too many")
    return labels


def read_value(text, line):
    if not re.fullmatch(r"[+-]Inf|NaN|[+-]?\d+(\.\d+)?(e[+-]?\d+)?", text):
        fault(line, "bad number")
    return float(text.replace("Inf", "inf"))


def check_histogram(name, samples):
    series = {}
    for sample, labels, value in samples:
        labels = dict(labels)
        bound = labels.pop("le", None)
        entry = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
        if sample == name + "_bucket":
            entry["buckets"].append((float(bound.replace("Inf", "inf")), value))
        elif bound is not None:
            fault(sample, "le belongs to buckets")
        else:
            entry[sample.removeprefix(name)] = value
    for labels, entry in series.items():
        bounds = [bound for bound, _ in entry["buckets"]]
        counts = [count for _, count in entry["buckets"]]
        if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != math.inf:
            fault(f"{name}{labels}", "buckets out of order, or without +Inf")
        if counts != sorted(counts):
            fault(f"{name}{labels}", "buckets are not cumulative")
        if set(entry) != {"buckets", "_sum", "_count"} or entry["_count"] != counts[-1]:
            fault(f"{name}{labels}", "_sum or _count missing or wrong")


class Exposition:
    """families: name -> (type, help, [(sample name, labels, value)])."""

    def __init__(self, text):
        if not text.endswith("\n"):
            fault(text[-20:], "the last line does not end")
        self.families, current, seen = {}, None, set()
        for line in text[:-1].split("\n"):
            if found := re.match(rf"^# HELP ({NAME}) (\S.*)$", line):
                if found[1] in self.families:
                    fault(line, "a family twice")
                current = [None, found[2], []]
                self.families[found[1]] = current
                name = found[1]
            elif found := re.match(rf"^# TYPE ({NAME}) (counter|gauge|histogram)$", line):
                if current is None or found[1] != name or current[0] or current[2]:
                    fault(line, "TYPE follows its HELP, once")
                current[0] = found[2]
            elif found := SAMPLE.match(line):
                if current is None or current[0] is None:
                    fault(line, "a sample without HELP and TYPE")
                suffixes = ("_bucket", "_sum", "_count") if current[0] == "histogram" else ("",)
                if found[1] not in [name + suffix for suffix in suffixes]:
                    fault(line, "a sample of another family")
                labels = read_labels(found[2] or "", line)
                key = (found[1], tuple(sorted(labels.items())))
                if key in seen:
                    fault(line, "a sample twice")
                seen.add(key)
                value = read_value(found[3], line)
                if current[0] != "gauge" and not value >= 0:
                    fault(line, "a negative count")
                current[2].append((found[1], labels, value))
            else:
                fault(line, "not understood")
        for name, (kind, words, samples) in self.families.items():
            if (kind == "counter") != name.endswith("_total"):
                fault(name, "counters, and only they, end in _total")
            if kind == "histogram":
                check_histogram(name, samples)
                if not name.endswith(UNITS):
                    fault(name, "no unit")
            if re.search(r"_(milliseconds|ms|kb|mb|megabytes|percent)(_|$)", name):
                fault(name, "not a base unit")

    def value(self, name, **labels):
        """Of one sample; 0 when it is not there but its family is."""
        family = next(n for n in (name, re.sub(r"_(bucket|sum|count)$", "", name))
                      if n in self.families)
        for sample, its, value in self.families[family][2]:
            if sample == name and its == labels:
                return value
        return 0

    def total(self, name, **labels):
        """Over all samples with at least these labels."""
        family = next(n for n in (name, re.sub(r"_(bucket|sum|count)$", "", name))
                      if n in self.families)
        return sum(value for sample, its, value in self.families[family][2]
                   if sample == name and labels.items() <= its.items())
