#!/usr/bin/env python3
"""NWB files of our own, and what h5py reads of them.

    pip install pynwb==4.2.0 hdmf==6.2.0 h5py==3.16.0 numpy==2.4.6
    python make_nwb.py                # writes nwb/*.nwb, samples.json, sweeps.csv and refused.json

Every file pairs responses and stimuli in another way and stores them in another form; values are closed forms. `latest.nwb`
is a file copied with h5py's newest file format, which stores groups, attributes and chunks in other structures.
Identifiers are drawn anew in every run: the files differ in them, the numbers do not.
"""

import csv
import json
import warnings
from datetime import datetime, timezone
from pathlib import Path

import h5py
import numpy as np
from hdmf.backends.hdf5 import H5DataIO
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.icephys import (
    CurrentClampSeries,
    CurrentClampStimulusSeries,
    IZeroClampSeries,
    VoltageClampSeries,
    VoltageClampStimulusSeries,
)

HERE = Path(__file__).resolve().parent / "nwb"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
N, FIRST, END = 480, 120, 320
INDICES = (2, 9, 10, 11)


def volts(n, seed):
    """Millivolts in whole numbers of a hundredth, as int16."""
    t = np.arange(n)
    return np.rint(-6500 + 700 * np.sin(t / (11.0 + seed)) + 30 * seed).astype(np.int16)


def amperes(n, picoamperes, first=FIRST, end=END):
    current = np.zeros(n, dtype=np.float32)
    current[first:end] = picoamperes * 1e-12
    return current


def new(name):
    file = NWBFile(session_description="closed forms", identifier=name, session_start_time=START)
    device = file.create_device(name="amplifier")
    return file, [file.create_icephys_electrode(name=f"electrode {i}", description="pipette", device=device) for i in (0, 1)]


def save(file, name):
    with NWBHDF5IO(str(HERE / name), "w") as io:
        io.write(file)


def packed(data):
    """Where that makes the file smaller: the index of chunks takes 2 kB."""
    is_small = isinstance(data, H5DataIO) or data.nbytes < 4000
    return data if is_small else H5DataIO(data, compression="gzip", shuffle=True)


def response(name, data, electrode, kind=CurrentClampSeries, **more):
    more = {"conversion": 1e-5, "rate": 20000.0, "gain": 1.0, **more}
    if kind is IZeroClampSeries:
        more.pop("bias_current", None)
    return kind(name=name, data=data, electrode=electrode, **more)


def stimulus(name, data, electrode, kind=CurrentClampStimulusSeries, **more):
    return kind(name=name, data=packed(data), electrode=electrode, **{"rate": 20000.0, "gain": 1.0, **more})


def table_file():
    """Rows of the table, one response of two sweeps, integers with offset in several chunks, shuffled and checked."""
    file, (electrode, _) = new("table")
    for i, level in enumerate((-50.0, 0.0, 50.0)):
        data = H5DataIO(volts(N, i), compression="gzip", shuffle=True, fletcher32=True, chunks=(200,))
        r = response(f"r{7 - i}", data, electrode, conversion=1e-5, offset=0.002, starting_time=2.0 * i)
        s = stimulus(f"q{i}", amperes(N, level), electrode, starting_time=2.0 * i)
        file.add_intracellular_recording(electrode=electrode, response=r, stimulus=s)
    both = np.concatenate([volts(N, 5), volts(N, 6)])
    r = response("two", both, electrode)
    s = stimulus("two sweeps", np.concatenate([amperes(N, 70.0), amperes(N, 90.0)]), electrode)
    for first in (0, N):
        file.add_intracellular_recording(
            electrode=electrode, response=r, response_start_index=first, response_index_count=N,
            stimulus=s, stimulus_start_index=first, stimulus_index_count=N)
    alone = response("alone", volts(N, 8), electrode)
    file.add_intracellular_recording(electrode=electrode, response=alone)
    save(file, "table.nwb")


