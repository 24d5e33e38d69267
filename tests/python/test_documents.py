"""Every Python block of the documents runs, in order, and what a comment promises of a print is what is printed."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from conftest import ROOT


def blocks(document):
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


def promises(code):
    """What a comment says is printed, where it is no explanation: of an error, and of an estimator."""
    return re.findall(r"print\((?:error|synapsnet\.SynapsNet.*)\) +# (.+)", code)


def assert_promises(code, printed):
    for promised in promises(code):
        assert promised in printed.splitlines()


def test_promises_are_held():
    """docs/python.md promises two lines, and what is not printed is found out."""
    code = "\n".join(blocks("docs/python.md"))
    assert len(promises(code)) == 2
    with pytest.raises(AssertionError):
        assert_promises(code, "")


@pytest.mark.parametrize("document", ["README.md", "docs/python.md", "docs/tutorial.md", "docs/closed-loop.md",
                                      "docs/howto/tables.md", "docs/howto/hdf5.md"])
def test_blocks_run(document):
    code = "\n".join(blocks(document))
    assert code
    os.symlink(ROOT / "data", "data")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert_promises(code, done.stdout)


def test_reference_is_that_of_the_docstrings():
    made = subprocess.run([sys.executable, str(ROOT / "scripts/python_reference.py")], capture_output=True, text=True,
                          check=True)
    assert made.stdout == (ROOT / "docs/python-reference.md").read_text(), "run make docs"


def test_the_table_of_layouts_is_printed(program):
    """No value differs from what the other libraries read, and the table says so of the files that there are."""
    done = subprocess.run([sys.executable, "-W", "ignore", str(ROOT / "bench/read_check.py"), program], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout in (ROOT / "docs/file-formats.md").read_text()


def test_the_matlab_example_reads_what_is_written(rec, model, program):
    """What the script reads is there, with as many axes as it turns."""
    rec.save("sim.h5")
    model.save("model.h5")
    for command in ("connectivity model.h5 --lags 2 -o connectivity.h5", "forecast model.h5 sim.h5 --steps 3 -o forecast.h5"):
        subprocess.run([program, *command.split(), "--quiet"], check=True)
    script = (ROOT / "examples/read_results.m").read_text()
    reads = re.findall(r"(permute\()?h5read\('([^']+)', '([^']+)'\)('|, \[[\d ]+\]\))?", script)
    assert len(reads) == script.count("h5read(") >= 9
    for _, file, place, turned in reads:
        with h5py.File(file) as f:
            axes = 2 if turned == "'" else len(re.findall(r"\d", turned)) or 1
            assert f[place].ndim == axes, place
    for file, place, name in re.findall(r"h5readatt\('([^']+)', '([^']+)', '([^']+)'\)", script):
        with h5py.File(file) as f:
            assert name in f[place].attrs


def as_matlab_reads(path):
    """The datasets and attributes of an HDF5 file as h5read gives them: axes in reverse, a single one as a column."""
    found = {}

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        key, values = name.replace("/", "__"), item[()]
        if values.dtype == object:
            values = np.array([text.decode() for text in values], dtype=object)
        found[key] = values[:, None] if values.ndim == 1 else values.T
        found.update({f"{key}___{attribute}": value for attribute, value in item.attrs.items()})

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@pytest.mark.skipif(shutil.which("octave-cli") is None, reason="octave is not installed")
def test_the_matlab_example_runs_in_octave(rec, model, program):
    """Octave has no h5read: two functions stand in, over the same arrays in MATLAB's own format."""
    scipy_io = pytest.importorskip("scipy.io")
    rec.save("sim.h5")
    model.save("model.h5")
    for command in ("connectivity model.h5 --lags 2 -o connectivity.h5", "forecast model.h5 sim.h5 --steps 3 -o forecast.h5"):
        subprocess.run([program, *command.split(), "--quiet"], check=True)
    for name in ("connectivity.h5", "forecast.h5"):
        scipy_io.savemat(f"{name}.mat", as_matlab_reads(name))
    key = "strrep(name(2:end), '/', '__')"
    pathlib.Path("h5read.m").write_text(f"function x = h5read(file, name)\n  x = load([file '.mat']).({key});\nend\n")
    pathlib.Path("h5readatt.m").write_text(
        f"function x = h5readatt(file, name, attribute)\n  x = load([file '.mat']).([{key} '___' attribute]);\nend\n")
    done = subprocess.run(["octave-cli", "--norc", "--eval", f"""
        set(0, 'defaultfigurevisible', 'off');
        if any(strcmp(available_graphics_toolkits(), 'gnuplot')), graphics_toolkit('gnuplot'); end
        source('{ROOT}/examples/read_results.m');
        save('-v7', 'read.mat', 'C', 'low1', 'high1', 'rollout', 'receiver', 'sender');"""], capture_output=True, text=True)
    assert "cannot render" not in done.stderr, "octave found no font to draw with: install fonts-freefont-otf"
    assert "edges at a false discovery rate of 0.1" in done.stdout, done.stderr
    read = scipy_io.loadmat("read.mat")
    forecast = model.forecast(rec, steps=3)
    np.testing.assert_allclose(read["C"].transpose(2, 0, 1), model.effective_connectivity(2).values, rtol=1e-6)
    np.testing.assert_allclose(read["low1"], forecast.low, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(read["high1"], forecast.high, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(read["rollout"], forecast.rollout, rtol=1e-6)
    found = np.argwhere(model.edges(fdr=0.1).significant)
    assert sorted(zip(read["receiver"].ravel() - 1, read["sender"].ravel() - 1)) == [tuple(pair) for pair in found]
