"""Turns template documents into a C++ table: embed_templates.py OUTPUT INPUT..."""

import json
import pathlib
import sys

output, inputs = pathlib.Path(sys.argv[1]), [pathlib.Path(p) for p in sys.argv[2:]]

rows = []
for path in sorted(inputs, key=lambda p: p.name):
    document = json.loads(path.read_text())
    if document.get("name") != path.stem:
        sys.exit(f"{path.name}: the document's name must be that of its file")
    # String literals have a length limit in some compilers, hence one literal a line. What a
    # document expects of itself is for tests.
    document.pop("expected", None)
    lines = json.dumps(document, indent=0, ensure_ascii=False).splitlines()
    rows.append("".join(f'    R"tpl({line})tpl"\n' for line in lines).rstrip() + ",\n")

output.write_text(
    '#include "embedded_templates.h"\n\nnamespace solvent {\n\n'
    "const std::string_view kEmbeddedTemplates[] = {\n" + "".join(rows) + "};\n"
    f"const size_t kEmbeddedTemplateCount = {len(rows)};\n\n"
    "}  // namespace solvent\n"
)
