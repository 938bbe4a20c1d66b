#!/usr/bin/env python3
"""Packs what the fuzz targets keep into one file that an ordinary test reads.

    pip install numpy==2.4.6
    cargo +nightly fuzz run nwb -- -merge=1 MERGED fuzz/corpus/nwb      # the same for abf
    python fuzz/pack.py MERGED...

Findings are put beside the corpus before it is merged. Files larger than 6.5 kB are left out.
"""

import sys
from pathlib import Path

import numpy as np

OUT = Path(__file__).resolve().parent.parent / "crates/noble-data/tests/it/damaged_recordings.npz"
MOST_BYTES = 6500

if __name__ == "__main__":
    files = sorted(path for folder in sys.argv[1:] for path in Path(folder).iterdir() if path.stat().st_size <= MOST_BYTES)
    np.savez_compressed(OUT, **{path.name: np.frombuffer(path.read_bytes(), dtype=np.uint8) for path in files})
    print(f"{len(files)} files, {OUT.stat().st_size} bytes")