def numbers_file():
    """Sweep numbers on two electrodes, time stamps, other clamp modes, units and lengths that do not fit."""
    file, electrodes = new("numbers")
    for i in range(2):
        for e, electrode in enumerate(electrodes):
            more = {"sweep_number": np.uint64(i)}
            stamps = {"timestamps": packed(5.0 + np.arange(N) / 20000.0), "rate": None} if e == 1 else {}
            file.add_acquisition(response(f"v{i}e{e}", volts(N, i + e), electrode, **more, **stamps))
            file.add_stimulus(stimulus(f"c{i}e{e}", amperes(N, 20.0 * (i + 1) * (1 + e)), electrode, **more))
    electrode = electrodes[0]
    file.add_acquisition(response("zero", volts(N, 3), electrode, IZeroClampSeries, sweep_number=np.uint64(10)))
    file.add_acquisition(response("clamped", volts(N, 3), electrode, VoltageClampSeries, sweep_number=np.uint64(11)))
    file.add_stimulus(stimulus("command", volts(N, 3), electrode, VoltageClampStimulusSeries, sweep_number=np.uint64(11)))
    stamps = np.arange(N) / 20000.0
    stamps[300] += 1e-5
    more = {"rate": None, "timestamps": packed(stamps), "sweep_number": np.uint64(12)}
    file.add_acquisition(response("uneven", volts(N, 3), electrode, **more))
    file.add_acquisition(response("short", volts(N, 3), electrode, sweep_number=np.uint64(13)))
    file.add_stimulus(stimulus("c13", amperes(400, 10.0), electrode, sweep_number=np.uint64(13)))
    file.add_stimulus(stimulus("c14", amperes(400, 10.0), electrode, sweep_number=np.uint64(14)))
    file.add_acquisition(TimeSeries(name="temperature", data=np.ones(10), unit="celsius", rate=1.0))
    save(file, "numbers.nwb")
    with h5py.File(HERE / "numbers.nwb", "a") as f:
        f["acquisition/zero/data"].attrs["unit"] = "volts"
        f.copy("acquisition/v0e0", "acquisition/odd")
        f["acquisition/odd/data"].attrs["unit"] = "bananas"
        f["acquisition/odd"].attrs["sweep_number"] = np.uint64(15)


