#!/usr/bin/env python3
"""ABF files of our own, and what pyABF reads of them.

    pip install pyabf==2.3.8 numpy==2.4.6
    python make_abf.py                # writes abf/*.abf, samples.json, sweeps.csv and refused.json

Both headers are written field by field below, with protocols that use every kind of epoch. Voltages are closed forms. The
numbers in samples.json are pyABF's `sweepY` and `sweepC`; windows in sweeps.csv follow from the protocol. The holding level of
ABF 1 equals the level of the first epoch, because pyABF takes it from there.
"""

import csv
import json
import struct
import warnings
from pathlib import Path

import numpy as np
import pyabf
import pyabf.abfWriter

HERE = Path(__file__).resolve().parent / "abf"
BLOCK = 512
VOLTAGE_CLAMP, CURRENT_CLAMP = 0, 1
STEP, RAMP, PULSE, TRIANGLE, COSINE, BIPHASIC = 1, 2, 3, 4, 5, 7


def voltage(n_sweeps, n_channels, n_samples):
    """Whole numbers that fit 16 bits, `[sweep, channel, sample]`."""
    t = np.arange(n_samples)
    wave = [[-7000 + 900 * np.sin(t / (9.0 + s)) - 300 * c + 40 * s for c in range(n_channels)] for s in range(n_sweeps)]
    return np.rint(wave).astype(np.int16)


def multiplexed(data):
    return np.transpose(data, (0, 2, 1)).ravel()


class Fields(bytearray):
    def put(self, offset, kind, *values):
        struct.pack_into("<" + kind, self, offset, *values)


def pad(data):
    return bytes(data) + bytes(-len(data) % BLOCK)


def write_v1(name, data, channels, outputs, mode=5, interval=50.0, epochs=()):
    """ABF 1.83; channels (name, unit, scale, offset, telegraph gain or None) sit on inputs 0, 2, 4 ..."""
    head = Fields(6144)
    head.put(0, "4sfh", b"ABF ", 1.83, mode)
    n_sweeps, n_channels, _ = data.shape
    head.put(10, "i", data.size)
    head.put(16, "i", n_sweeps if mode == 5 else 0)
    head.put(40, "i", 12)
    head.put(100, "h", 0)
    head.put(120, "hf", n_channels, interval / n_channels)
    head.put(138, "i", data.shape[2] * n_channels)
    head.put(244, "ff", 10.0, 10.0)
    head.put(252, "ii", 32768, 32768)
    for i in range(16):
        head.put(378 + 2 * i, "h", i)
        head.put(410 + 2 * i, "h", 2 * i if i < n_channels else -1)
        for offset in (730, 922, 1050):
            head.put(offset + 4 * i, "f", 1.0)
    for i, (label, unit, scale, shift, telegraph) in enumerate(channels):
        j = 2 * i
        head.put(442 + 10 * j, "10s", label.encode().ljust(10))
        head.put(602 + 8 * j, "8s", unit.encode().ljust(8))
        head.put(922 + 4 * j, "f", scale)
        head.put(986 + 4 * j, "f", shift)
        head.put(1114 + 4 * j, "f", 2 * shift)
        if telegraph:
            head.put(4512 + 2 * j, "h", 1)
            head.put(4576 + 4 * j, "f", telegraph)
            head.put(4768 + 2 * j, "h", CURRENT_CLAMP)
    for i, (label, unit, holding, enable, source, keep) in enumerate(outputs):
        head.put(1306 + 10 * i, "10s", label.encode().ljust(10))
        head.put(1346 + 8 * i, "8s", unit.encode().ljust(8))
        head.put(1394 + 4 * i, "f", holding)
        if i < 2:
            head.put(2296 + 2 * i, "h", enable)
            head.put(2300 + 2 * i, "h", source)
            head.put(2304 + 2 * i, "h", keep)
    for i, (kind, level, more, length, longer) in enumerate(epochs):
        head.put(2308 + 2 * i, "h", kind)
        head.put(2348 + 4 * i, "f", level)
        head.put(2428 + 4 * i, "f", more)
        head.put(2508 + 4 * i, "i", length)
        head.put(2588 + 4 * i, "i", longer)
    (HERE / name).write_bytes(bytes(head) + pad(multiplexed(data).astype("<i2").tobytes()))


