"""Turns numbered migration files into a C++ table: embed_sql.py OUTPUT INPUT..."""

import pathlib
import re
import sys

output, inputs = pathlib.Path(sys.argv[1]), [pathlib.Path(p) for p in sys.argv[2:]]

# String literals have a length limit in some compilers, hence one literal a line.
rows = []
for number, path in enumerate(sorted(inputs), start=1):
    if int(re.match(r"\d+", path.name).group()) != number:
        sys.exit(f"{path.name}: migrations must be numbered 1, 2, 3, ... without gaps")
    lines = "".join(f'     R"sql({line})sql"\n' for line in path.read_text().splitlines(True))
    rows.append(f"    {{{number},\n{lines}    }},\n")

output.write_text(
    '#include "migrate.h"\n\nnamespace solvent {\n\n'
    f"const int kMigrationCount = {len(rows)};\n"
    "const Migration kMigrations[] = {\n" + "".join(rows) + "};\n\n}  // namespace solvent\n"
)
