"""How far a fit is, in a notebook or a terminal, and its interruption."""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
from typing import Any, Iterator

from . import _library as lib


def wanted(progress: bool | None) -> bool:
    """Whether to show progress; None: where somebody watches."""
    if progress is not None:
        return bool(progress)
    return "ipykernel" in sys.modules or bool(getattr(sys.stderr, "isatty", lambda: False)())


def _left(p: Any) -> str:
    return "?" if math.isnan(p.eta_s) else f"{p.eta_s:.0f} s"


class _Line:
    """One line on standard error that is written again and again, where tqdm is not installed."""

    def show(self, p: Any) -> None:
        epochs = f"epoch {p.epoch}/{p.max_epochs}  validation {p.validation_loss:.4f}  " if p.max_epochs else ""
        sys.stderr.write(f"\r[{p.candidate}/{p.candidates}] {p.stage.decode()}  {epochs}{p.elapsed_s:.0f} s, "
                         f"left {_left(p)}\033[K")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


class _Bar:
    """A tqdm bar of the epochs of the candidate in training."""

    def __init__(self, tqdm: Any) -> None:
        self.bar = tqdm(total=1, unit="epoch", leave=False)

    def show(self, p: Any) -> None:
        self.bar.total, self.bar.n = max(p.max_epochs, 1), p.epoch
        self.bar.set_description(f"[{p.candidate}/{p.candidates}] {p.stage.decode()}", refresh=False)
        self.bar.set_postfix({"validation": f"{p.validation_loss:.4f}", "left": _left(p)}, refresh=False)
        self.bar.refresh()

    def close(self) -> None:
        self.bar.close()


def _display(progress: bool | None) -> Any:
    if not wanted(progress) or sys.stderr is None:  # a program without a terminal has none
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line()
    return _Bar(tqdm)


class Watch:
    """Shows the progress of a fit and, in the main thread, turns the first Ctrl-C into a request to finish with the best
    weights so far (best_so_far), or to stop; a second one stops in either case. ``function`` is what the library
    calls. Where Ctrl-C is ignored, or handled by the program that Python runs in, it stays so."""

    def __init__(self, progress: bool | None, best_so_far: bool) -> None:
        self.answers = (lib.GO_ON, lib.FINISH if best_so_far else lib.STOP, lib.STOP)
        self.display = _display(progress)
        self.interrupts = 0
        self.error: BaseException | None = None
        self.function = lib.PROGRESS(self._report)

    def _report(self, progress: Any, _: Any) -> int:
        if self.error:
            return lib.STOP
        try:
            if self.display:
                self.display.show(progress.contents)
        except BaseException as error:  # an exception cannot pass through the library: it is raised after the fit
            self.error = error
            return lib.STOP
        return self.answers[min(self.interrupts, 2)]

    def _on_interrupt(self, *_: Any) -> None:
        self.interrupts += 1
        if self.interrupts == 1 and self.answers[1] == lib.FINISH and sys.stderr is not None:
            sys.stderr.write("\nstopping with the best weights so far; interrupt again to end at once\n")

    def _on_unraisable(self, found: Any) -> None:
        """What a handler of another signal raised before the first line of _report: ctypes would only print it."""
        if found.object == self._report or "ctypes callback" in (found.err_msg or ""):
            self.error = found.exc_value
        else:
            self.hook(found)

    def __enter__(self) -> Watch:
        main = threading.current_thread() is threading.main_thread()
        self.previous = signal.getsignal(signal.SIGINT) if main else None
        self.catches = self.previous not in (None, signal.SIG_IGN)
        if self.catches:
            signal.signal(signal.SIGINT, self._on_interrupt)
        self.main = main
        if main:
            self.hook, sys.unraisablehook = sys.unraisablehook, self._on_unraisable
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self.catches:
            signal.signal(signal.SIGINT, self.previous)
        if self.main:
            sys.unraisablehook = self.hook
        if self.display:
            self.display.close()
        if self.error:
            raise self.error
        if error is None and self.answers[min(self.interrupts, 2)] == lib.STOP:
            raise KeyboardInterrupt("stopped on request")


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within it Ctrl-C in the main thread ends a long call of the library, which does not ask a Watch by itself, and is a
    KeyboardInterrupt."""
    with Watch(False, best_so_far=False) as watch:
        lib.plain("watch", watch.function, None)
        try:
            yield
        finally:
            lib.plain("watch", lib.PROGRESS(), None)
