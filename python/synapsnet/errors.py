"""What can go wrong. Every exception carries one line that says what was found, what was expected and what to do."""

from __future__ import annotations


class SynapsNetError(Exception):
    """The base of all exceptions of this package."""


class OptionError(SynapsNetError, ValueError):
    """A parameter is unknown or out of range."""


class InputError(SynapsNetError, ValueError):
    """A file or an array does not hold what is expected."""


class InputTypeError(SynapsNetError, TypeError):
    """An argument is of a kind that cannot be read as a recording."""


class FileError(SynapsNetError, OSError):
    """A file could not be read or written."""


class OutOfMemoryError(SynapsNetError, MemoryError):
    """Not enough memory."""


class NumericError(SynapsNetError, ArithmeticError):
    """The computation diverged."""


class NotFittedError(SynapsNetError, ValueError, AttributeError):
    """The estimator was used before it was fitted."""


class MissingPackageError(SynapsNetError, ImportError):
    """An optional package is needed and not installed."""


class StoppedEarlyWarning(UserWarning):
    """A fit was stopped on request; the model holds the best weights until then."""


class RecordingWarning(UserWarning):
    """Something about a recording that its user should know."""
