"""Neural operators for neurons.

Simulate a cell as NEURON does, train a Fourier neural operator on a whole family of its models, and ask it for voltage traces,
ensembles and F-I curves. Every physical value's name ends in its unit. What takes a while takes ``progress``, stops at Ctrl-C and
leaves Python's other threads running.

>>> import noble
>>> ensemble = noble.predict(members=3, step_na=[0.1, 0.2])
>>> ensemble["v_mv"].shape
(6, 8584)
"""

from __future__ import annotations

from ._noble import __version__
from .commands import (
    convert,
    evaluate,
    extract,
    fi,
    fit,
    generate,
    interpolate,
    predict,
    reproduce,
    simulate,
    train,
)
from .efel import get_feature_values, get_mean_feature_values
from .errors import FailureError, InputError, NobleError, NobleWarning
from .operators import Network, Operator, fine_tune
from .sweeps import Sweeps

__all__ = [
    "FailureError",
    "InputError",
    "Network",
    "NobleError",
    "NobleWarning",
    "Operator",
    "Sweeps",
    "__version__",
    "convert",
    "evaluate",
    "extract",
    "fi",
    "fine_tune",
    "fit",
    "generate",
    "get_feature_values",
    "get_mean_feature_values",
    "interpolate",
    "predict",
    "reproduce",
    "simulate",
    "train",
]
