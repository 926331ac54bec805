"""Turns templates into a C++ table: embed_templates.py OUTPUT INPUT...

A template is a pair of files: NAME.mod, the model, and NAME.json, everything else. The comment at
the head of the model explains the formulation; it becomes the listing's section_how_it_works. Form
fields that the document does not list are those of its schema.
"""

import json
import pathlib
import sys

FIELD_KEYWORDS = ("description", "default", "minimum", "maximum", "enum", "items")


def explanation(model):
    paragraphs = [[]]
    for line in model.splitlines():
        if not line.startswith("#"):
            break
        text = line[1:].strip()
        if text:
            paragraphs[-1].append(text)
        else:
            paragraphs.append([])
    return "\n\n".join(" ".join(lines) for lines in paragraphs if lines)


def fields(schema):
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "label": member.get("title", name),
            "type": member["type"],
            "required": name in required,
            **{key: member[key] for key in FIELD_KEYWORDS if key in member},
        }
        for name, member in schema["properties"].items()
    ]


def read(path):
    """The document that the catalog reads."""
    document = json.loads(path.read_text())
    if document.get("name") != path.stem:
        sys.exit(f"{path.name}: the document's name must be that of its file")
    document.pop("expected", None)  # what a document expects of itself is for tests
    model = path.with_suffix(".mod").read_text()
    document["model"] = model.splitlines()
    document["section_how_it_works"] = explanation(model)
    document.setdefault("input_fields", fields(document["input_schema"]))
    return document


def main():
    output, inputs = pathlib.Path(sys.argv[1]), [pathlib.Path(p) for p in sys.argv[2:]]
    rows = []
    for path in sorted(p for p in inputs if p.suffix == ".json"):
        # String literals have a length limit in some compilers, hence one literal a line.
        lines = json.dumps(read(path), indent=0, ensure_ascii=False).splitlines()
        rows.append("".join(f'    R"tpl({line})tpl"\n' for line in lines).rstrip() + ",\n")
    output.write_text(
        '#include "embedded_templates.h"\n\nnamespace solvent {\n\n'
        "const std::string_view kEmbeddedTemplates[] = {\n" + "".join(rows) + "};\n"
        f"const size_t kEmbeddedTemplateCount = {len(rows)};\n\n"
        "}  // namespace solvent\n"
    )


if __name__ == "__main__":
    main()
