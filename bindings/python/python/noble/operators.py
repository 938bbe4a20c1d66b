"""Operators and bare networks."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _noble
from ._files import write
from .errors import InputError

__all__ = ["Network", "Operator", "fine_tune"]


def _bytes(path: str | PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; check the path and its permissions") from error


class Operator:
    """A trained operator with all that it needs to answer: weights, scaling, features, time grid, units.

    Without a path the embedded one. It can be copied, pickled and compared.
    """

    def __init__(self, path: str | PathLike[str] | None = None) -> None:
        self.handle = _noble.Operator(None if path is None else _bytes(path))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Operator:
        """The operator of a file."""
        return cls(path)

    @classmethod
    def from_bytes(cls, data: bytes) -> Operator:
        """The operator of the bytes of a file."""
        operator = cls.__new__(cls)
        operator.handle = _noble.Operator(data)
        return operator

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        return self.handle.to_bytes()

    def save(self, path: str | PathLike[str]) -> None:
        """Writes its file, safetensors."""
        write(path, self.to_bytes())

    @property
    def card(self) -> dict[str, Any]:
        """Its header: grid, units, latent features, models, data, recipe and errors."""
        card: dict[str, Any] = json.loads(self.handle.card_json())
        return card

    @property
    def network(self) -> Network:
        """Its network alone."""
        return Network.from_bytes(self.handle.network().to_bytes())

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return (Operator.from_bytes, (self.to_bytes(),))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operator) and self.handle.sha256() == other.handle.sha256()

    def __hash__(self) -> int:
        return hash(self.handle.sha256())

    def __repr__(self) -> str:
        card = self.card
        return f"Operator({len(card['train_models'])} training models, SHA-256 {self.handle.sha256()[:12]})"


class Network:
    """A Fourier neural operator without what its numbers mean, such as `neuraloperator` trains.

    Reads ``.pth`` and ``.safetensors`` state dicts and our ONNX files; nothing in a ``.pth`` file is executed, and PyTorch is not
    needed.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.handle = _noble.Network(_bytes(path))

    @classmethod
    def from_bytes(cls, data: bytes) -> Network:
        """The network of the bytes of a file."""
        network = cls.__new__(cls)
        network.handle = _noble.Network(data)
        return network

    def to_bytes(self) -> bytes:
        """The bytes of a safetensors file, which `neuraloperator` reads."""
        return self.handle.to_bytes()

    def save(self, path: str | PathLike[str]) -> None:
        """Writes a safetensors file."""
        write(path, self.to_bytes())

    @property
    def architecture(self) -> dict[str, int]:
        """``in_channels``, ``hidden_channels``, ``layers``, ``modes``."""
        return self.handle.architecture()

    @property
    def parameters(self) -> NDArray[np.float32]:
        """All parameters, flat, in the order of the state dict; complex ones as pairs."""
        return self.handle.values()

    def forward(self, x: ArrayLike, *, threads: int | None = None) -> NDArray[np.float32]:
        """``y [b, 1, t]`` of ``x [b, c, t]``, single precision; the network adds its grid channel itself."""
        array = np.asarray(x)
        if array.ndim != 3 or array.dtype.kind not in "fiu":
            raise InputError(f"x is {array.dtype} of shape {list(array.shape)}; give real numbers [b, c, t]")
        return self.handle.forward(np.ascontiguousarray(array, dtype=np.float32), threads)

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return (Network.from_bytes, (self.to_bytes(),))


def fine_tune(*, operator: Operator | str | PathLike[str] | None = None, **options: Any) -> Operator:
    """Tunes an operator, the embedded one without a name, on the features in ``feature_weights``.

    Every other option is one of :func:`noble.train`.
    """
    from .commands import train

    return train(from_=True if operator is None else operator, **options)
