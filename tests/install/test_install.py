"""Installs into an empty folder and builds an outside project against it.

usage: test_install.py BUILD_DIRECTORY
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, text=True,
                          capture_output=True, **options).stdout


def main():
    build = pathlib.Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root / "image")
        (pkgconfig,) = (root / "image").rglob("solvent.pc")
        project = root / "project"
        project.mkdir()
        shutil.copy(HERE / "project" / "meson.build", project)
        shutil.copy(HERE.parent.parent / "examples" / "embed_solve.cc", project / "main.cc")
        environment = {
            **os.environ,
            "PKG_CONFIG_PATH": str(pkgconfig.parent),
            "PKG_CONFIG_SYSROOT_DIR": str(root / "image"),
            # The sysroot holds our files only; the system's stay where they are.
            "CXXFLAGS": "",
        }
        text = pkgconfig.read_text()
        # What is installed works where nothing of this machine is left.
        assert str(build) not in text and str(HERE.parent.parent) not in text, text
        prefix = next(line for line in text.splitlines() if line.startswith("prefix="))
        pkgconfig.write_text(text.replace(
            prefix, "prefix=" + str(root / "image") + prefix.removeprefix("prefix=")))
        del environment["PKG_CONFIG_SYSROOT_DIR"]
        run("meson", "setup", project / "build", project, env=environment)
        run("ninja", "-C", project / "build")
        answer = run(project / "build" / "outside")
        print(answer)
        assert "optimal: objective 8" in answer
        # The same by hand, as a Makefile would do it.
        flags = run("pkg-config", "--cflags", "--libs", "--static", "solvent",
                    env=environment).split()
        run("g++", "-std=c++20", project / "main.cc", "-o", root / "by_hand", *flags)
        assert "optimal: objective 8" in run(root / "by_hand")
        server = next((root / "image").rglob("bin/solvent"))
        assert run(server, "--version").startswith("solvent ")
        assert next((root / "image").rglob("solvent-worker")).exists()
    print("Ran 3 tests in 0s")


if __name__ == "__main__":
    main()
