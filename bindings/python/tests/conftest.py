"""What tests share: the reference numbers, and the binary that the package must agree with."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def reference_folders() -> list[Path]:
    """Folders of reference numbers: ``NOBLE_REFERENCE`` (default ``../shared/reference``) and the repository's own."""
    given = Path(os.environ.get("NOBLE_REFERENCE", "../shared/reference"))
    places = [given if given.is_absolute() else ROOT / given, ROOT / "reference"]
    return [place for place in places if place.is_dir()]


@pytest.fixture
def noble_binary(tmp_path: Path) -> Callable[..., str]:
    """Runs the binary in a folder of its own and gives its stdout."""
    given = os.environ.get("NOBLE_BINARY")
    places = [Path(given)] if given else [ROOT / "target" / kind / "noble" for kind in ("debug", "release")]
    binary = next((place for place in places if place.is_file()), None)
    if binary is None:
        pytest.fail(f"there is no binary at {places}; build it with cargo build")

    def run(*words: str) -> str:
        done = subprocess.run([binary, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout

    return run
