"""Random small MathProg models, accepted or not, against glpsol.

usage: differential.py PROBE [--count N] [--seed S] [--keep DIR]

Each model is written from the grammar by a seed. Compared are acceptance, rows, columns, nonzeros,
and for accepted ones the optimum. Prints every difference with its model's file.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile


class Writer:
    """Writes one random model; names carry their dimensions."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines = []
        self.data = []
        self.sets = {}    # name -> dim
        self.params = {}  # name -> list of index sets
        self.indexed = []  # names of sets S[i] over a 1-d set
        self.symbolic = []  # names of symbolic parameters without subscripts
        self.n = 0
        self.wild = self.r.random() < 0.25  # may write what is not allowed

    def name(self, prefix):
        self.n += 1
        return f"{prefix}{self.n}"

    def pick(self, *choices):
        return self.r.choice(choices)

    def number(self):
        return self.pick("1", "2", "3", "0.5", "4", "2.5", "10", "0")

    def member(self):
        return self.pick("1", "2", "3", "4", "a", "b", "'c d'", "5", "-1", "1.5")

    def members(self, count):
        out, seen = [], set()
        while len(out) < count:
            m = self.member()
            if m not in seen or self.wild and self.r.random() < 0.1:
                seen.add(m)
                out.append(m)
        return out

    def quoted(self, m):
        return m if re.match(r"^-?[0-9.]+$", m) or m.startswith("'") else f"'{m}'"

    def one_d(self):
        return [s for s, d in self.sets.items() if d == 1]

    def numeric(self):
        return [s for s in self.sets if s.startswith("N")]

    def set_expr(self, depth=2):
        names = self.one_d()
        kind = self.r.randrange(9)
        if depth == 0 or not names or kind < 3:
            if names and self.r.random() < 0.7:
                return self.r.choice(names)
            return f"{self.pick('1', '2', '0')}..{self.pick('3', '4', '2.5')}"
        if kind == 3:
            return f"({self.set_expr(depth - 1)} {self.pick('union', 'diff', 'inter', 'symdiff')} {self.set_expr(depth - 1)})"
        if kind == 4:
            return "{" + ", ".join(self.quoted(m) for m in self.members(self.r.randint(1, 3))) + "}"
        if kind == 5:
            d = self.name("q")
            return f"{{{d} in {self.set_expr(depth - 1)}: {self.condition([d], 1)}}}"
        if kind == 6:
            d = self.name("q")
            numeric = self.numeric()
            s = self.r.choice(numeric) if numeric else "1..3"
            return f"setof{{{d} in {s}}} ({d} {self.pick('+', '*', 'mod')} {self.pick('1', '2')})"
        if kind == 7:
            return f"1..{self.pick('3', '5')} by {self.pick('1', '2', '1.5')}"
        return f"(if {self.condition([], 1)} then {self.set_expr(depth - 1)} else {self.set_expr(depth - 1)})"

    def value(self, dummies, depth=2):
        """A numeric expression; dummies: (name, set) pairs in scope."""
        kind = self.r.randrange(14)
        usable = []
        for p, index in self.params.items():
            args = []
            for s in index:
                same = [d for d, t in dummies if t == s]
                if not same:
                    break
                args.append(self.r.choice(same))
            else:
                usable.append(p + ("[" + ",".join(args) + "]" if args else ""))
        if usable and kind < 5:
            return self.r.choice(usable)
        if depth == 0 or kind < 7:
            return self.number()
        a, b = self.value(dummies, depth - 1), self.value(dummies, depth - 1)
        if kind == 7:
            return f"({a} {self.pick('+', '-', '*', 'less')} {b})"
        if kind == 8:
            return f"{self.pick('max', 'min')}({a}, {b})"
        if kind == 9:
            return f"{self.pick('abs', 'floor', 'ceil', 'round')}({a})"
        if kind == 10:
            return f"(if {self.condition([d for d, _ in dummies], 1)} then {a} else {b})"
        d = self.name("k")
        s = self.r.choice(self.one_d()) if self.one_d() else "1..2"
        if kind == 12:
            # Never over nothing.
            return f"({self.pick('min', 'max', 'prod')}{{{d} in {{1, 2}} union {s}}} {self.number()})"
        if kind == 13:
            text = self.text([n for n, _ in dummies])
            return self.pick(f"length({text})", f"card({s})", f"length(substr({text} & 'ab', 2))")
        return f"sum{{{d} in {s}}} {self.value(dummies + [(d, s)], depth - 1)}"

    def text(self, names):
        """A symbolic expression."""
        parts = [self.pick("'a'", "'b c'", "1", "\"it's\"")]
        parts += [self.r.choice(names)] if names else []
        parts += self.symbolic[:1]
        self.r.shuffle(parts)
        return "(" + " & ".join(parts) + ")"

    def condition(self, names, depth=2):
        kind = self.r.randrange(7)
        if depth > 0 and kind == 0:
            return f"({self.condition(names, depth - 1)} {self.pick('and', 'or', '&&', '||')} {self.condition(names, depth - 1)})"
        if depth > 0 and kind == 1:
            return f"not ({self.condition(names, depth - 1)})"
        if depth > 0 and kind == 2 and self.one_d() and self.r.random() < 0.5:
            d = self.name("u")
            s = self.r.choice(self.one_d())
            return f"{self.pick('exists', 'forall')}{{{d} in {s}}} ({self.condition(names + [d], 0)})"
        if names and self.wild and kind == 3 and self.r.random() < 0.3:
            return f"{self.r.choice(names)} {self.pick('in', 'not in')} {self.set_expr(1)}"
        if names and kind < 5:
            a = self.r.choice(names)
            b = self.r.choice(names + ["1", "2", "'a'"])
            return f"{a} {self.pick('<>', '=', '!=', '<', '<=', '>', '>=', '==')} {b}"
        if names and self.one_d():
            return f"{self.r.choice(names)} {self.pick('in', 'not in')} {self.r.choice(self.one_d())}"
        return f"{self.number()} {self.pick('<', '<=', '=', '>')} {self.number()}"

    def domain(self, count, conditional=True):
        """An indexing expression; returns its text and its (dummy, set) pairs."""
        entries, pairs = [], []
        while len(pairs) < count:
            pair_sets = [s for s, d in self.sets.items() if d == 2]
            kind = self.r.randrange(8)
            if kind == 0 and pair_sets and len(pairs) + 2 <= count:
                s = self.r.choice(pair_sets)
                d, e = self.name("i"), self.name("j")
                entries.append(f"({d},{e}) in {s}")
                pairs += [(d, s + "/1"), (e, s + "/2")]
            elif kind == 1 and pair_sets and pairs:
                s = self.r.choice(pair_sets)
                d = self.name("j")
                first = self.r.choice(pairs)[0]
                entries.append(f"({first},{d}) in {s}" if self.r.random() < 0.5 else f"({d},{first}) in {s}")
                pairs.append((d, s + "/x"))
            elif kind == 3 and pair_sets:
                s = self.r.choice(pair_sets)
                d = self.name("j")
                at = self.pick("1", "2", "'a'")
                if pairs and self.r.random() < 0.4:
                    at = f"if {self.condition([n for n, _ in pairs], 0)} then {at} else 3"
                entries.append(f"({at},{d}) in {s}" if self.r.random() < 0.5 else f"({d},{at}) in {s}")
                pairs.append((d, s + "/x"))
            elif kind == 2 and self.indexed and pairs:
                s, over = self.r.choice(self.indexed)
                same = [d for d, t in pairs if t == over]
                if not same:
                    continue
                d = self.name("j")
                entries.append(f"{d} in {s}[{self.r.choice(same)}]")
                pairs.append((d, s))
            else:
                s = self.r.choice(self.one_d()) if self.r.random() < 0.85 and self.one_d() else self.set_expr(1)
                d = self.name("i")
                entries.append(f"{d} in {s}")
                pairs.append((d, s))
        text = "{" + ", ".join(entries)
        if conditional and self.r.random() < 0.35:
            conditions = [self.condition([d for d, _ in pairs]) for _ in range(self.r.randint(1, 2))]
            text += ": " + " and ".join(conditions)
        return text + "}", pairs

    def declare_sets(self):
        for _ in range(self.r.randint(2, 4)):
            kind = self.r.randrange(8)
            if kind == 0:
                s = self.name("N")
                self.lines.append(f"set {s} := {self.pick('1', '0', '2')}..{self.pick('3', '4', '5')};")
                self.sets[s] = 1
            elif kind == 1:
                s = self.name("S")
                self.lines.append(f"set {s} := {self.set_expr()};")
                self.sets[s] = 1
            elif kind == 2:
                s = self.name("A")
                self.lines.append(f"set {s} dimen 2;")
                ms = self.members(4)
                tuples = {(self.r.choice(ms), self.r.choice(ms)) for _ in range(self.r.randint(1, 5))}
                tuples = sorted(tuples)
                style = self.r.randrange(3)
                if style == 0:
                    body = " ".join(f"({a},{b})" for a, b in tuples)
                elif style == 1:
                    body = ", ".join(f"{a} {b}" for a, b in tuples)
                else:
                    body = f": {' '.join(ms)} :=\n" + "\n".join(
                        f"{a} " + " ".join("+" if (a, b) in tuples else "-" for b in ms) for a in ms)
                    self.data.append(f"set {s} {body};")
                    self.sets[s] = 2
                    continue
                self.data.append(f"set {s} := {body};")
                self.sets[s] = 2
            elif kind == 4 and self.one_d():
                a, b = self.r.choice(self.one_d()), self.r.choice(self.one_d())
                s = self.name("B")
                made = [f"{a} cross {b}", f"{{{a}, {b}}}", f"{{e in {a}, f in {b}: e <> f}}",
                        f"setof{{e in {a}, f in {b}}} (f, e)"]
                made += [f"{t} union {{(1, 2)}}" for t, dim in self.sets.items() if dim == 2][:1]
                within = self.pick("", f" within {a} cross {b}", " dimen 2") if self.wild else ""
                self.lines.append(f"set {s}{within} := {self.r.choice(made)};")
                self.sets[s] = 2
            elif kind == 5 and 2 in self.sets.values() and self.r.random() < 0.7:
                t = self.r.choice([t for t, dim in self.sets.items() if dim == 2])
                s = self.name("S")
                self.lines.append(f"set {s} := setof{{(e,f) in {t}}} {self.pick('e', 'f')};")
                self.sets[s] = 1
            elif kind == 3 and self.one_d():
                over = self.r.choice(self.one_d())
                s = self.name("J")
                d = self.name("t")
                self.lines.append(f"set {s}{{{d} in {over}}} := {self.set_expr(1)};")
                self.indexed.append((s, over))
            else:
                s = self.name("D")
                within = self.pick("", "", " dimen 1", " within {1, 2, 3, 4, 5, -1, 1.5, 'a'}")
                self.lines.append(f"set {s}{within if self.wild else ''};")
                self.data.append(f"set {s} := {self.pick(' ', ', ').join(self.members(self.r.randint(1, 4)))};")
                self.sets[s] = 1

    def declare_params(self):
        if self.r.random() < 0.4:
            p = self.name("w")
            late = self.wild and self.r.random() < 0.3
            value = f":= {self.text([])}" if self.r.random() < 0.5 else "default 'd'"
            self.lines.append(f"param {p} {value} symbolic;" if late else f"param {p} symbolic {value};")
            if value[0] == "d":
                self.data.append(f"param {p} := {self.member()};")
            self.symbolic.append(p)
        for _ in range(self.r.randint(2, 4)):
            p = self.name("p")
            count = self.pick(0, 1, 1, 2)
            index = [self.r.choice(self.one_d()) for _ in range(count)] if self.one_d() else []
            head = "{" + ", ".join(index) + "}" if index else ""
            head = self.pick("", "", " 'an alias'") + head
            checks = self.pick("", "", " >= -100", " integer", ", integer, <> 77", " in -99..99",
                               " integer, integer", " < 1e6, > -1e6,") if self.wild else ""
            kind = self.r.randrange(4)
            if kind < 2:
                dummies = [(self.name("t"), s) for s in index]
                text = "{" + ", ".join(f"{d} in {s}" for d, s in dummies) + "}" if index else ""
                self.lines.append(f"param {p}{text}{checks} := {self.value(dummies)};")
            elif kind == 2 or not index:
                self.lines.append(f"param {p}{head}{checks} default {self.number()};")
                if self.r.random() < 0.3 and not index:
                    self.data.append(f"param {p} := {self.number()};")
            else:
                self.lines.append(f"param {p}{head}{checks} default {self.number()};")
                if len(index) == 1:
                    rows = " ".join(f"{m} {self.number()}" for m in self.members(2))
                    # Members outside the set make the model fail at the first use.
                    style = self.r.randrange(4)
                    if self.wild and style == 0:
                        rows = " ".join(f"[{m}] {self.number()}" for m in self.members(2))
                    elif self.wild and style == 1:
                        rows = ", ".join(f"[{m}] := {self.number()}" for m in self.members(2))
                    if self.wild:
                        self.data.append(f"param {p} := {rows};")
                else:
                    if self.wild:
                        cs = self.members(2)
                        form = self.pick(":", ":", "(tr) :", "(tr):")
                        if self.r.random() < 0.2:
                            self.data.append(f"param {p} := " + " ".join(
                                f"[{self.pick(f'{m},*', f'*,{m}')}] {cs[0]} 1 {cs[1]} 2"
                                for m in self.members(2)) + ";")
                            self.params[p] = index
                            continue
                        self.data.append(f"param {p} {form} {' '.join(cs)} := " + " ".join(
                            f"{m} " + " ".join(self.pick(".", self.number()) for _ in cs)
                            for m in self.members(2)) + ";")
            self.params[p] = index

    def term(self, pairs, var, index, depth=1):
        """A linear term, summed over what is not bound."""
        bound = {}
        for k, s in enumerate(index):
            same = [d for d, t in pairs if t == s]
            if same and self.r.random() < 0.7:
                bound[k] = self.r.choice(same)
        free = [k for k in range(len(index)) if k not in bound]
        inner = list(pairs)
        text = ""
        if free:
            entries = []
            for k in free:
                d = self.name("s")
                entries.append(f"{d} in {index[k]}")
                inner.append((d, index[k]))
                bound[k] = d
            cond = ""
            if self.r.random() < 0.3:
                cond = ": " + self.condition([d for d, _ in inner])
            text = "sum{" + ", ".join(entries) + cond + "} "
        ref = var + ("[" + ",".join(bound[k] for k in range(len(index))) + "]" if index else "")
        return f"{text}{self.value(inner, 1)} * {ref}"

    def write(self):
        self.declare_sets()
        self.declare_params()
        variables = []
        for _ in range(self.r.randint(1, 3)):
            v = self.name("x")
            index = [self.r.choice(self.one_d()) for _ in range(self.pick(0, 1, 1, 2))] if self.one_d() else []
            text = "{" + ", ".join(index) + "}" if index else ""
            bounds = self.pick(" >= 0", " >= 0, <= 10", " >= -5, <= 5", " binary", " integer, >= 0, <= 7")
            self.lines.append(f"var {v}{text}{bounds};")
            variables.append((v, index))
        objective = " + ".join(self.term([], *self.r.choice(variables)) for _ in range(self.r.randint(1, 2)))
        self.lines.append(f"{self.pick('minimize', 'maximize')} goal: {objective};")
        for _ in range(self.r.randint(1, 3)):
            c = self.name("c")
            domain, pairs = self.domain(self.pick(0, 1, 1, 2)) if self.r.random() < 0.8 else ("", [])
            if domain == "{}":
                domain = ""
            left = self.pick(" + ", " - ").join(
                self.term(pairs, *self.r.choice(variables)) for _ in range(self.r.randint(1, 3)))
            rel = self.pick("<=", ">=", "<=", "=") if self.r.random() < 0.3 else "<="
            if self.wild and self.r.random() < 0.1:
                rel = self.pick("<", ">", "<>")
            right = self.value(pairs, 1) if self.r.random() < 0.7 else self.term(pairs, *self.r.choice(variables))
            prefix = self.pick("s.t. ", "subject to ", "", "subj to ")
            form = self.r.random()
            alias = self.pick("", "", "", " 'its name'")
            if self.r.random() < 0.15:
                then = self.condition([d for d, _ in pairs])
                left = f"if {then} then {left}" + self.pick("", f" else {self.value(pairs, 1)}")
                left = f"({left})"
            if form < 0.15:
                self.lines.append(f"{prefix}{c}{alias}{domain}: -50 <= {left} <= 50 + {self.value(pairs, 1)};")
            elif form < 0.25:
                self.lines.append(f"{prefix}{c}{domain}: 9 + {self.value(pairs, 1)} >= {left};")
            elif form < 0.35:
                self.lines.append(f"{prefix}{c}{domain}: {left}, {rel} {right};")
            else:
                self.lines.append(f"{prefix}{c}{alias}{domain}: {left} {rel} {right};")
        if self.r.random() < 0.3:
            domain, pairs = self.domain(1)
            names = [d for d, _ in pairs]
            self.lines.append(f"check{domain}: {self.condition(names)} or 1 > 0;")
        if self.r.random() < 0.1:
            self.lines.append("maximize other{o in 1..2}: o;")
        if self.wild and self.r.random() < 0.1:
            self.lines.append(f"check: {self.value([], 1)};")
        if self.r.random() < 0.4:
            self.lines.append("solve;")
            domain, pairs = self.domain(1)
            what = self.text([d for d, _ in pairs])
            v, index = self.r.choice(variables)
            self.lines.append(self.pick(
                f"printf{domain}: '%s\\n', {what};", f"for{domain}: {{ display {what}; printf '\\n'; }}",
                f"display {v}, goal, 1 + 2;", f"printf{domain} (if 1 then '%s' else ''), {what};",
                f"display{domain}: {what};", f"param after := card({{{v}1 in 1..3}});"))
        if self.wild and self.r.random() < 0.4:
            # Break one place.
            k = self.r.randrange(len(self.lines))
            line = self.lines[k]
            at = self.r.randrange(len(line))
            self.lines[k] = line[:at] + self.pick("", ")", ";", " x", "(", "]", "1") + line[at + self.pick(0, 1):]
        if self.data:
            self.lines += ["data;"] + self.data
        return "\n".join(self.lines) + "\nend;\n"