def names_file():
    """Only names pair; numbers that text would sort wrongly; float32 volts; stimuli at half the rate; a bias current."""
    file, (electrode, _) = new("names")
    for i in INDICES:
        data = packed((volts(N, i) * 1e-5).astype(np.float32))
        file.add_acquisition(response(f"ic__Step__{i}", data, electrode, conversion=1.0, bias_current=5e-12))
        file.add_stimulus(stimulus(f"ics__Step__{i}", amperes(N // 2, 10.0 * i - 40.0, FIRST // 2, END // 2), electrode, rate=10000.0))
    save(file, "names.nwb")


def links_file():
    """Data shared along a soft link, a stimulus among the responses, a series in another file, and numbers that end in NaN."""
    file, (electrode, _) = new("links")
    file.add_acquisition(response("sweep_1_a", volts(N, 1), electrode))
    file.add_stimulus(stimulus("sweep_1_s", amperes(N, 30.0), electrode))
    padded = np.concatenate([volts(380, 2) * 1e-5, np.full(100, np.nan)])
    file.add_acquisition(response("sweep_2_a", padded, electrode, conversion=1.0))
    file.add_stimulus(stimulus("sweep_2_s", amperes(N, 60.0), electrode))
    save(file, "links.nwb")
    with h5py.File(HERE / "links.nwb", "a") as f:
        f.copy("acquisition/sweep_1_a", "acquisition/sweep_3_a")
        f.copy("stimulus/presentation/sweep_1_s", "stimulus/presentation/sweep_3_s")
        del f["acquisition/sweep_3_a/data"]
        f["acquisition/sweep_3_a/data"] = h5py.SoftLink("/acquisition/sweep_1_a/data")
        f["acquisition/sweep_3_s"] = f["stimulus/presentation/sweep_3_s"]
        del f["stimulus/presentation/sweep_3_s"]
        f["acquisition/alias_9_a"] = h5py.SoftLink("/acquisition/sweep_1_a")
        f["acquisition/outside"] = h5py.ExternalLink("names.nwb", "/acquisition/ic__Step__2")


def latest_file():
    """Chunks of one element, some, and all; packed or not; an axis without a largest size; many attributes and many links, which lead nowhere."""
    with h5py.File(HERE / "names.nwb") as source, h5py.File(HERE / "latest.nwb", "w", libver="latest") as target:
        rebuild(source, target)
        for group, member in (("acquisition", "ic__Step__"), ("stimulus/presentation", "ics__Step__")):
            for i in INDICES:
                series = target[f"{group}/{member}{i}"]
                values, attributes = series["data"][:], dict(series["data"].attrs)
                del series["data"]
                chunks = (1,) if i == 9 else (200,) if i % 2 else (values.size,)
                packed = {"compression": "gzip", "shuffle": True} if i % 3 else {}
                more = {"maxshape": (None,)} if i == 11 else {}
                chunks = (1,) if i == 11 else chunks
                new_data = series.create_dataset("data", data=values, chunks=chunks, **packed, **more)
                for key, value in attributes.items():
                    new_data.attrs[key] = value
                for k in range(12 if i == 2 else 0):
                    new_data.attrs[f"more_{k}"] = k
        for k in range(60):
            target[f"acquisition/gone_{k}"] = h5py.SoftLink(f"/processing/gone_{k}")


def stored_file():
    """A single row in chunks, arrays that grow and were written in part, one never written, one in another file."""
    with h5py.File(HERE / "stored.nwb", "w", libver=("v108", "v108")) as f:
        f.attrs["nwb_version"] = np.bytes_("2.4.0")

        def series(folder, name, unit, conversion, **data):
            group = f.create_group(f"{folder}/{name}")
            is_voltage = folder == "acquisition"
            group.attrs["neurodata_type"] = np.bytes_("CurrentClampSeries" if is_voltage else "CurrentClampStimulusSeries")
            array = group.create_dataset("data", **data)
            array.attrs["unit"], array.attrs["conversion"] = np.bytes_(unit), conversion
            group.create_dataset("starting_time", data=0.0).attrs["rate"] = 20000.0
            return array

        growing = {"shape": (N,), "maxshape": (None,), "chunks": (100,)}
        series("acquisition", "row_a", "volts", 1e-5, data=volts(N, 1)[None, :], chunks=(1, 200), maxshape=(1, None))
        series("stimulus/presentation", "row_s", "amperes", 1.0, data=amperes(N, 40.0)[None, :])
        series("acquisition", "grown_a", "volts", 1e-5, dtype="i2", **growing)[:400] = volts(400, 2)
        series("stimulus/presentation", "grown_s", "amperes", 1.0, data=amperes(N, 50.0))
        series("acquisition", "filled_a", "volts", 1e-5, dtype="i2", fillvalue=-6000, **growing)[:400] = volts(400, 3)
        series("acquisition", "never", "volts", 1e-5, shape=(N,), dtype="i2")
        series("acquisition", "outside", "volts", 1e-5, shape=(N,), dtype="i2", external=[("elsewhere.bin", 0, 2 * N)])


def values(file, path, unit):
    data = file[path]["data"]
    return (data[:].astype(np.float64) * data.attrs["conversion"] + data.attrs.get("offset", 0.0)) * unit


# file, series, response path, stimulus path or None, slice, step in nA or None, samples between two currents
def cases():
    for i, level in enumerate((-0.05, 0.0, 0.05)):
        yield "table.nwb", f"r{7 - i}", f"r{7 - i}", f"q{i}", slice(None), level, 1
    yield "table.nwb", "two[0]", "two", "two sweeps", slice(0, N), 0.07, 1
    yield "table.nwb", "two[480]", "two", "two sweeps", slice(N, 2 * N), 0.09, 1
    yield "table.nwb", "alone", "alone", None, slice(None), None, 1
    for i in range(2):
        for e in range(2):
            yield "numbers.nwb", f"v{i}e{e}", f"v{i}e{e}", f"c{i}e{e}", slice(None), 0.02 * (i + 1) * (1 + e), 1
    yield "numbers.nwb", "short", "short", None, slice(None), None, 1
    yield "stored.nwb", "row_a", "row_a", "row_s", slice(None), 0.04, 1
    yield "stored.nwb", "grown_a", "grown_a", "grown_s", slice(0, 400), 0.05, 1
    yield "stored.nwb", "filled_a", "filled_a", None, slice(None), None, 1
    yield "numbers.nwb", "zero", "zero", None, slice(None), None, 1
    for i in INDICES:
        yield "latest.nwb", f"ic__Step__{i}", f"ic__Step__{i}", f"ics__Step__{i}", slice(None), round(0.01 * i - 0.04, 6), 2
    for series, source, stim, level in ((1, 1, 1, 0.03), (2, 2, 2, 0.06), (3, 1, 3, 0.03)):
        rows = slice(0, 380) if series == 2 else slice(None)
        yield "links.nwb", f"sweep_{series}_a", f"sweep_{source}_a", f"sweep_{stim}_s", rows, level, 1
    yield "links.nwb", "alias_9_a", "sweep_1_a", None, slice(None), None, 1


REFUSED = {
    "numbers.nwb|clamped": "wrong clamp mode",
    "numbers.nwb|uneven": "irregular time stamps",
    "stored.nwb|never": "never written",
    "stored.nwb|outside": "external storage",
    "numbers.nwb|c14": "without a response",
    "numbers.nwb|odd": "bananas",
    "links.nwb|outside": "another file",
}


def tables():
    samples, rows = {}, []
    for file, series, path, stim, part, level, hold in cases():
        with h5py.File(HERE / file) as f:
            v = values(f, f"acquisition/{path}", 1e3).ravel()[part]
            entry = {"n": v.size, "sum_mV": v.sum(), "min_mV": v.min(), "max_mV": v.max(), "first5_mV": v[:5].tolist(),
                     "stim_nA": "none"}
            if stim:
                folder = "acquisition" if stim in f["acquisition"] else "stimulus/presentation"
                c = np.repeat(values(f, f"{folder}/{stim}", 1e9), hold)[part]
                entry["stim_nA"] = {str(i): c[i] for i in (0, FIRST - 1, FIRST, FIRST + 1, END - 1, END, v.size - 1)}
        samples[f"{file}|{series}"] = entry
        first, end = (FIRST, END) if level is not None else ("", "")
        rows.append([file, series, 20000.0, v.size, first, end, "" if level is None else level])
    with open(HERE / "sweeps.csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["file", "series", "rate_hz", "samples", "stim_first_sample", "stim_end_sample", "stim_nA"])
        w.writerows(rows)
    (HERE / "samples.json").write_text(json.dumps(samples) + "\n")
    (HERE / "refused.json").write_text(json.dumps(REFUSED, indent=1) + "\n")


def strip():
    """Leaves the cached schema out, which is larger than the data.

    `links.nwb` keeps the format that pynwb writes; the others are built anew in that of HDF5 1.8, with smaller groups.
    """
    for name in ("links.nwb", "table.nwb", "numbers.nwb"):
        new_path = HERE / "new"
        with h5py.File(HERE / name) as source:
            if name == "links.nwb":
                with h5py.File(new_path, "w") as target:
                    for key, value in source.attrs.items():
                        if key != ".specloc":
                            target.attrs[key] = value
                    for key in source:
                        if key != "specifications":
                            source.copy(source[key], target, name=key, expand_refs=False)
            else:
                with h5py.File(new_path, "w", libver=("v108", "v108")) as target:
                    rebuild(source, target)
                    refer(source, target)
        new_path.rename(HERE / name)


def rebuild(source, target):
    """Copies a group into another format; texts get a fixed size, which needs no heap of 4 kB."""
    fix_attributes(source, target)
    for key in source:
        link = source.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            target[key] = link
        elif isinstance(source[key], h5py.Group):
            if key != "specifications":
                rebuild(source[key], target.create_group(key))
        elif source[key].dtype.kind == "O":
            if h5py.check_string_dtype(source[key].dtype):
                fixed = np.bytes_(source[key].asstr()[()]) if source[key].shape == () else source[key][()].astype("S")
                fix_attributes(source[key], target.create_dataset(key, data=fixed))
        else:
            old = source[key]
            packing = {"chunks": old.chunks, "compression": old.compression, "shuffle": old.shuffle, "fletcher32": old.fletcher32}
            data = np.empty(old.shape, old.dtype) if old.dtype.fields else old[()]
            new_data = target.create_dataset(key, data=data, **(packing if old.chunks and not old.dtype.fields else {}))
            fix_attributes(old, new_data)


def fix_attributes(source, target):
    for key, value in source.attrs.items():
        if isinstance(value, str):
            target.attrs[key] = np.bytes_(value)
        elif np.asarray(value).dtype.kind in "iuf":
            target.attrs[key] = value


def refer(source, target):
    """The references of the table, which hold addresses of the file."""
    for column in ("responses/response", "stimuli/stimulus"):
        path = f"general/intracellular_ephys/intracellular_recordings/{column}"
        if path in source:
            rows = source[path][:]
            for i, row in enumerate(source[path][:]):
                rows[i] = (row[0], row[1], target[source[row[2]].name].ref)
            target[path][:] = rows


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    HERE.mkdir(exist_ok=True)
    table_file()
    numbers_file()
    names_file()
    links_file()
    strip()
    stored_file()
    latest_file()
    (HERE / "names.nwb").unlink()
    tables()
