#!/usr/bin/env python3
"""Takes the kinds of trace that a report does not draw out of plotly.js: trim.py <plotly.min.js >smaller.js

The file is one function. Its statements declare modules, `var name=wrap((exports,module)=>{...})`, that are run when they are
first called, and what modules share; the last module registers every kind of trace. Here it registers those in KEPT, and
a declaration stays where something that stays mentions it: of a module, a call. (scatter is always there, as are axes,
legends and all else that is no trace.)
"""
import re
import sys

KEPT = ["heatmap"]

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<name>[\w$]+)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>.)""", re.S)
REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/")
VALUE_FOLLOWS = set("return typeof case in of do else void delete instanceof new throw yield await".split())
VALUE_ENDS = re.compile(r"[\w$\"'`)\]}]$")


def tokens(source, at):
    """(kind, text, place) from a place on. A template is cut into its texts, `a${ and }b`, and what is between."""
    before, opened = "", []  # opened: for every brace, whether it is that of a template
    while at < len(source):
        if source[at] == "`" or (source[at] == "}" and opened and opened[-1]):
            if source[at] == "}":
                opened.pop()
            end = at + 1
            while source[end] != "`" and source[end:end + 2] != "${":
                end += 2 if source[end] == "\\" else 1
            if source[end] == "$":
                opened.append(True)
                end += 1
            yield "text", source[at:end + 1], at
            before, at = source[end], end + 1
            continue
        found = TOKEN.match(source, at)
        kind = found.lastgroup
        if source[at] == "/" and kind != "skip" and (before in VALUE_FOLLOWS or (before and not VALUE_ENDS.search(before))):
            found, kind = REGEX.match(source, at), "text"
        text = found.group()
        if text == "{":
            opened.append(False)
        elif text == "}" and opened:
            opened.pop()
        if kind != "skip":
            yield kind, text, at
            before = text
        at = found.end()


class Statement:
    """source[start:end]; found: (depth, kind, text) of its tokens."""

    def __init__(self, start, end, found, wraps):
        self.start, self.end = start, end
        self.declares, self.mentions = declared(found, wraps), mentioned(found)


def statements(source, start, wraps):
    """Those of the body of the function that starts there, nothing within them."""
    depth, found, first = 0, [], start
    for kind, text, at in tokens(source, start):
        if not found:
            if text == "}":
                return
            first = at
        found.append((depth, kind, text))
        if text in "([{" or (kind == "text" and text.endswith("${")):
            depth += 1
        if text in ")]}" or (kind == "text" and text.startswith("}")):
            depth -= 1
        if depth == 0 and (text == ";" or (text == "}" and is_function(found))):
            yield Statement(first, at + 1, found, wraps)
            found = []


def is_function(found):
    head = [text for _, _, text in found[:2]]
    return head[0] in ("function", "class") or head == ["async", "function"]


def declared(found, wraps):
    """The names that a statement gives a value, a module's with (); None where it declares nothing, but does something.
    A variable without a value gets one in a module, which whoever uses it calls."""
    top = [text for depth, _, text in found if depth == 0]
    if is_function(found):
        return {next(text for text in top if text not in ("async", "function", "class", "*"))}
    if top[0] not in ("var", "let", "const"):
        return None
    return {name + "()" * (value in wraps) for before, name, mark, value in zip(top, top[1:], top[2:], top[3:])
            if before in (top[0], ",") and mark == "="}


def mentioned(found):
    """Names, those that are called with nothing followed by ()."""
    texts = [text for _, _, text in found] + [""]
    return {text + "()" * (texts[k + 1:k + 3] == ["(", ")"]) for k, (_, kind, text) in enumerate(found)
            if kind == "name" and texts[k - 1] != "."}


def kind_of_trace(source, owner, call):
    """The name in a module, or in the one that it passes on."""
    for _ in range(2):
        text = source[owner[call].start:owner[call].end]
        name, passed_on = re.search(r'name:"(\w+)"', text), re.search(r"exports=([\w$]+\(\))", text)
        if name or not passed_on:
            break
        call = passed_on.group(1)
    return name.group(1) if name else call


def trim(source):
    start = source.index("var Plotly=(()=>{") + len("var Plotly=(()=>{")
    wraps = set(re.findall(r"([\w$]+)=\([\w$,]+\)=>\(\)=>\{", source[start:start + 10000]))
    parts = list(statements(source, start, wraps))
    owner = {name: part for part in parts for name in part.declares or ()}
    entry = parts[-2]  # the last but `return entry()`
    every = re.search(r"\.register\(\[([\w$(),]+)\]\)", source[entry.start:entry.end]).group(1)
    kinds = {kind_of_trace(source, owner, call): call for call in every.split(",")}
    entry_text = source[entry.start:entry.end].replace(every, ",".join(kinds[name] for name in KEPT))
    kept = {entry} | {part for part in parts if part.declares is None}
    waiting = [set(re.findall(r"[\w$]+\(\)", entry_text))] + [part.mentions for part in kept - {entry}]
    while waiting:
        for name in waiting.pop():
            if name in owner and owner[name] not in kept:
                kept.add(owner[name])
                waiting.append(owner[name].mentions)
    body = "".join(entry_text if part is entry else source[part.start:part.end] for part in parts if part in kept)
    return source[:start] + body + source[parts[-1].end:]


if __name__ == "__main__":
    sys.stdout.write(trim(sys.stdin.read()))