def glpsol(path, folder):
    lp = os.path.join(folder, "m.mps")
    out = os.path.join(folder, "m.out")
    for f in (lp, out):
        if os.path.exists(f):
            os.remove(f)
    run = subprocess.run(["glpsol", "-m", path, "--check", "--wfreemps", lp],
                         capture_output=True, text=True, timeout=60)
    if "has been successfully generated" not in run.stdout:
        lines = [l for l in run.stdout.splitlines() if re.search(r"\.mod:\d+: ", l)]
        return None, (lines[-1] if lines else run.stdout[-300:]), None
    sizes = {}
    with open(lp) as f:
        for line in f:
            m = re.match(r"\* (Rows|Columns|Non-zeros):\s+(\d+)", line)
            if m:
                sizes[m[1]] = int(m[2])
            elif not line.startswith("*"):
                break
    run = subprocess.run(["glpsol", "-m", path, "-w", out, "--tmlim", "10", "--nopresol"],
                         capture_output=True, text=True, timeout=60)
    optimum = None
    text = run.stdout
    if "INTEGER OPTIMAL SOLUTION FOUND" in text or (
            "OPTIMAL LP SOLUTION FOUND" in text and "integer variable" not in text) or (
            "OPTIMAL SOLUTION FOUND" in text and "integer variable" not in text):
        if os.path.exists(out):
            with open(out) as f:
                for line in f:
                    if line.startswith("s "):
                        optimum = float(line.split()[-1])
    elif "NO PRIMAL FEASIBLE" in text or "NO INTEGER FEASIBLE" in text or "NO FEASIBLE" in text:
        optimum = "infeasible"
    return (sizes.get("Rows"), sizes.get("Columns"), sizes.get("Non-zeros")), "", optimum


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="")
    args = parser.parse_args()
    if shutil.which("glpsol") is None:
        print("glpsol is not installed; nothing to compare with")
        return 77
    folder = tempfile.mkdtemp()
    differences = accepted = solved = 0
    for seed in range(args.seed, args.seed + args.count):
        text = Writer(seed).write()
        path = os.path.join(folder, f"m{seed}.mod")
        with open(path, "w") as f:
            f.write(text)
        try:
            theirs, why, optimum = glpsol(path, folder)
        except subprocess.TimeoutExpired:
            continue
        run = subprocess.run([args.probe, path, "--strict", "--quiet", "--solve"],
                             capture_output=True, text=True, timeout=60)
        problem = ""
        if run.returncode != 0:
            problem = f"exit {run.returncode} {run.stderr[-200:]}"
        else:
            ours = json.loads(run.stdout)
            sizes = (ours["rows"], ours["columns"], ours["nonzeros"]) if ours["accepted"] else None
            if sizes != theirs:
                problem = f"glpsol {theirs} {why}; ours {sizes} " + \
                    "; ".join(f"{e.get('line')}: {e['message']}" for e in ours.get("errors", [])[:2])
            elif ours["accepted"]:
                accepted += 1
                if ours.get("check") != "OK":
                    problem = ours["check"]
                elif optimum == "infeasible":
                    if ours["status"] != "infeasible":
                        problem = f"glpsol says infeasible; ours {ours['status']} {ours.get('objective')}"
                elif optimum is not None:
                    solved += 1
                    value = ours.get("objective")
                    if value is None or abs(value - optimum) > 1e-5 * max(1, abs(optimum)):
                        problem = f"optimum {optimum}, ours {ours['status']} {value}"
        if problem:
            differences += 1
            print(f"seed {seed}: {problem}")
            if args.keep:
                os.makedirs(args.keep, exist_ok=True)
                shutil.copy(path, args.keep)
    shutil.rmtree(folder)
    print(f"{args.count} models, {accepted} accepted by both, {solved} optima compared, "
          f"{differences} differences")
    return 1 if differences else 0


sys.exit(main())
