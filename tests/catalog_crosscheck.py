"""Checks the catalog against glpsol: catalog_crosscheck.py [--time-limit SECONDS] [NAME...]

glpsol reads no JSON, so each template's example is turned into a data section as the table
statements say, the model is handed over without them, and what glpsol makes of it must have the
size and the optimum that the template expects. That tests the compiler's generation, the binding
and the optimum at once. Without names all templates are checked; where glpsol finds no proof within
the time limit its best answer must at least not beat ours.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TEMPLATES = pathlib.Path(__file__).resolve().parents[1] / "lib/catalog/templates"
TABLE = re.compile(
    r'^table\s+\w+\s+IN\s+"JSON"\s+"(?P<path>[^"]+)"\s*:\s*(?:(?P<set>\w+)\s*<-\s*)?'
    r"\[(?P<keys>[^\]]*)\]\s*,?(?P<fields>[^;]*);", re.M)
TABLE_OUT = re.compile(r"^table\s+\w+\s*(?:\{[^;]*\})?\s*OUT[^;]*;", re.M)
DECLARED = re.compile(r"^(set|param)\s+(\w+)\s*(\{[^}]*\})?", re.M)


class Number(str):
    """An object's key that reads as a number is one; a JSON text never is."""


def key_symbol(key):
    try:
        float(key)
        return Number(key)
    except ValueError:
        return key


def quote(value):
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Number):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def scalar(value):
    return value is not None and not isinstance(value, (dict, list))


def records(node, steps, outer):
    """The records at a path, each a dict of its fields."""
    if steps and steps[0] == "*":
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        depth = sum(1 for name in outer if name.startswith("RECNO"))
        for recno, (key, child) in enumerate(pairs, 1):
            inside = {**outer, f"RECNO{depth + 1}": recno}
            if isinstance(node, dict):
                inside[f"KEY{depth + 1}"] = key_symbol(key)
            if isinstance(child, dict):
                inside.update({k: v for k, v in child.items() if scalar(v)})
            yield from records(child, steps[1:], inside)
    elif steps:
        if isinstance(node, dict) and steps[0] in node:
            yield from records(node[steps[0]], steps[1:], outer)
    elif isinstance(node, dict):
        for recno, (key, child) in enumerate(node.items(), 1):
            own = child if isinstance(child, dict) else {"VALUE": child}
            yield {**outer, **own, "KEY": key_symbol(key), "RECNO": recno}
    else:
        for recno, child in enumerate(node, 1):
            if isinstance(child, dict):
                own = child
            elif isinstance(child, list):
                own = {f"C{i}": value for i, value in enumerate(child, 1)}
            else:
                own = {"VALUE": child}
            yield {**outer, **own, "RECNO": recno}


def tuple_text(members):
    return "(" + ",".join(members) + ")" if len(members) > 1 else members[0]


def data_section(model, example):
    sets, lines, tabled = {}, [], set()
    for table in TABLE.finditer(model):
        steps = table["path"].lstrip("/").split("/")
        tabled.add(steps[0])
        keys = [key.strip() for key in table["keys"].split(",")]
        found = list(records(example, steps, {}))
        tuples = [[quote(record[key]) for key in keys] for record in found]
        if table["set"]:
            sets[table["set"]] = tuples
            members = " ".join(tuple_text(t) for t in tuples)
            lines.append(f"set {table['set']} := {members};")
        for field in filter(None, (f.strip() for f in table["fields"].split(","))):
            param, _, source = field.partition("~")
            values = [(t, record.get((source or param).strip()))
                      for t, record in zip(tuples, found)]
            pairs = " ".join(f"[{','.join(t)}] {quote(v)}" for t, v in values if scalar(v))
            if pairs:
                lines.append(f"param {param.strip()} := {pairs};")
    for bounds in re.finditer(r"^set (\w+) := (\d+)\.\.(\d+);", model, re.M):
        sets[bounds[1]] = [[str(i)] for i in range(int(bounds[2]), int(bounds[3]) + 1)]
    for kind, name, domain in DECLARED.findall(model):
        if name not in example or name in tabled:
            continue
        value = example[name]
        if kind == "set":
            lines.append(f"set {name} := {' '.join(quote(v) for v in value)};")
        elif scalar(value):
            lines.append(f"param {name} := {quote(value)};")
        else:
            over = [entry.split(" in ")[-1].strip() for entry in domain.strip("{}").split(",")]
            pairs = " ".join(f"[{','.join(k)}] {quote(v)}" for k, v in level(value, over, sets))
            lines.append(f"param {name} := {pairs};")
    return "data;\n" + "\n".join(lines) + "\nend;\n"


