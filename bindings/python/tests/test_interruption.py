"""Ctrl-C, other threads, and callbacks that raise."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

import noble

#: Interrupted after a second; each would go on for minutes.
LONG = {
    "simulate": "noble.simulate(members=20, step_na=[0.2] * 400, total_ms=3000, duration_ms=2500)",
    "predict": "noble.predict(members=600, step_na=[0.01 * i for i in range(28)])",
    "fit": "noble.fit(generations=1000, population=200, out=folder + '/own.json')",
    "evaluate": "noble.simulate(members=1, step_na=[0.01 * i for i in range(28)]).save(folder + '/cell.npz');"
    " noble.evaluate(recording=folder + '/cell.npz', members=600, out=folder + '/report')",
    "shared fit": "noble.fit(generations=1000, population=200, map=map, out=folder + '/own.json')",
    "train": "noble.train(dataset=noble.generate(models=list(range(8)), validation_models=1,"
    " test_models=1, traces_per_model=20, out=folder + '/d'),"
    " out=folder + '/own.safetensors')",
}
#: Nothing that was interrupted takes so long.
HANGS_S = 240
SCRIPT = """
import signal, sys, time, threading, os
import noble
# Whoever starts tests in the background may have left the signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
folder = sys.argv[1]
asked = []
def ask():
    asked.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer({after}, ask).start()
try:
    {work}
except KeyboardInterrupt:
    print(time.monotonic() - asked[0])
    sys.exit(0)
print("went on")
sys.exit(3)
"""


@pytest.mark.parametrize("name", LONG)
def test_invariant_ctrl_c_is_honoured(name: str, tmp_path: object) -> None:
    """Within a second on a machine of its own; ten times that is borne here, as others may share it."""
    after = {"train": 6.0, "evaluate": 3.0}.get(name, 1.5)
    script = SCRIPT.format(work=LONG[name], after=after)
    words = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANGS_S)
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"{name}: ended {float(done.stdout):.3f} s after Ctrl-C")
    assert float(done.stdout) < 10.0
    assert done.stderr.count("Traceback") == 0


def test_invariant_other_threads_go_on() -> None:
    n_turns = 0
    is_over = threading.Event()

    def count() -> None:
        nonlocal n_turns
        while not is_over.is_set():
            n_turns += 1
            time.sleep(0.001)

    other = threading.Thread(target=count)
    other.start()
    noble.simulate(members=16, step_na=[0.2, 0.25])
    is_over.set()
    other.join()
    assert n_turns > 10


def test_invariant_errors_of_a_callback_end_the_work() -> None:
    def progress(*_: object) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        noble.simulate(members=16, step_na=[0.2] * 20, progress=progress)