def write_v2(name, data, channels, outputs, epochs=(), mode=5, interval=50.0, lengths=None, user_list=False, clamp=CURRENT_CLAMP):
    """ABF 2.6; `data` is `[sweep, channel, sample]`, or one multiplexed array with `lengths` of its pieces.

    channels: (name, unit, scale, offset, telegraph gain or None); outputs: (name, unit, holding, enable, source, keep);
    epochs: (output, kind, level, more, length, longer, period, width).
    """
    texts = [""]

    def text(string):
        texts.append(string)
        return len(texts) - 1

    protocol = Fields(512)
    protocol.put(0, "hf", mode, interval)
    protocol.put(110, "ffii", 10.0, 10.0, 32768, 32768)
    adc = []
    for i, (label, unit, scale, shift, telegraph) in enumerate(channels):
        entry = Fields(128)
        entry.put(0, "hhhf", i, int(telegraph is not None), 24, telegraph or 1.0)
        entry.put(18, "h", clamp)
        entry.put(28, "f", 1.0)
        entry.put(40, "ffff", scale, shift, 1.0, 2 * shift)
        entry.put(74, "ii", text(label), text(unit))
        adc.append(entry)
    dac = []
    for i, (label, unit, holding, enable, source, keep) in enumerate(outputs):
        entry = Fields(256)
        entry.put(0, "hh", i, 0)
        entry.put(12, "f", holding)
        entry.put(24, "ii", text(label), text(unit))
        entry.put(40, "hhh", enable, source, keep)
        dac.append(entry)
    table, digital = [], []
    for i, (output, kind, level, more, length, longer, period, width) in enumerate(epochs):
        entry = Fields(48)
        entry.put(0, "hhhffiiii", i, output, kind, level, more, length, longer, period, width)
        table.append(entry)
        digital.append(Fields(32))
    users = []
    if user_list:
        entry = Fields(64)
        entry.put(0, "hhhh", 0, 1, 12, 0)
        users.append(entry)
    blob = Fields(44)
    samples = data if lengths is not None else multiplexed(data)
    kind = 1 if samples.dtype == np.float32 else 0
    n_sweeps = len(lengths) if lengths is not None else data.shape[0]
    pieces = lengths if lengths is not None else [data[0].size] * n_sweeps
    sync, start = [], 0
    for length in pieces:
        entry = Fields(8)
        entry.put(0, "ii", start, length)
        sync.append(entry)
        start += length
    strings = bytes(blob) + b"\0".join(t.encode() for t in texts[1:]) + b"\0"
    blob[:12] = struct.pack("<4sII", b"SSCH", 1, len(texts) - 1)
    strings = bytes(blob) + strings[44:]
    head = Fields(BLOCK)
    head.put(0, "4s4B", b"ABF2", 0, 0, 6, 2)
    head.put(8, "III", BLOCK, n_sweeps if mode != 3 else 0, 20260101)
    head.put(28, "HH", 1, kind)
    body, at = b"", 1
    sections = ((76, [protocol]), (92, adc), (108, dac), (124, digital), (156, table), (172, users), (220, [strings]))
    for offset, entries in (*sections, (236, None), (316, sync)):
        raw = samples.tobytes() if entries is None else b"".join(bytes(e) for e in entries)
        size = samples.dtype.itemsize if entries is None else (len(entries[0]) if entries else 0)
        count = samples.size if entries is None else len(entries)
        head.put(offset, "IIi", at if count else 0, size, count)
        body += pad(raw)
        at += len(pad(raw)) // BLOCK
    (HERE / name).write_bytes(bytes(head) + body)