def level(value, over, sets):
    """The members of a parameter bound by name: nested arrays or objects, a level a set."""
    if not over:
        if value is not None:
            yield [], value
        return
    if isinstance(value, dict):
        children = [([quote(key_symbol(key))], child) for key, child in value.items()]
    else:
        children = list(zip(sets[over[0]], value, strict=True))
    for key, child in children:
        for rest, leaf in level(child, over[1:], sets):
            yield key + rest, leaf


def glpsol(model, data, folder, time_limit):
    files = {"model": folder / "m.mod", "data": folder / "d.dat", "out": folder / "o.txt"}
    files["model"].write_text(model)
    files["data"].write_text(data)
    files["out"].unlink(missing_ok=True)
    done = subprocess.run(
        ["glpsol", "-m", files["model"], "-d", files["data"], "-o", files["out"], "--cuts",
         "--tmlim", str(time_limit)], capture_output=True, text=True, check=False)
    if not files["out"].exists():
        raise RuntimeError("glpsol says: " + done.stdout[-600:])
    text = files["out"].read_text()

    def field(name):
        return re.search(rf"^{name}:\s*(.*)$", text, re.M)[1]

    return {
        "objective_value": float(re.search(r"= (\S+)", field("Objective"))[1]),
        "maximize": "MAX" in field("Objective"),
        "optimal": field("Status") in ("OPTIMAL", "INTEGER OPTIMAL"),
        "feasible": "UNDEFINED" not in field("Status") and "EMPTY" not in field("Status"),
        "rows": int(field("Rows").split()[0]),
        "columns": int(field("Columns").split()[0]),
        "nonzeros": int(field("Non-zeros").split()[0]),
    }


def check(name, folder, time_limit):
    """What is wrong with the template, and a word on how far the check went."""
    document = json.loads((TEMPLATES / f"{name}.json").read_text())
    model = (TEMPLATES / f"{name}.mod").read_text()
    data = data_section(model, document["example_input"])
    bare = TABLE_OUT.sub("", TABLE.sub("", model))
    got, expected = glpsol(bare, data, folder, time_limit), document["expected"]
    faults = [f"{count}: glpsol has {got[count]}, expected {expected[count]}"
              for count in ("rows", "columns", "nonzeros") if got[count] != expected[count]]
    ours, theirs = expected["objective_value"], got["objective_value"]
    near = abs(theirs - ours) <= 1e-6 * max(1, abs(ours))
    better = theirs > ours if got["maximize"] else theirs < ours
    if (got["optimal"] and not near) or (got["feasible"] and better and not near):
        faults.append(f"optimum: glpsol has {theirs}, expected {ours}")
    if got["optimal"]:
        return faults, "the same optimum"
    return faults, "no proof in time, best " + (str(theirs) if got["feasible"] else "none")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time-limit", type=int, default=60, help="seconds for each template")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if shutil.which("glpsol") is None:
        print("glpsol is not installed")
        sys.exit(77)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names or sorted(p.stem for p in TEMPLATES.glob("*.json")):
            faults, word = check(name, pathlib.Path(folder), args.time_limit)
            failed += bool(faults)
            print(f"{name}: {'; '.join(faults) or word}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
