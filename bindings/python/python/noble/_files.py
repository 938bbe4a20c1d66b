"""Files of the package."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

__all__ = ["write"]


def write(path: str | PathLike[str], data: bytes) -> None:
    """To a file beside it first, so that a full disk loses nothing."""
    place = Path(path)
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
