"""Holds the source tree to its borders: who may include what.

The build keeps rooms from each other's headers; this keeps third-party headers and SQL where they
belong, which the compiler cannot see because the system's include folder is open to all.

usage: check_borders.py SOURCE_ROOT
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)

# header pattern -> folders that may include it
ONLY_IN = {
    r"sqlite3\.h": ["lib/store/sqlite"],
    r"simdjson\.h": ["lib/base", "lib/model"],
    r"(Cbc|Clp|Cgl|Osi|Coin)\w*\.(hpp|h)": ["lib/solve/cbc"],
    r"httplib\.h": ["server/http"],
    r"wslay/.*": ["server/http"],
    r"zlib\.h": ["server/http"],
    r"openssl/.*": ["lib/base", "lib/webhooks", "server/http"],
    r"CLI/.*": ["server"],
    r"(valijson|nlohmann)/.*": ["lib/catalog"],
}
# Public headers show the standard library, Abseil and each other, nothing else.
PUBLIC = re.compile(r"^(absl/(status|time|types)/|solvent/|[a-z_0-9]+$)")


def main():
    root = pathlib.Path(sys.argv[1])
    faults = []
    for folder in ("include", "lib", "server"):
        for path in sorted((root / folder).rglob("*.[hc]*")):
            if path.suffix not in (".h", ".cc"):
                continue
            name = path.relative_to(root).as_posix()
            for header in INCLUDE.findall(path.read_text()):
                for pattern, places in ONLY_IN.items():
                    if re.fullmatch(pattern, header) and not any(
                            name.startswith(place + "/") for place in places):
                        faults.append(f"{name} includes {header}")
                if folder == "include" and not PUBLIC.match(header):
                    faults.append(f"{name} shows {header} to hosts")
    for fault in faults:
        print(fault)
    print(f"Ran 1 test in 0s\n{'FAILED (failures=1)' if faults else 'OK'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
