#!/usr/bin/env python3
"""Compile the published channel files for NEURON, outside the repository.

    pip install neuron==9.0.2
    pip download --no-deps bmtk==1.2.0
    pip download --no-deps --no-binary :all: bluepyopt==1.14.26
    python prepare_mechanisms.py bmtk-1.2.0-py2.py3-none-any.whl bluepyopt-1.14.26.tar.gz OUT

Needs gcc and make. OUT receives `mod/` and the compiled library; `make.py --mechanisms OUT` uses it.
Nothing of this belongs in the repository: the channel files are other people's work and stay where they were published.

Two things are changed on the way, both stated in the reference texts of the parameter sets that use these channels:
- the BluePyOpt files name their conductance `g<NAME>bar`; Allen parameter files call it `gbar` in every channel;
- `Kv2like`: the second inactivation time constant turns negative below about -119 mV; it is replaced by 0.001 ms there.
"""

import argparse
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

ALLEN_FOLDER = "modfiles"
ALLEN = (
    "CaDynamics Ca_HVA Ca_LVA Ih Im Im_v2 K_P K_T Kd Kv2like Kv3_1 NaTa NaTs NaV Nap SK"
).split()
BLUEPYOPT_FOLDER = "l5pc/mechanisms"
BLUEPYOPT = "K_Pst K_Tst NaTa_t NaTs2_t Nap_Et2".split()


def allen_sources(wheel):
    """Text of every Allen channel file in the bmtk wheel, by channel name."""
    with zipfile.ZipFile(wheel) as archive:
        members = {PurePosixPath(n).stem: n for n in archive.namelist() if ALLEN_FOLDER in n and n.endswith(".mod")}
        return {name: archive.read(members[name]).decode() for name in ALLEN}


def bluepyopt_sources(archive_path):
    """Text of the five further channels, with the Allen name for the conductance."""
    sources = {}
    with tarfile.open(archive_path) as archive:
        for member in archive.getmembers():
            path = PurePosixPath(member.name)
            if path.suffix == ".mod" and str(path.parent).endswith(BLUEPYOPT_FOLDER) and path.stem in BLUEPYOPT:
                text = archive.extractfile(member).read().decode()
                text = re.sub(rf"\bg{path.stem}bar\b", "gbar", text)
                sources[path.stem] = re.sub(rf"\bg{path.stem}\b", "g", text)
    missing = set(BLUEPYOPT) - set(sources)
    if missing:
        raise SystemExit(f"{archive_path}: no channel file for {sorted(missing)}")
    return sources


def guard_kv2like(text):
    """Append the floor of the second inactivation time constant after its formula."""
    lines = text.splitlines()
    places = [i for i, line in enumerate(lines) if re.match(r"\s*h2Tau\s*=", line)]
    if len(places) != 1:
        raise SystemExit("Kv2like: expected one formula of h2Tau")
    lines.insert(places[0] + 1, "\t\tif (h2Tau < 0) { h2Tau = 0.001 }")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bmtk_wheel", type=Path)
    parser.add_argument("bluepyopt_archive", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()

    sources = allen_sources(args.bmtk_wheel) | bluepyopt_sources(args.bluepyopt_archive)
    if "if (h2Tau < 0)" not in sources["Kv2like"]:
        sources["Kv2like"] = guard_kv2like(sources["Kv2like"])
    folder = args.out / "mod"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(sources.items()):
        (folder / f"{name}.mod").write_text(text)
    subprocess.run(["nrnivmodl", "mod"], cwd=args.out, check=True)


if __name__ == "__main__":
    main()
