"""Exceptions; their words are the program's, what is wrong and then what to do."""

from __future__ import annotations

__all__ = ["FailureError", "InputError", "NobleError", "NobleWarning"]


class NobleError(Exception):
    """Any error of the package."""

    @property
    def what(self) -> str:
        """What is wrong."""
        return str(self).rpartition("; ")[0] or str(self)

    @property
    def remedy(self) -> str:
        """What to do about it; empty where the words say no more."""
        what, _, remedy = str(self).rpartition("; ")
        return remedy if what else ""


class InputError(NobleError, ValueError):
    """Something given is wrong; the program would exit with 2."""


class FailureError(NobleError, RuntimeError):
    """We or the machine failed; the program would exit with 1."""


class NobleWarning(UserWarning):
    """Something that deserves a look."""
