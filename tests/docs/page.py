"""Reads a Markdown page into what a test can run: its fenced blocks, with what stands around them.

A comment directly above a fence says what the words of the page cannot:

  <!-- run: no, REASON -->       the block is not run; rare, counted and printed
  <!-- run: exit 1 -->           the command ends with this exit status
  <!-- run: file NAME -->        the block is the file NAME, where the text above does not say so
  <!-- run: shape -->            an example of JSON that belongs to no command
  <!-- run: file-scope -->       C++ that stands outside main()

and anywhere:

  <!-- run: server FLAGS -->     flags of the server that the page's commands talk to
  <!-- run: replace WORD by VARIABLE -->   WORD stands for what a reader has in its place
  <!-- run: hidden
  commands that are run here and not shown; .printed holds what the last block printed
  -->
  <!-- run: values -->           "`EXPRESSION` is `VALUE`" in the page's words is MathProg and true;
                                 the page's block of directive `context` declares its names
  <!-- run: prelude
  C++ that the page's pieces stand on and that is not shown
  -->
"""

import dataclasses
import re

FENCE = re.compile(r"^(\s*)(`{3,})\s*([\w+-]*)\s*$")
COMMENT = re.compile(r"<!--\s*run:\s*(.*?)\s*-->", re.S)
# The last file named in a sentence that leads to a block: "Save this as `diet.mod`:".
FILE = re.compile(r"`([\w./-]+\.\w+)`")
ENDINGS = {"mod": [".mod"], "dat": [".dat"], "json": [".json", ".jsonl"], "csv": [".csv"],
           "python": [".py"], "cpp": [".cc"], "meson": [".build"], "ini": [".service"]}


@dataclasses.dataclass
class Block:
    line: int  # of the fence, from 1
    language: str
    text: str
    directives: list = dataclasses.field(default_factory=list)
    file: str = ""  # the file that the text above says this is

    def directive(self, name):
        """What follows the name in this block's directives, or None."""
        for words in self.directives:
            head, _, rest = words.partition(" ")
            if head.rstrip(",") == name:
                return rest.strip()
        return None


@dataclasses.dataclass
class Page:
    blocks: list
    server_flags: str = ""
    replacements: list = dataclasses.field(default_factory=list)
    values: list = dataclasses.field(default_factory=list)  # (line, expression, value)
    text: str = ""


def named_file(paragraph, language):
    """The file that a paragraph ending in a colon or comma says the next block is, or ""."""
    if not paragraph.rstrip().endswith((":", ",")):
        return ""
    sentence = re.split(r"(?<=[.;])\s", " ".join(paragraph.split()))[-1]
    found = [file for file in FILE.findall(sentence)
             if file.endswith(tuple(ENDINGS.get(language, ())) or "\0")]
    return found[-1] if found else ""


def parse(text):
    page = Page(blocks=[], text=text)
    lines = text.split("\n")
    paragraph = []
    directives = []
    i = 0
    while i < len(lines):
        line = lines[i]
        if line.lstrip().startswith("<!--") and "run:" in line:
            first = i
            while "-->" not in lines[i]:
                i += 1
            words = COMMENT.search("\n".join(lines[first:i + 1]))[1]
            head, rest = (re.match(r"([\w-]+),?\s*(.*)", words, re.S).groups())
            if head == "server":
                page.server_flags = rest
            elif head == "replace":
                word, _, variable = rest.partition(" by ")
                page.replacements.append((word.strip(), variable.strip()))
            elif head == "values":
                page.values = statements_of_values(text)
            elif head in ("hidden", "prelude"):
                page.blocks.append(Block(first + 1, head, rest.strip("\n") + "\n"))
            else:
                directives.append(words)
        elif fence := FENCE.match(line):
            first = i
            indent, ticks, language = fence[1], fence[2], fence[3]
            body = []
            i += 1
            while lines[i].strip() != ticks:
                body.append(lines[i].removeprefix(indent))
                i += 1
            block = Block(first + 1, language, "".join(part + "\n" for part in body), directives)
            block.file = block.directive("file") or named_file("\n".join(paragraph), language)
            page.blocks.append(block)
            directives, paragraph = [], []
        elif line.strip():
            paragraph.append(line)
        elif paragraph and not (i + 1 < len(lines) and FENCE.match(lines[i + 1])):
            # The paragraph ends, unless the blank line only separates it from its block.
            if not follows_a_comment(lines, i + 1):
                paragraph = []
        i += 1
    return page


def statements_of_values(text):
    """Every "`a` is `b`" outside fences, with its line."""
    prose = re.sub(r"^```.*?^```", lambda block: re.sub("[^\n]", "", block[0]), text,
                   flags=re.S | re.M)
    return [(prose.count("\n", 0, found.start()) + 1, found[1].replace("\\|", "|"), found[2])
            for found in re.finditer(r"`([^`\n]+)`\s+is\s+`([^`\n]+)`", prose)]


def follows_a_comment(lines, i):
    return i < len(lines) and lines[i].lstrip().startswith("<!--")