def write_files():
    vm, im = ("Vm", "mV", 0.01, 1.5, None), ("Im", "pA", 0.001, 0.0, 5.0)
    command = ("Cmd 0", "pA", 0.0, 1, 1, 0)
    idle = ("Cmd 1", "mV", 0.0, 0, 0, 0)
    write_v1("v1_steps.abf", voltage(3, 2, 900), [("Vm", "mV", 0.01, 1.5, 2.0), im], [("Cmd 0", "pA", -20.0, 1, 1, 1), idle],
             epochs=[(STEP, -20, 0, 200, 0), (STEP, -60, 60, 400, 20), (RAMP, 40, 0, 100, 0), (STEP, -20, 0, 100, 0)])
    write_v1("v1_gapfree.abf", voltage(1, 1, 1100), [("Vm", "V", 10.0, 0.0, None)], [("Cmd 0", "nA", 0.0, 0, 0, 0)],
             mode=3, interval=100.0)
    kinds = [(0, STEP, -20, 0, 100, 0, 0, 0), (0, RAMP, 80, 20, 200, 10, 0, 0), (0, 0, 99, 0, 500, 0, 0, 0),
             (0, PULSE, 50, 10, 210, 0, 50, 20), (0, TRIANGLE, -40, 0, 120, 0, 40, 10), (0, COSINE, 60, 0, 160, 0, 80, 0),
             (0, BIPHASIC, 30, 5, 150, 0, 50, 20), (0, STEP, 10, 10, 200, 0, 0, 0)]
    write_v2("v2_epochs.abf", (voltage(3, 1, 1250) / np.float32(100)).astype(np.float32), [vm],
             [("Cmd 0", "pA", -20.0, 1, 1, 0)], kinds)
    step = [(0, STEP, 0, 0, 100, 0, 0, 0), (0, STEP, -100, 100, 300, 0, 0, 0)]
    write_v2("v2_two_cells.abf", voltage(3, 2, 640), [vm, ("Vm2", "mV", 0.01, 0.0, 5.0)], [command, ("Cmd 1", "nA", 0.0, 1, 1, 0)],
             step + [(1, STEP, 0, 0, 200, 0, 0, 0), (1, STEP, 0.1, 0.05, 200, 0, 0, 0)])
    write_v2("v2_monitor.abf", voltage(2, 2, 640), [im, vm], [("Cmd 0", "pA", 0.0, 1, 2, 0), idle])
    write_v2("v2_user_list.abf", voltage(2, 1, 640), [vm], [command], step, user_list=True)
    write_v2("v2_uneven.abf", voltage(1, 1, 900)[0, 0], [vm], [command], step, mode=1, lengths=[200, 300, 400])
    write_v2("v2_voltage_clamp.abf", voltage(2, 2, 640), [im, vm], [("Cmd 0", "mV", -70.0, 1, 1, 0)], step,
             clamp=VOLTAGE_CLAMP)
    write_v2("v2_temperature.abf", voltage(2, 1, 640), [("Temp", "C", 0.01, 0.0, None)], [command], step)
    pyabf.abfWriter.writeABF1(voltage(4, 1, 640)[:, 0] / 100.0, str(HERE / "v1_written.abf"), 20000, units="mV")


# The first sample of a ramp still has the level before it.
# file, channel, window of the step per sweep (or None), current: pyABF's (True), none (False) or not compared (None)
TABLE = [
    ("v1_steps.abf", 0, [(214, 615), (214, 635), (214, 655)], True),
    ("v1_gapfree.abf", 0, [None], True),
    ("v2_epochs.abf", 0, None, True),
    ("v2_two_cells.abf", 0, [(110, 410)] * 3, True),
    ("v2_two_cells.abf", 1, [(210, 410)] * 3, True),
    ("v2_monitor.abf", 1, None, None),
    ("v2_user_list.abf", 0, [None] * 2, False),
    ("v2_uneven.abf", 0, [None] * 3, False),
    ("v1_written.abf", 0, [None] * 4, False),
]
REFUSED = {
    "v2_voltage_clamp.abf|sweep 0 channel 0": "wrong clamp mode",
    "v2_voltage_clamp.abf|sweep 1 channel 1": "wrong clamp mode",
    "v2_temperature.abf|sweep 0 channel 0": "neither voltage nor current",
}


def tables():
    samples, rows = {}, []
    for file, channel, windows, current in TABLE:
        abf = pyabf.ABF(str(HERE / file))
        to_mv = {"mV": 1.0, "V": 1e3}[abf.adcUnits[channel]]
        for s in abf.sweepList:
            abf.setSweep(s, channel)
            v = abf.sweepY.astype(np.float64) * to_mv
            entry = {"n": v.size, "sum_mV": v.sum(), "min_mV": v.min(), "max_mV": v.max(), "first5_mV": v[:5].tolist()}
            if v.size > 1000:
                entry["at_1000_mV"] = v[1000]
            to_na = {"pA": 1e-3, "nA": 1.0}.get(abf.sweepUnitsC)
            if current:
                c = np.asarray(abf.sweepC, dtype=np.float64) * to_na
                entry["stim_nA"] = {str(i): c[i] for i in range(0, v.size, 7)}
            elif current is False:
                entry["stim_nA"] = "none"
            name = f"sweep {s} channel {channel}"
            samples[f"{file}|{name}"] = entry
            if windows:
                window = windows[s]
                first, end = window or ("", "")
                amplitude = round(float(c[(first + end) // 2]), 6) if window else ""
                rows.append([file, name, float(abf.dataRate), v.size, first, end, amplitude])
    with open(HERE / "sweeps.csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["file", "series", "rate_hz", "samples", "stim_first_sample", "stim_end_sample", "stim_nA"])
        w.writerows(rows)
    (HERE / "samples.json").write_text(json.dumps(samples) + "\n")
    (HERE / "refused.json").write_text(json.dumps(REFUSED, indent=1) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    HERE.mkdir(exist_ok=True)
    write_files()
    tables()
