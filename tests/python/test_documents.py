"""Every Python block of the documents runs, in order, and what a comment promises of a print is what is printed."""

import os
import re
import subprocess
import sys

import pytest

from conftest import ROOT


def blocks(document):
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", ["README.md", "docs/python.md"])
def test_blocks_run(document):
    code = "\n".join(blocks(document))
    assert code
    os.symlink(ROOT / "data", "data")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for promised in re.findall(r"print\(error\)\s+# (.*)", code):
        assert promised in done.stdout


def test_reference_is_that_of_the_docstrings():
    made = subprocess.run([sys.executable, str(ROOT / "scripts/python_reference.py")], capture_output=True, text=True,
                          check=True)
    assert made.stdout == (ROOT / "docs/python-reference.md").read_text(), "run make docs"
