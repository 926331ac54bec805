"""The verbs and flags of the program, as its --help tells them."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SERVER = os.environ.get("SOLVENT_SERVER", "build/server/solvent")
SOURCE = pathlib.Path(os.environ.get("SOLVENT_SOURCE", "."))
VERSION = os.environ.get("SOLVENT_VERSION", "0.1.0")
FLAG = re.compile(r"^ +(?:-\w,)?--([a-z][a-z-]*)", re.M)


def solvent(*arguments):
    return subprocess.run([SERVER, *arguments], check=True, capture_output=True, text=True).stdout


def verbs(path=()):
    """Maps each verb, as a tuple of words, to its flags without dashes."""
    text = solvent(*path, "--help")
    found = {path: set(FLAG.findall(text))}
    if listed := re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.M):
        for name in re.findall(r"^  (\w+)  ", listed[1], re.M):
            found.update(verbs((*path, name)))
    return found


def need(program, package):
    """Skips the test at hand unless a tool is there."""
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"{program} is not installed (Debian: {package})")
    return program


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="solvent-packaging-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
