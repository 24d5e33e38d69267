"""Writes docs/python-reference.md from the docstrings: scripts/python_reference.py > docs/python-reference.md"""

import inspect
import re

import synapsnet

HEAD = """# Python reference

Written from the docstrings by `make docs`. The manual is [python.md](python.md); the parameters of `SynapsNet` and the
keywords of `read` and `simulate` are the options of [options.md](options.md), with `_` for `-`.
"""


def text(item):
    """The docstring with reST roles as code: :meth:`fit` -> `fit`."""
    return re.sub(r":[a-z]+:`(?:synapsnet\.)?([^`]+)`", r"`\1`", inspect.getdoc(item) or "").replace("``", "`")


def paragraphs(item):
    """Lists and definitions of a docstring as Markdown."""
    lines = []
    for line in text(item).split("\n"):
        term = re.fullmatch(r"[a-z_]+(, [a-z_]+)*", line)
        lines.append(f"\n*{line}*\n" if term else line.removeprefix("    "))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def signature(function):
    """name(a, b=1, ...) without annotations."""
    parameters, keyword_only = [], False
    for p in inspect.signature(function).parameters.values():
        if p.name in ("self", "cls"):
            continue
        if p.kind is p.KEYWORD_ONLY and not keyword_only:
            parameters.append("*")
            keyword_only = True
        stars = {p.VAR_KEYWORD: "**", p.VAR_POSITIONAL: "*"}.get(p.kind, "")
        parameters.append(stars + p.name + ("" if p.default is p.empty else f"={p.default!r}"))
    return f"{function.__name__}({', '.join(parameters)})"


def of_class(cls):
    yield f"\n## {cls.__name__}\n\n{paragraphs(cls)}\n"
    for name, member in vars(cls).items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if isinstance(member, property):
            yield f"\n### {cls.__name__}.{name}\n\n{paragraphs(member)}\n"
        elif inspect.isfunction(member) or isinstance(member, classmethod):
            member = getattr(cls, name)
            yield f"\n### {cls.__name__}.{signature(member)}\n\n{paragraphs(member)}\n"


def reference():
    parts = [HEAD, "\n## Functions\n"]
    for function in (synapsnet.read, synapsnet.contents, synapsnet.recording, synapsnet.simulate, synapsnet.load,
                     synapsnet.build_info):
        parts.append(f"\n### {signature(function)}\n\n{paragraphs(function)}\n")
    for cls in (synapsnet.SynapsNet, synapsnet.Recording, synapsnet.Connectivity, synapsnet.Edges, synapsnet.Forecast,
                synapsnet.Online, synapsnet.Perturbation, synapsnet.Evaluation, synapsnet.Comparison, synapsnet.Contents):
        parts.extend(of_class(cls))
    parts.append("\n## Exceptions\n\nAll are a `synapsnet.SynapsNetError` and live in `synapsnet.errors`.\n\n"
                 "| exception | is also | raised when |\n|---|---|---|\n")
    for name, cls in vars(synapsnet.errors).items():
        if inspect.isclass(cls) and issubclass(cls, synapsnet.SynapsNetError) and cls is not synapsnet.SynapsNetError:
            also = ", ".join(f"`{base.__name__}`" for base in cls.__bases__ if base is not synapsnet.SynapsNetError)
            parts.append(f"| `{name}` | {also} | {text(cls)} |\n")
    return "".join(parts)


if __name__ == "__main__":
    print(reference(), end="")
