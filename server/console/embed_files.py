"""Turns files into a C++ table: embed_files.py OUTPUT ROOT FILE... PATH=FILE...

A FILE is served by its name below ROOT, in /console/; PATH=FILE is served at that whole path."""

import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}

output, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()

named = {}
for argument in sys.argv[3:]:
    if "=" in argument and not pathlib.Path(argument).exists():
        name, path = argument.split("=", 1)
        named[name] = pathlib.Path(path)
    else:
        path = pathlib.Path(argument).resolve()
        named[path.relative_to(root).as_posix()] = path


def c_bytes(data):
    """A std::string_view of these bytes, in literals of a length that every compiler takes."""
    lines = (data[at:at + 40] for at in range(0, len(data), 40))
    literals = "\n".join("     \"" + "".join(f"\\{byte:03o}" for byte in line) + '"' for line in lines)
    return f"     std::string_view(\n{literals},\n     {len(data)})"


rows = []
for name, path in sorted(named.items()):
    content = path.read_bytes()
    content.decode("utf-8")
    etag = hashlib.sha256(content).hexdigest()[:32]
    # String literals have a length limit in some compilers, hence one literal a line.
    lines = content.decode().splitlines(keepends=True)
    if any(')~"' in line for line in lines):
        sys.exit(f"{name}: holds the end of a raw string literal")
    literals = "".join(
        f'     R"~({line.rstrip(chr(10))})~"{" " + chr(34) + chr(92) + "n" + chr(34)}\n'
        if line.endswith("\n") else f'     R"~({line})~"\n' for line in lines)
    rows.append(
        f'    {{"{"" if name == "index.html" else name}", "{TYPES[path.suffix]}",'
        f' R"("{etag}")",\n{literals.rstrip()},\n{c_bytes(gzip.compress(content, 9, mtime=0))}}},\n')

output.write_text(
    '#include "embedded_files.h"\n\nnamespace solvent::console {\n\n'
    "const EmbeddedFile kEmbeddedFiles[] = {\n" + "".join(rows) + "};\n"
    f"const size_t kEmbeddedFileCount = {len(rows)};\n\n"
    "}  // namespace solvent::console\n")
