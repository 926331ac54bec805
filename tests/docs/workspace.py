"""Where a page's blocks run: a folder, a server of their own, and the reader's things replaced.

The pages speak of one server on port 8001, of /var/lib/solvent, of a key. `localize` and `as_shown`
are the one place where these become what they are in a test, and back.
"""

import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "http"))

from harness import SERVER, Server  # noqa: E402

PYTHON = "/usr/bin/python3"

# `solvent serve` would run for ever: it is started as shown, on a free port, and stopped once it
# listens.
WRAPPER = """#!/usr/bin/env bash
if [ "${{1:-}}" = serve ]; then exec {python} -B {serve} {server} "$@"; fi
exec {server} "$@"
"""


def free_port():
    """One that the system hands to nobody else before it is used, where it has any such."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    for _ in range(100):
        port = random.randrange(lowest - 10_000, lowest) if lowest > 15_000 else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:  # taken
                pass
    raise RuntimeError("no port is free")


class Workspace:
    def __init__(self, build, server_flags="", replacements=()):
        self.build = pathlib.Path(build).absolute()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="solvent-docs-")).resolve()
        self.replacements = replacements
        self.server_flags = shlex.split(server_flags)
        self.running = None
        self.receiver_port = free_port()
        tools = self.folder / ".tools"
        tools.mkdir()
        (self.folder / "backup").mkdir()
        wrapper = tools / "solvent"
        wrapper.write_text(WRAPPER.format(
            python=PYTHON, serve=shlex.quote(str(HERE / "serve_briefly.py")),
            server=shlex.quote(os.path.abspath(SERVER))))
        wrapper.chmod(0o755)
        (tools / "python3").symlink_to(PYTHON)
        self.environment = {
            **{name: value for name, value in os.environ.items()
               if not name.startswith("SOLVENT_")},
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PKG_CONFIG_PATH": str(self.build / "meson-uninstalled"),
            # The uninstalled library needs the path of the headers said.
            "CPLUS_INCLUDE_PATH": str(ROOT / "include"),
            "SOLVENT_SOURCE": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "LC_ALL": "C.UTF-8",
        }
        self.state = self.folder / ".state"
        self.state.write_text("")

    def server(self):
        if self.running is None:
            server = Server(*self.server_flags, folder=self.folder)
            server.database = self.folder / "solvent.db"
            # A failing start still has to be cleaned up.
            self.running = server
            server.start()
            self.environment["SOLVENT_KEY"] = server.key
        return self.running

    def needs_server(self, text):
        return bool(re.search(r":8001|SOLVENT_KEY|ok_live_your_key_here|solvent\.db", text))

    def localize(self, text):
        """What a reader has on their machine becomes what this test has."""
        if self.needs_server(text):
            self.server()
        if self.running and self.running.url:
            address = self.running.url.removeprefix("http://")
            text = re.sub(r"(127\.0\.0\.1|localhost):8001", address, text)
            for key in ("ok_live_your_key_here", "ok_live_…"):
                text = text.replace(key, self.running.key)
        text = text.replace("/var/lib/solvent/", f"{self.folder}/")
        text = text.replace("/backup/", f"{self.folder}/backup/")
        text = re.sub(r"\b9000\b", str(self.receiver_port), text)
        for word, variable in self.replacements:
            if word in text:
                text = text.replace(word, self.variable(variable))
        return text

    def as_shown(self, printed):
        """The other way round: what was printed here, as a reader would see it."""
        if self.running and self.running.url:
            printed = printed.replace(self.running.url, "http://127.0.0.1:8001")
        printed = printed.replace(f"{self.folder}/backup/", "/backup/")
        printed = printed.replace(f"{self.folder}/", "/var/lib/solvent/")
        return printed.replace(str(self.receiver_port), "9000")

    def variable(self, name):
        done = subprocess.run(["bash", "-c", f'. "{self.state}"; printf %s "${name}"'],
                              capture_output=True, text=True, env=self.environment, check=True)
        if not done.stdout:
            raise KeyError(f"no block has set {name}")
        return done.stdout

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def shell(self, script, timeout=120):
        """Runs a script in the folder; variables and the working directory stay for the next."""
        wrapped = (f'cd "{self.folder}"\n. "{self.state}"\nset -euo pipefail -o allexport\n'
                   f'trap \'__status=$?; export -p >"{self.state}"; '
                   f'printf "cd %q\\n" "$PWD" >>"{self.state}"; exit $__status\' EXIT\n{script}')
        return self.run(["bash", "-c", wrapped], timeout)

    def run(self, command, timeout=120, environment=()):
        """(exit status, output): standard output and errors as they came."""
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                [str(part) for part in command], cwd=self.folder, stdout=output, stderr=output,
                stdin=subprocess.DEVNULL, start_new_session=True,
                env={**self.environment, **dict(environment)})
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired:
                status = f"none after {timeout} s"
            output.seek(0)
            return status, output.read()

    def end_background(self):
        """Ends what blocks have left running: whatever works in this folder."""
        for process in pathlib.Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                place = pathlib.Path(os.readlink(process / "cwd"))
                if self.folder == place or self.folder in place.parents:
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:  # gone, or not ours
                pass

    def remove(self):
        self.end_background()
        if self.running:
            self.running.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
