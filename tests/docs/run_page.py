"""Runs every fenced block of one page of the documentation, in order.

usage: run_page.py PAGE BUILD_ROOT [--no-cpp]

What is done with a block is decided by its language:

  sh              run with bash against a server of the page's own; variables and files stay
  python          run; from a file of that name where the page says so
  cpp             compiled and run: a whole program where it has main(), else all the page's pieces
                  together as one program, each block's output shown below it
  mod, dat        solved with `solvent solve`; below, what the model prints, or all of the answer
  text, json, csv below a command: compared with what it printed (see expect.py)
  json            else: a problem is solved, anything else must be JSON
  js, ini         checked by node and systemd-analyze
  nginx, caddy    checked by these, where they are installed
  http            below a command compared like text, else shown only

A block that is a file (`diet.mod`: at the end of the paragraph above) is written instead, and must
be used by a command later. A block of any other language fails.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

import expect
import page as pages
from workspace import PYTHON, ROOT, Workspace

CPP_FLAGS = ["-std=c++20", "-O0", "-w"]
MARK = "\x1e"

PAGE = None
BUILD = None
WITH_CPP = True


class Runner:
    """Runs blocks one after the other. Every method that starts with run_ takes one block."""

    def __init__(self, page, build, with_cpp=True):
        self.page = page
        self.work = Workspace(build, page.server_flags, page.replacements)
        self.with_cpp = with_cpp
        self.printed = None  # by the last command; None when the last block was none
        self.of_model = False  # that command solved a model block
        self.model = None    # the last model block, which data blocks belong to
        self.counts = {"run": 0, "compared": 0, "checked": 0, "shown": 0, "left out": 0}
        self.notes = []
        self.programs = {}
        self.pool = concurrent.futures.ThreadPoolExecutor(2)
        if with_cpp:
            self.compile()

    def close(self):
        self.pool.shutdown(cancel_futures=True)
        self.work.remove()

    def run(self, block):
        reason = block.directive("no")
        if reason is not None:
            if not reason:
                raise AssertionError("an opt-out needs a reason")
            self.counts["left out"] += 1
            self.notes.append(f"line {block.line} is not run: {reason}")
            self.printed = None
            return
        if block.file:
            return self.write_file(block)
        method = getattr(self, f"run_{block.language or 'nothing'}", None)
        if method is None:
            raise AssertionError(f"a block of language {block.language or '(none)'!r}: see the "
                                 "top of tests/docs/run_page.py for those that are known")
        method(block)

    def write_file(self, block):
        later = self.page.blocks[self.page.blocks.index(block) + 1:]
        used_as = "meson setup" if block.language == "meson" else pathlib.Path(block.file).name
        if not any(used_as in other.text for other in later
                   if other.language in ("sh", "hidden", "python")):
            raise AssertionError(f"no command below uses {block.file}")
        self.work.write(block.file, self.work.localize(block.text))
        self.counts["run"] += 1
        self.printed = None

    def expect_status(self, block, status, output):
        wanted = int(block.directive("exit") or 0)
        if status != wanted:
            raise AssertionError(f"exit status {status}, not {wanted}; it printed:\n{output}")
        self.printed = output
        self.work.write(".printed", output)  # for hidden commands that look closer
        self.of_model = False
        self.counts["run"] += 1

    # Commands.

    def run_hidden(self, block):
        status, output = self.work.shell(self.work.localize(block.text))
        self.expect_status(block, status, output)
        self.counts["run"] -= 1  # not a block that readers see

    def run_sh(self, block):
        if not self.with_cpp and re.search(r"\bg\+\+ ", block.text):
            return self.leave_out_cpp(block)
        self.expect_status(block, *self.work.shell(self.work.localize(block.text)))

    def run_python(self, block):
        path = self.work.write(f".block{block.line}.py", self.work.localize(block.text))
        self.expect_status(block, *self.work.run([PYTHON, path]))

    def run_mod(self, block):
        self.model = self.work.write("model.mod", block.text)
        status, output = self.work.run(["solvent", "solve", self.model.name])
        if status in (3, 4) and not block.directive("exit"):
            status = 0  # infeasible and unbounded are answers
        self.expect_status(block, status, output)
        self.of_model = True

    def run_dat(self, block):
        if self.model is None:
            raise AssertionError("no model above these data")
        data = self.work.write("model.dat", block.text)
        self.expect_status(block, *self.work.run(
            ["solvent", "solve", self.model.name, "--data", data.name]))
        self.of_model = True

    def check_value(self, expression, value):
        """That a MathProg expression has the value, or fails with the code, that the page says."""
        context = "".join(block.text for block in self.page.blocks
                          if block.directive("context") is not None)
        context = re.sub(r"^(solve|end);.*", "", context, flags=re.M)
        declarations, _, data = context.partition("data;")
        if value.startswith("{"):
            dims = value.count(",", 0, value.find(")")) + 1 if value.startswith("{(") else 1
            names = ", ".join(f"i{k}" for k in range(dims))
            item = f"({names})" if dims > 1 else names
            spec = ",".join(["%s"] * dims)
            spec = f"({spec})" if dims > 1 else spec
            show = f'printf{{{item} in {expression}}} "{spec} ", {names};'
        elif value in ("true", "false"):
            show = f'printf "%s", if {expression} then "true" else "false";'
        else:
            show = f'printf "%s", {expression};'
        path = self.work.write("value.mod", f"{declarations}\n{show}\ndata;{data}\nend;\n")
        status, output = self.work.run(["solvent", "check", path.name])
        if value.startswith("error "):
            if status == 0 or f"[{value.removeprefix('error ')}]" not in output:
                raise AssertionError(f"{expression}: {value} is said, got: {output}")
        else:
            printed = re.split(r"rows       ", output)[0]
            if value.startswith("{"):
                printed = "{" + ", ".join(printed.split()) + "}"
            if status != 0 or printed != value.strip('"'):
                raise AssertionError(f"{expression} is said to be {value}, got: {printed}")
        self.counts["compared"] += 1

    # C++.

    def pieces(self):
        """The blocks without a main() of their own: together they are one program."""
        return [block for block in self.page.blocks
                if block.language in ("cpp", "prelude") and not block.file
                and block.directive("no") is None and not re.search(r"\bint main\(", block.text)]

    def compile(self):
        pieces = self.pieces()
        if pieces:
            outside, inside = [], []
            for block in pieces:
                includes = re.findall(r"^#include .*$", block.text, re.M)
                outside += includes
                body = re.sub(r"^#include .*$", "", block.text, flags=re.M)
                text = f'#line {block.line + 1} "page"\n{body}'
                if block.directive("file-scope") is not None:
                    outside.append(text)
                else:
                    inside.append(f'std::printf("{MARK}{block.line}\\n"); std::fflush(stdout);\n'
                                  + text)
            source = ("#include <cstdio>\n" + "\n".join(outside)
                      + "\nint main(int argc, char** argv) {\n(void)argc; (void)argv;\n"
                      + "\n".join(inside) + "\nreturn 0;\n}\n")
            self.programs["pieces"] = self.pool.submit(self.compile_one, "pieces", source)
        for block in self.page.blocks:
            if (block.language == "cpp" and block not in pieces and not block.file
                    and block.directive("no") is None):
                self.programs[block.line] = self.pool.submit(
                    self.compile_one, f"block{block.line}", block.text)

    def compile_one(self, name, source):
        """(program, "") or (None, what the compiler said)."""
        path = self.work.write(f".{name}.cc", source)
        flags = shlex.split(subprocess.run(
            ["pkg-config", "--cflags", "--libs", "--static", "solvent"], check=True,
            capture_output=True, text=True, env=self.work.environment).stdout)
        program = self.work.folder / f".{name}"
        done = subprocess.run(["g++", *CPP_FLAGS, str(path), "-o", str(program), *flags],
                              capture_output=True, text=True, env=self.work.environment)
        return (program, "") if done.returncode == 0 else (None, done.stderr[:4000])

    def leave_out_cpp(self, block):
        self.counts["left out"] += 1
        self.notes.append(f"line {block.line}: C++ is not compiled under sanitizers")
        self.printed = None

    def run_prelude(self, block):
        if self.with_cpp:
            self.run_cpp(block)
            self.counts["run"] -= 1  # not a block that readers see

    def run_cpp(self, block):
        if not self.with_cpp:
            return self.leave_out_cpp(block)
        if block.line in self.programs:
            program, errors = self.programs[block.line].result()
            if program is None:
                raise AssertionError(errors)
            return self.expect_status(block, *self.work.run([program]))
        program, errors = self.programs["pieces"].result()
        if program is None:
            raise AssertionError("(lines are the page's)\n" + errors)
        if block == self.pieces()[0]:
            status, output = self.work.run([program])
            if status != 0:
                raise AssertionError(f"exit status {status}; it printed:\n{output}")
            self.piece_output = {}
            for part in output.split(MARK)[1:]:
                line, _, text = part.partition("\n")
                self.piece_output[int(line)] = text
        self.printed = self.piece_output.get(block.line, "")
        self.of_model = False
        self.counts["run"] += 1

    # What is shown.

    def compare(self, block, how):
        summary = re.compile(r"^status      ", re.M)
        if self.of_model and not summary.search(block.text):
            # What the model itself printed.
            self.printed = summary.split(self.printed)[0]
        how(block.text, self.work.as_shown(self.printed))
        self.counts["compared"] += 1

    def run_text(self, block):
        if self.printed is None:
            if not self.with_cpp:
                return
            raise AssertionError("no command above printed this")
        self.compare(block, expect.text)

    run_csv = run_text

    def run_http(self, block):
        if self.printed is None:
            self.counts["shown"] += 1
        else:
            self.compare(block, expect.text)

    def run_caddy(self, block):
        path = self.work.write("Caddyfile", block.text)
        self.check_with(block, "caddy", ["caddy", "validate", "--config", path,
                                         "--adapter", "caddyfile"])

    def run_json(self, block):
        if self.printed is not None and block.directive("shape") is None:
            return self.compare(block, expect.json_text)
        self.printed = None
        shape = expect.Pattern(self.braced(block.text)).parse()
        if isinstance(shape, dict) and {"variables", "objective"} <= set(shape) and \
                block.directive("shape") is None:
            path = self.work.write(f"block{block.line}.json", block.text)
            return self.expect_status(block, *self.work.run(["solvent", "solve", path.name]))
        self.counts["checked"] += 1

    @staticmethod
    def braced(text):
        """Members on their own, as part of an object."""
        return "{" + text + "}" if text.lstrip().startswith('"') else text

    # Other tools' languages: checked where the tool is at hand.

    def check_with(self, block, tool, command):
        self.printed = None
        if shutil.which(tool) is None:
            self.counts["shown"] += 1
            self.notes.append(f"line {block.line} is not checked: {tool} is not installed")
            return
        status, output = self.work.run(command)
        if status != 0:
            raise AssertionError(f"{tool}: {output}")
        self.counts["checked"] += 1

    def run_js(self, block):
        path = self.work.write(f"block{block.line}.mjs", block.text)
        self.check_with(block, "node", ["node", "--check", path])

    def run_nginx(self, block):
        folder = self.work.folder
        temporary = "".join(f"{what}_temp_path {folder}/nginx;\n" for what in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = self.work.write("nginx.conf", f"pid {folder}/nginx.pid;\nevents {{}}\nhttp {{\n"
                               f"access_log off;\n{temporary}{block.text}}}\n"
                               .replace("/etc/ssl", str(folder)))
        if shutil.which("nginx"):
            for name in re.findall(r"ssl_certificate_key [^;]*/([^/;]*)\.key;", block.text):
                self.work.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                               "/CN=test", "-keyout", f"{name}.key", "-out", f"{name}.pem"])
        self.check_with(block, "nginx", ["nginx", "-t", "-e", "stderr", "-p", folder, "-c", path])

    def run_ini(self, block):
        path = self.work.write(f"block{block.line}.service", re.sub(
            r"(?m)^(Exec\w+=)/\S+", rf"\g<1>{self.work.folder}/.tools/solvent", block.text))
        self.check_with(block, "systemd-analyze", ["systemd-analyze", "verify", path])


class PageTest(unittest.TestCase):
    runner = None

    @classmethod
    def setUpClass(cls):
        cls.runner = Runner(pages.parse(PAGE.read_text()), BUILD, WITH_CPP)

    @classmethod
    def tearDownClass(cls):
        counts = ", ".join(f"{number} {what}" for what, number in cls.runner.counts.items()
                           if number)
        print(f"{PAGE.name}: {counts or 'no blocks'}", file=sys.stderr)
        for note in cls.runner.notes:
            print(f"{PAGE.name}: {note}", file=sys.stderr)
        cls.runner.close()


def add_tests(page, name):
    def make(block):
        def test(self):
            try:
                self.runner.run(block)
            except (AssertionError, expect.Difference, KeyError, subprocess.SubprocessError) as e:
                self.fail(f"{name}:{block.line}: {e}")
        test.__doc__ = f"{name}:{block.line}"
        return test

    for block in page.blocks:
        setattr(PageTest, f"test_{block.line:04}_{block.language or 'none'}", make(block))
    def make_value(line, expression, value):
        def test(self):
            try:
                self.runner.check_value(expression, value)
            except AssertionError as e:
                self.fail(f"{name}:{line}: {e}")
        return test

    for number, statement in enumerate(page.values):
        setattr(PageTest, f"test_{statement[0]:04}_value{number}", make_value(*statement))
    if not page.blocks:
        PageTest.test_nothing_to_run = lambda self: None


def main():
    global PAGE, BUILD, WITH_CPP
    PAGE, BUILD = pathlib.Path(sys.argv[1]).absolute(), pathlib.Path(sys.argv[2]).absolute()
    WITH_CPP = "--no-cpp" not in sys.argv
    os.environ.setdefault("SOLVENT_SERVER", str(BUILD / "server" / "solvent"))
    add_tests(pages.parse(PAGE.read_text()), str(PAGE.relative_to(ROOT)))
    # A block needs those above it: the first failure ends the page.
    unittest.main(argv=sys.argv[:1], failfast="--all" not in sys.argv)


if __name__ == "__main__":
    main()
