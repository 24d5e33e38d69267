"""Writes synapsnet/_parameters.py from the library's option table: make_parameters.py LIBRARY FILE.

CMake runs it, so that the constructor of SynapsNet has the options of this very library as an explicit signature, with
their defaults and their documentation."""

import ctypes
import os
import re
import sys
import textwrap

HEAD = '''"""The options of a fit as a constructor. Written by make_parameters.py from the option table: do not edit."""

from __future__ import annotations

from typing import Any


class Parameters:
    """Holds the parameters of an estimator as they were given, as scikit-learn expects."""

    def __init__(
        self,
        *,
{signature}
    ) -> None:
        """
{documentation}
        """
{body}


#: Default of every parameter.
DEFAULTS: dict[str, Any] = {{
{defaults}
}}

#: Options that say how to read a recording: name -> documentation.
READING: dict[str, str] = {{
{reading}
}}

#: Options of a simulation: name -> documentation.
SIMULATION: dict[str, str] = {{
{simulation}
}}
'''

#: What a fit of the command line takes besides, and the estimator does in its own way.
ELSEWHERE = {"output", "config", "json", "quiet", "resume"}
TYPES = {"int": "int", "real": "float", "time": "float | str", "flag": "bool", "choice": "str", "text": "Any",
         "list": "Any"}


class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p)
                for name in ("name", "type", "default_value", "unit", "choices", "commands", "help")]


def options(library):
    """Every row of the table as a dict of texts."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    at = ctypes.CDLL(os.path.abspath(library)).syn_option_at
    at.restype, at.argtypes = ctypes.POINTER(Info), [ctypes.c_size_t]
    k = 0
    while at(k):
        row = at(k).contents
        yield {name: getattr(row, name).decode() for name, _ in Info._fields_}
        k += 1


def python_name(option):
    return option["name"].replace("-", "_")


def default(option):
    text = option["default_value"]
    if option["type"] == "flag":
        return text == "yes"
    if text == "":
        return None
    if option["type"] in ("int", "real") and text != "auto":
        return int(text) if option["type"] == "int" else float(text)
    return text


def annotation(option):
    kind = TYPES[option["type"]]
    if default(option) is None and kind != "Any":
        return kind + " | None"
    return kind if default(option) != "auto" or kind in ("str", "Any") else kind + " | str"


def described(option):
    """'hidden : int | str, default "auto", 1..256 units' and the help under it."""
    details = [annotation(option), f"default {default(option)!r}"]
    limits = " ".join(part for part in (option["choices"], option["unit"]) if part)
    head = ", ".join(details + ([limits] if limits else []))
    help = pythonic(option["help"]).replace("Array FILE:NAME", "An array, or FILE:NAME of one,")  # which fit takes as well
    text = textwrap.fill(help, 100, initial_indent=" " * 12, subsequent_indent=" " * 12)
    return f"        {python_name(option)} : {head}\n{text}"


def pythonic(text):
    """--learning-rate -> learning_rate"""
    return re.sub(r"--([a-z][a-z0-9-]*)", lambda m: m.group(1).replace("-", "_"), text)


def helps(rows):
    return "\n".join(f"    {python_name(row)!r}: {pythonic(row['help'])!r}," for row in rows)


def main(library, path):
    rows = list(options(library))
    commands = [set(row["commands"].split()) for row in rows]
    fit = [row for row, of in zip(rows, commands) if "fit" in of and "info" not in of and row["name"] not in ELSEWHERE]
    reading = [row for row, of in zip(rows, commands) if "info" in of and row["name"] not in ELSEWHERE]
    simulation = [row for row, of in zip(rows, commands) if "simulate" in of and row["name"] not in ELSEWHERE]
    for row in fit:
        assert python_name(row).isidentifier(), row["name"]
    progress = ("        progress : bool | None, default None\n            Whether a fit shows how far it is; None: in a "
                "terminal and in a notebook.")
    text = HEAD.format(
        signature="\n".join([f"        {python_name(row)}: {annotation(row)} = {default(row)!r}," for row in fit]
                            + ["        progress: bool | None = None,"]),
        documentation="\n".join([described(row) for row in fit] + [progress]),
        body="\n".join([f"        self.{python_name(row)} = {python_name(row)}" for row in fit]
                       + ["        self.progress = progress"]),
        defaults="\n".join(f"    {python_name(row)!r}: {default(row)!r}," for row in fit),
        reading=helps(reading),
        simulation=helps(simulation),
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
