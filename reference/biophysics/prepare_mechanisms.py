#!/usr/bin/env python3
"""Compile the published channel files for NEURON, outside the repository.

    pip install neuron==9.0.2
    pip download --no-deps bmtk==1.2.0
    pip download --no-deps --no-binary :all: bluepyopt==1.14.26
    python prepare_mechanisms.py bmtk-1.2.0-py2.py3-none-any.whl bluepyopt-1.14.26.tar.gz OUT
    python prepare_mechanisms.py bmtk-1.2.0-py2.py3-none-any.whl bluepyopt-1.14.26.tar.gz OUT_BBP --set bbp

Needs gcc and make. OUT receives `mod/` and the compiled library; `make.py --mechanisms OUT` uses it.
Nothing of this belongs in the repository: the channel files are other people's work and stay where they were published.

The set `bbp` is the twelve BluePyOpt files as published. It shares names with the set `allen` (Ca_HVA, Ih, Im and more)
under other formulas or parameter names, so a program loads one of the two.

In the set `allen` two things are changed on the way, both stated in the reference texts of the parameter sets that use these channels:
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


BBP = (*BLUEPYOPT, *"CaDynamics_E2 Ca_HVA Ca_LVAst Ih Im SK_E2 SKv3_1".split())


def allen_sources(wheel):
    """Text of every Allen channel file in the bmtk wheel, by channel name."""
    with zipfile.ZipFile(wheel) as archive:
        members = {PurePosixPath(n).stem: n for n in archive.namelist() if ALLEN_FOLDER in n and n.endswith(".mod")}
        return {name: archive.read(members[name]).decode() for name in ALLEN}


def bluepyopt_sources(archive_path, names):
    """Text of channel files in the BluePyOpt archive, by channel name."""
    sources = {}
    with tarfile.open(archive_path) as archive:
        for member in archive.getmembers():
            path = PurePosixPath(member.name)
            if path.suffix == ".mod" and str(path.parent).endswith(BLUEPYOPT_FOLDER) and path.stem in names:
                sources[path.stem] = archive.extractfile(member).read().decode()
    missing = set(names) - set(sources)
    if missing:
        raise SystemExit(f"{archive_path}: no channel file for {sorted(missing)}")
    return sources


def with_allen_names(sources):
    """The same channels with the Allen name for the conductance."""
    renamed = {}
    for name, text in sources.items():
        text = re.sub(rf"\bg{name}bar\b", "gbar", text)
        renamed[name] = re.sub(rf"\bg{name}\b", "g", text)
    return renamed


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
    parser.add_argument("--set", choices=("allen", "bbp"), default="allen")
    args = parser.parse_args()

    if args.set == "bbp":
        sources = bluepyopt_sources(args.bluepyopt_archive, BBP)
    else:
        sources = allen_sources(args.bmtk_wheel)
        sources |= with_allen_names(bluepyopt_sources(args.bluepyopt_archive, BLUEPYOPT))
        if "if (h2Tau < 0)" not in sources["Kv2like"]:
            sources["Kv2like"] = guard_kv2like(sources["Kv2like"])
    folder = args.out / "mod"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(sources.items()):
        (folder / f"{name}.mod").write_text(text)
    subprocess.run(["nrnivmodl", "mod"], cwd=args.out, check=True)


if __name__ == "__main__":
    main()
