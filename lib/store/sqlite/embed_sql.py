"""Turns numbered migration files into a C++ table: embed_sql.py OUTPUT INPUT..."""

import pathlib
import re
import sys

output, inputs = pathlib.Path(sys.argv[1]), [pathlib.Path(p) for p in sys.argv[2:]]

# String literals have a length limit in some compilers, hence one literal a line.
rows = []
last = 0
for path in sorted(inputs):
    number = int(re.match(r"\d+", path.name).group())
    if number <= last:
        sys.exit(f"{path.name}: another migration has this number")
    last = number
    lines = "".join(f'     R"sql({line})sql"\n' for line in path.read_text().splitlines(True))
    rows.append(f"    {{{number},\n{lines}    }},\n")

output.write_text(
    '#include "migrate.h"\n\nnamespace solvent {\n\n'
    f"const int kMigrationCount = {len(rows)};\n"
    "const Migration kMigrations[] = {\n" + "".join(rows) + "};\n\n}  // namespace solvent\n"
)
