"""synapsnet: forecast a recorded population of neurons and read off who drives whom.

    import synapsnet
    rec = synapsnet.read("session.h5")
    model = synapsnet.SynapsNet(hidden=32).fit(rec)
    model.connectivity_

The model is SynapsNet (Delavari, Oruc, Murphy, arXiv 2411.08221). docs/python.md is the manual.
"""

from . import errors
from ._estimator import SynapsNet, load
from ._library import plain as _plain
from ._online import Online
from ._recording import Contents, Recording, contents, read, recording, simulate
from ._results import Comparison, Connectivity, Edges, Evaluation, Forecast, Perturbation
from .errors import SynapsNetError

__version__: str = _plain("version").decode()


def build_info() -> str:
    """What runs on this machine, one "name: value" a line: kernels, threads, libraries."""
    return str(_plain("build_info").decode())


__all__ = ["Comparison", "Connectivity", "Contents", "Edges", "Evaluation", "Forecast", "Online", "Perturbation",
           "Recording", "SynapsNet", "SynapsNetError", "build_info", "contents", "errors", "load", "read", "recording",
           "simulate"]
