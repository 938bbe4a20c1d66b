"""Commands of the `noble` program as functions.

Written by `cargo run --package noble --example python_commands`; not by hand. Names, units, defaults and checks are the command
line's. Every function is keyword-only; `None` stands for the default in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ._call import call
from .operators import Operator
from .sweeps import Sweeps

__all__ = ["simulate", "predict", "extract", "fi", "fit", "generate", "train", "evaluate", "interpolate", "reproduce", "convert"]


def simulate(
    *,
    morphology: str | PathLike[str] | None = None,
    cell: str | PathLike[str] | None = None,
    hof: str | None = None,
    models: int | Sequence[int] | None = None,
    axon: str | None = None,
    mechanisms: Literal["allen", "bbp", "yao2022"] | None = None,
    channels: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    members: int | None = None,
    step_na: float | Sequence[float] | None = None,
    stimulus: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    voltage_clamp: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    electrode: str | None = None,
    record: str | Sequence[str] | None = None,
    delay_ms: float | None = None,
    duration_ms: float | None = None,
    total_ms: float | None = None,
    settle_ms: float | None = None,
    dt_ms: float | None = None,
    every: int | None = None,
    sampling: Literal["plain", "lowpass"] | None = None,
    integrator: Literal["neuron", "second-order"] | None = None,
    threads: int | None = None,
    lanes: int | None = None,
    map: Callable[..., Iterable[Any]] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Sweeps:
    """Sweeps of a cell under current or voltage clamp, solved as NEURON solves them.

    Rows go by model, then by amplitude or file. Every record adds an array [n, t] of its own name;
    stimulus and voltage_clamp add electrode_na [n, t].

    Parameters
    ----------
    morphology
        Morphology as SWC, lengths in µm; a hall of fame of the embedded cell needs none.
    cell
        Parameters: our cell file or hall of fame, an Allen parameter file, or a hof_params.json.
    hof
        One parameter set of a file that holds several, or `all`.
    models
        Parameter sets by number.
    axon
        What becomes of the reconstructed axon; without it the file's family decides, and the choice
        is printed. `keep` leaves it; the others put a stub of two 30 µm sections in its place:
        `peri` 1 µm wide at the middle of the soma, `stub1` 1 µm wide at the end of the soma,
        `bpo` as wide as the traced axon, `stub:D1,D2` of those diameters in µm.
    mechanisms
        Catalog of ion channels [default: as the file of parameters says; allen where it is silent]
    channels
        Channels of your own: they join the catalog and take the place of namesakes (see `noble
        channels`)
    members
        The first N models in the order of the embedded operator (embedded cell only)
    step_na
        Amplitudes of the current step in nA [default: 0.15]
    stimulus
        Stimulus files in place of steps: steps, ramp, sine, chirp, pulses, noise, samples and their
        sums.
    voltage_clamp
        Voltage protocol files: command voltages through a series resistance.
    electrode
        Where the electrode is, such as 'dend[3](0.5)' [default: middle of the soma]
    record
        What else to record, QUANTITY@PLACE. Quantities: v_mv, calcium_millimolar,
        calcium_reversal_mv, ionic_current_ma_per_cm2, sodium_current_ma_per_cm2 (potassium_,
        calcium_), MECHANISM.current_ma_per_cm2, MECHANISM.STATE.
    delay_ms
        Onset of the step [default: 15; embedded cell: as the embedded operator]
    duration_ms
        Duration of the step [default: 400; embedded cell: as the embedded operator]
    total_ms
        Length of a sweep [default: 515; embedded cell: as the embedded operator]
    settle_ms
        Simulate so long before the sweep, for the cell to come to rest [default: 0; embedded cell:
        as the embedded operator]
    dt_ms
        Time step of the solver [default: 0.02]
    every
        Keep every n-th sample [default: 3; embedded cell: as the embedded operator]
    sampling
        Take samples as they are, or low-pass filter first [default: plain]
    integrator
        How a step is made: NEURON's numbers, or an error that falls with the square of dt_ms
        [default: neuron]
    threads
        Threads; results do not depend on it [default: all cores]
    lanes
        Sweeps side by side on a core; results do not depend on it [default: by their number, at
        most 16]
    map
        `map` of an executor (concurrent.futures, Dask, Ray) whose workers share the work, one thread each;
        they must see the same files. Results do not depend on it.
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Sweeps
        voltages of the soma and what was recorded, one row per model and current.
    """
    result: Sweeps = call("simulate", locals())
    return result


def predict(
    *,
    operator: Operator | str | PathLike[str] | None = None,
    step_na: float | Sequence[float] | None = None,
    members: int | None = None,
    models: int | Sequence[int] | None = None,
    latent: Mapping[str, object] | None = None,
    draw: Literal["hull", "density"] | None = None,
    between: int | Sequence[int] | None = None,
    near: int | None = None,
    radius: float | None = None,
    seed: int | None = None,
    dt_ms: float | None = None,
    threads: int | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Sweeps:
    """Voltage of an ensemble, its features and its figure.

    Asks an operator for members it knows by number, for the first N of them, or for a place of your
    own in latent space.

    Parameters
    ----------
    operator
        Operator to ask [default: the embedded one]
    step_na
        Amplitudes of the current step in nA [default: median threshold and 30 Hz over median F-I
        slope]
    members
        The first N models of the operator's header: training, validation, test; with draw, between
        and near N neurons [default: 20]
    models
        Models of the operator's header by number.
    latent
        A neuron of your own by its latent features; those left out are expected from the training
        models.
    draw
        Neurons between the known ones: drawn evenly from the hull of the training models, or from
        their density.
    between
        Neurons from one model to another in even steps.
    near
        Neurons around a model, drawn evenly from a disk of radius.
    radius
        Radius of near, in ranges of the training models' threshold current and slope [default: 0.1]
    seed
        Seed of draw and near [default: 1]
    dt_ms
        Time step of the answer; the nearest that divides the operator's span is taken [default: the
        operator's own]
    threads
        Threads; results do not depend on it [default: all cores]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Sweeps
        voltages of the members, one row per member and current.
    """
    result: Sweeps = call("predict", locals())
    return result


def extract(
    *,
    file: str | PathLike[str],
    features: str | Sequence[str] | None = None,
    sweeps: str | Sequence[str] | None = None,
    stim_start_ms: float | None = None,
    stim_end_ms: float | None = None,
    liquid_junction_mv: float | None = None,
    mode: Literal["efel", "precise"] | None = None,
    set: Mapping[str, object] | None = None,
    missing: Literal["none", "efel"] | None = None,
    threads: int | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> list[dict[str, Any]]:
    """Electrophysiology features of every sweep of a file, with eFEL's names and definitions.

    Reads recordings (ABF 1 and 2, NWB 2 under current clamp) and arrays (NPZ with time_ms [t],
    step_na [n], v_mv [n, t]; CSV with time_ms, then one column ending in _mv per sweep and, if
    known, one ending in _na). The window of the stimulus comes from the options, else from the
    recorded or rebuilt current or the array file, else, for arrays only, 15 to 415 ms is assumed;
    what was used is printed. `noble features` lists the features.

    Parameters
    ----------
    file
        File of sweeps: .abf, .nwb, .npz or .csv.
    features
        Features by eFEL's names, or all (in a table and in CSV without the samples: time, voltage,
        current) [default: all]
    sweeps
        Sweeps of the file by place (0,3,5-9) or name [default: all]
    stim_start_ms
        Onset of the stimulus, in place of that of the file.
    stim_end_ms
        End of the stimulus, in place of that of the file.
    liquid_junction_mv
        Liquid junction potential to subtract from every voltage; never subtracted without this.
    mode
        eFEL's resampling, or the recorded samples with places between them [default: efel]
    set
        eFEL's settings by name, such as Threshold=-30 or interp_step=0.02.
    missing
        What a missing value looks like: none, or eFEL's nan, inf and empty lists as well [default:
        none]
    threads
        Threads; results do not depend on it [default: all cores]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    list[dict[str, Any]]
        one dictionary per sweep, its features by name.
    """
    result: list[dict[str, Any]] = call("extract", locals())
    return result


def fi(
    *,
    file: str | PathLike[str] | None = None,
    sweeps: str | Sequence[str] | None = None,
    stim_start_ms: float | None = None,
    stim_end_ms: float | None = None,
    liquid_junction_mv: float | None = None,
    mode: Literal["efel", "precise"] | None = None,
    set: Mapping[str, object] | None = None,
    morphology: str | PathLike[str] | None = None,
    cell: str | PathLike[str] | None = None,
    hof: str | None = None,
    models: int | Sequence[int] | None = None,
    axon: str | None = None,
    mechanisms: Literal["allen", "bbp", "yao2022"] | None = None,
    channels: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    members: int | None = None,
    step_na: float | Sequence[float] | None = None,
    highest_na: float | None = None,
    points: int | None = None,
    delay_ms: float | None = None,
    duration_ms: float | None = None,
    total_ms: float | None = None,
    settle_ms: float | None = None,
    dt_ms: float | None = None,
    every: int | None = None,
    sampling: Literal["plain", "lowpass"] | None = None,
    integrator: Literal["neuron", "second-order"] | None = None,
    threads: int | None = None,
    out: str | PathLike[str] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> list[dict[str, Any]]:
    """The F-I curve of recorded sweeps or of a simulated cell: threshold, slopes, saturation, depolarization block.

    Every number comes with its uncertainty and the rule it follows. The rate of a sweep is
    Spikecount_stimint by the duration of the stimulus. Of recorded sweeps (read as by `noble
    extract`) the threshold lies between two recorded currents; of a simulated cell it is bisected,
    and the curve runs from there to highest_na.

    Parameters
    ----------
    file
        File of sweeps, .abf, .nwb, .npz or .csv; without it a cell is simulated.
    sweeps
        Sweeps of the file by place (0,3,5-9) or name [default: all]
    stim_start_ms
        Onset of the stimulus, in place of that of the file.
    stim_end_ms
        End of the stimulus, in place of that of the file.
    liquid_junction_mv
        Liquid junction potential to subtract from every voltage; never subtracted without this.
    mode
        eFEL's resampling, or the recorded samples with places between them [default: efel]
    set
        eFEL's settings by name, such as Threshold=-30 or interp_step=0.02.
    morphology
        Morphology as SWC, lengths in µm; a hall of fame of the embedded cell needs none.
    cell
        Parameters: our cell file or hall of fame, an Allen parameter file, or a hof_params.json.
    hof
        One parameter set of a file that holds several, or `all`.
    models
        Parameter sets by number.
    axon
        What becomes of the reconstructed axon; without it the file's family decides, and the choice
        is printed. `keep` leaves it; the others put a stub of two 30 µm sections in its place:
        `peri` 1 µm wide at the middle of the soma, `stub1` 1 µm wide at the end of the soma,
        `bpo` as wide as the traced axon, `stub:D1,D2` of those diameters in µm.
    mechanisms
        Catalog of ion channels [default: as the file of parameters says; allen where it is silent]
    channels
        Channels of your own: they join the catalog and take the place of namesakes (see `noble
        channels`)
    members
        The first N models in the order of the embedded operator (embedded cell only)
    step_na
        Currents of the curve in nA [default: points of them from above the threshold to highest_na]
    highest_na
        Largest current of the search for the threshold, and of the curve [default: 0.28]
    points
        Number of currents where step_na is not given [default: 12]
    delay_ms
        Onset of the step [default: 15; embedded cell: as the embedded operator]
    duration_ms
        Duration of the step [default: 400; embedded cell: as the embedded operator]
    total_ms
        Length of a sweep [default: 515; embedded cell: as the embedded operator]
    settle_ms
        Simulate so long before the sweep, for the cell to come to rest [default: 0; embedded cell:
        as the embedded operator]
    dt_ms
        Time step of the solver [default: 0.02]
    every
        Keep every n-th sample [default: 3; embedded cell: as the embedded operator]
    sampling
        Take samples as they are, or low-pass filter first [default: plain]
    integrator
        How a step is made: NEURON's numbers, or an error that falls with the square of dt_ms
        [default: neuron]
    threads
        Threads; results do not depend on it [default: all cores]
    out
        Also write fi.csv, the points of the curve, and fi.svg, the figure, into this folder.
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    list[dict[str, Any]]
        one dictionary per curve.
    """
    result: list[dict[str, Any]] = call("fi", locals())
    return result


def fit(
    *,
    out: str | PathLike[str],
    morphology: str | PathLike[str] | None = None,
    recording: str | PathLike[str] | None = None,
    fit_na: float | Sequence[float] | None = None,
    targets: str | PathLike[str] | None = None,
    space: str | PathLike[str] | None = None,
    bluepyopt: str | PathLike[str] | None = None,
    mechanisms: str | None = None,
    starts: str | PathLike[str] | None = None,
    axon: str | None = None,
    channels: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    sweeps: str | Sequence[str] | None = None,
    stim_start_ms: float | None = None,
    stim_end_ms: float | None = None,
    liquid_junction_mv: float | None = None,
    mode: Literal["efel", "precise"] | None = None,
    set: Mapping[str, object] | None = None,
    seed: int | Sequence[int] | None = None,
    method: Literal["ibea", "nsga2", "nsga3", "cma-es"] | None = None,
    population: int | None = None,
    offspring: int | None = None,
    generations: int | None = None,
    passive_generations: int | None = None,
    accept_z: float | None = None,
    models: int | None = None,
    archive: int | None = None,
    least_distance: float | None = None,
    max_minutes: float | None = None,
    max_evaluations: int | None = None,
    dt_ms: float | None = None,
    every: int | None = None,
    threads: int | None = None,
    resume: bool = False,
    map: Callable[..., Iterable[Any]] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> dict[str, Any]:
    """A hall of fame: many parameter sets of one morphology that fire as a recording does, found by evolution.

    One search per seed. Membranes come first, on the hyperpolarized sweeps; then everything on
    every sweep. A model is accepted when every feature lies within accept_z deviations of its
    target. The state is kept after every generation: after an interruption, or with a larger limit,
    the same command with resume goes on to the same bits.

    Parameters
    ----------
    out
        File to write; the others lie beside it [default: noble-out/NAME.hall_of_fame.json]
    morphology
        Morphology as SWC, lengths in µm.
    recording
        Recording to fit, .abf, .nwb, .npz or .csv: features of its sweeps become the targets.
    fit_na
        Currents of the recording to fit [default: some with spikes and some without, evenly chosen]
    targets
        Targets: sweeps with features, means and deviations (our layout)
    space
        What may vary, between which bounds (our layout) [default: the bounds of published
        all-active fits]
    bluepyopt
        Folder with BluePyOpt's parameters.json, mechanisms.json, protocols.json and features.json.
    mechanisms
        Catalog of the channels of bluepyopt: allen, bbp or yao2022 [default: allen]
    starts
        Models that the search begins with: cells or a hall of fame with the same free parameters.
    axon
        What becomes of the reconstructed axon: keep, peri, stub1, bpo, or stub:D1,D2 [default: as
        the space says]
    channels
        Channels of your own, as files.
    sweeps
        Sweeps of the file by place (0,3,5-9) or name [default: all]
    stim_start_ms
        Onset of the stimulus, in place of that of the file.
    stim_end_ms
        End of the stimulus, in place of that of the file.
    liquid_junction_mv
        Liquid junction potential to subtract from every voltage; never subtracted without this.
    mode
        eFEL's resampling, or the recorded samples with places between them [default: efel]
    set
        eFEL's settings by name, such as Threshold=-30 or interp_step=0.02.
    seed
        Seeds; one search each [default: 1]
    method
        How candidates are selected [default: cma-es]
    population
        Candidates kept from one generation to the next [default: 32]
    offspring
        New candidates of a generation [default: as many as the population]
    generations
        Generations of each seed [default: 200]
    passive_generations
        Generations on the membrane alone, before [default: 20]
    accept_z
        Most deviations from any target with which a model is accepted [default: 3]
    models
        Models of each seed [default: 20]
    archive
        Models of each seed kept in the archive [default: 200]
    least_distance
        Least distance of two kept models, root mean square over parameters scaled to their bounds
        [default: 0.02]
    max_minutes
        Stop after so many minutes.
    max_evaluations
        Stop a search after so many evaluations.
    dt_ms
        Time step of the solver [default: 0.02]
    every
        Keep every n-th sample [default: 3]
    threads
        Threads; results do not depend on it [default: all cores]
    resume
        Continue a fit that was begun with the same inputs and options; limits may differ.
    map
        `map` of an executor (concurrent.futures, Dask, Ray) whose workers share the work, one thread each;
        they must see the same files. Results do not depend on it.
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    dict[str, Any]
        the hall of fame that was written.
    """
    result: dict[str, Any] = call("fit", locals())
    return result


def generate(
    *,
    morphology: str | PathLike[str] | None = None,
    cell: str | PathLike[str] | None = None,
    hof: str | None = None,
    models: int | Sequence[int] | None = None,
    axon: str | None = None,
    mechanisms: Literal["allen", "bbp", "yao2022"] | None = None,
    channels: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    lowest_na: float | None = None,
    highest_na: float | None = None,
    amplitudes: Literal["uniform", "skew-normal"] | None = None,
    mode_na: float | None = None,
    traces_per_model: int | None = None,
    validation_models: int | None = None,
    test_models: int | None = None,
    held_out: float | None = None,
    traces_per_shard: int | None = None,
    latents: Literal["excitability", "wide"] | None = None,
    delay_ms: float | None = None,
    duration_ms: float | None = None,
    total_ms: float | None = None,
    settle_ms: float | None = None,
    dt_ms: float | None = None,
    every: int | None = None,
    sampling: Literal["plain", "lowpass"] | None = None,
    integrator: Literal["neuron", "second-order"] | None = None,
    seed: int | None = None,
    threads: int | None = None,
    resume: bool = False,
    out: str | PathLike[str] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Path:
    """A dataset for training: traces of many models at many currents, as HDF5 shards.

    Threshold current and F-I slope are those that a hall of fame states; of models without, they
    are measured first. A shard is written once and renamed into place; after an interruption the
    same command with resume keeps what is finished.

    Parameters
    ----------
    morphology
        Morphology as SWC, lengths in µm; a hall of fame of the embedded cell needs none.
    cell
        Parameters: our cell file or hall of fame, an Allen parameter file, or a hof_params.json.
    hof
        One parameter set of a file that holds several, or `all`.
    models
        Parameter sets by number.
    axon
        What becomes of the reconstructed axon; without it the file's family decides, and the choice
        is printed. `keep` leaves it; the others put a stub of two 30 µm sections in its place:
        `peri` 1 µm wide at the middle of the soma, `stub1` 1 µm wide at the end of the soma,
        `bpo` as wide as the traced axon, `stub:D1,D2` of those diameters in µm.
    mechanisms
        Catalog of ion channels [default: as the file of parameters says; allen where it is silent]
    channels
        Channels of your own: they join the catalog and take the place of namesakes (see `noble
        channels`)
    lowest_na
        Smallest amplitude of the current step [default: -0.11]
    highest_na
        Largest amplitude of the current step; also the end of the F-I grid, where the slope is
        measured [default: 0.28]
    amplitudes
        How amplitudes are spread [default: uniform]
    mode_na
        Most frequent amplitude of skew-normal; best where the cells begin to fire [default: at 0.37
        of the range]
    traces_per_model
        Traces of every model, at currents spread over the range [default: 200]
    validation_models
        Models kept from training, for choices [default: 4]
    test_models
        Models kept from training, for the test [default: 6]
    held_out
        Part of a training model's currents held out for validation, and again for the test
        [default: 0.1]
    traces_per_shard
        Traces of one shard [default: 100]
    latents
        Latent features of each model [default: excitability]
    delay_ms
        Onset of the step [default: 15; embedded cell: as the embedded operator]
    duration_ms
        Duration of the step [default: 400; embedded cell: as the embedded operator]
    total_ms
        Length of a sweep [default: 515; embedded cell: as the embedded operator]
    settle_ms
        Simulate so long before the sweep, for the cell to come to rest [default: 0; embedded cell:
        as the embedded operator]
    dt_ms
        Time step of the solver [default: 0.02]
    every
        Keep every n-th sample [default: 3; embedded cell: as the embedded operator]
    sampling
        Take samples as they are, or low-pass filter first [default: plain]
    integrator
        How a step is made: NEURON's numbers, or an error that falls with the square of dt_ms
        [default: neuron]
    seed
        Seed of currents and splits [default: 1]
    threads
        Threads; results do not depend on it [default: all cores]
    resume
        Continue a dataset that was begun with the same options.
    out
        Folder to write [default: noble-out/dataset]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Path
        the folder of the dataset.
    """
    result: Path = call("generate", locals())
    return result


def train(
    *,
    dataset: str | PathLike[str] | None = None,
    from_: Operator | str | PathLike[str] | Literal[True] | None = None,
    feature_weights: Mapping[str, object] | None = None,
    steps: int | None = None,
    max_minutes: float | None = None,
    loss: Literal["relative_l1", "relative_l2", "relative_l4", "relative_h1", "absolute_l1", "absolute_l2", "absolute_l4", "absolute_h1"] | None = None,
    optimizer: Literal["adamw", "muon"] | None = None,
    weight_decay: float | None = None,
    clip_norm: float | None = None,
    batch: int | None = None,
    accumulate: int | None = None,
    schedule: Literal["constant", "warmup-cosine", "one-cycle", "plateau"] | None = None,
    learning_rate: float | None = None,
    warmup_steps: int | None = None,
    plateau_factor: float | None = None,
    plateau_patience: int | None = None,
    average_decay: float | None = None,
    patience: int | None = None,
    window_ms: float | None = None,
    max_shift_ms: float | None = None,
    answer_shift_ms: float | None = None,
    hidden_channels: int | None = None,
    layers: int | None = None,
    modes: int | None = None,
    current_frequencies: int | None = None,
    latents: str | Sequence[str] | None = None,
    train_models: int | None = None,
    rhythm_frequencies: int | None = None,
    steps_per_validation: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    resume: bool = False,
    out: str | PathLike[str] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Operator:
    """Train a Fourier neural operator on a dataset.

    Keeps the operator with the lowest validation loss and the last one. State and log lie beside
    it; after an interruption, or when max_minutes is over, the same command with resume continues
    to the same bits. With plot nothing is trained: the curves of the log beside out are drawn.

    Parameters
    ----------
    dataset
        Dataset to train on [default: noble-out/dataset]
    from_
        Tune an operator instead of starting afresh: its encoding and scaling are kept; without a
        path the embedded one.
    feature_weights
        Weigh features beside the loss; 1 counts a departure of the feature's usual size as much as
        a loss of 1. Features: sag_mv, steady_state_mv, spike_count, first_spike_ms, ap_height_mv,
        ap_half_width_ms, ahp_depth_mv.
    steps
        Steps of the whole run [default: 44000; with from 2000]
    max_minutes
        Stop after this time, ready to be resumed.
    loss
        Loss that is made small; the operator kept is the one with the lowest over the validation
        traces [default: relative_l4]
    optimizer
        Optimizer [default: muon; with from adamw]
    weight_decay
        Decay of the weights per step, times the learning rate [default: 0]
    clip_norm
        Shorten gradients of the mean loss that are longer than this.
    batch
        Traces held in memory at once [default: 8]
    accumulate
        Make a step of this many batches, with the bits of one large batch and the memory of a small
        one [default: 1]
    schedule
        Course of the learning rate [default: warmup-cosine; with from plateau]
    learning_rate
        Largest learning rate [default: 0.004 for adamw, 0.01 for muon; with from 0.0005]
    warmup_steps
        Steps of the rise of warmup-cosine [default: 100]
    plateau_factor
        What plateau multiplies the rate by [default: 0.4]
    plateau_patience
        Epochs without a smaller training loss that plateau bears [default: 4; with from 12]
    average_decay
        Decay per step of the running average of the weights, which is what is kept; 0 keeps the
        weights [default: 0.995]
    patience
        End after this many validations in a row without a better one.
    window_ms
        Cut windows of this length from the traces of the dataset, each pass at another start.
    max_shift_ms
        Latest start of a window [default: 30]
    answer_shift_ms
        Start of the window in which the operator answers and is validated; 0 answers as a
        simulation from the initial voltage does [default: half the latest start]
    hidden_channels
        Channels between blocks [default: 24]
    layers
        Blocks [default: 4]
    modes
        Modes of the spectral layers, of which half and one are kept [default: 128]
    current_frequencies
        Frequencies of the current's embedding [default: 6]
    latents
        Latent features that are embedded, by name; none for none [default: all of the dataset]
    train_models
        Train on so many of the dataset's training models, evenly spaced in their list [default:
        all]
    rhythm_frequencies
        Frequencies of the count of spikes that latencies, rates and leads among the latent features
        promise; 0 embeds these themselves [default: 4]
    steps_per_validation
        Steps between two looks at the validation traces, and between checkpoints [default: 1000]
    seed
        Seed of the weights and of the order of traces [default: 1]
    threads
        Threads; results do not depend on it [default: all cores]
    resume
        Continue a run that was begun with the same options.
    out
        Operator file to write [default: noble-out/operator.safetensors]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Operator
        the operator with the lowest validation loss.
    """
    result: Operator = call("train", locals())
    return result


def evaluate(
    *,
    operator: Operator | str | PathLike[str] | None = None,
    dataset: str | PathLike[str] | None = None,
    split: Literal["validation", "test"] | None = None,
    recording: str | PathLike[str] | None = None,
    sweeps: str | Sequence[str] | None = None,
    stim_start_ms: float | None = None,
    stim_end_ms: float | None = None,
    liquid_junction_mv: float | None = None,
    members: int | None = None,
    threads: int | None = None,
    seed: int | None = None,
    resume: bool = False,
    out: str | PathLike[str] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> dict[str, Any] | list[dict[str, Any]]:
    """Compare an operator with the simulator on held-out traces.

    Prints voltage error, who fires and who does not (no trace is dropped), spike counts, feature
    errors, errors by current and by onset, and how far the distributions of features over the
    models lie apart, for unseen currents of known models and for unseen models. Writes report.json,
    traces.csv, traces.svg, fi.svg and latent.svg.

    Parameters
    ----------
    operator
        Operator to judge [default: noble-out/operator.safetensors, or the embedded one where that
        is absent]
    dataset
        Dataset with the simulator's traces [default: noble-out/dataset]
    split
        Which held-out traces [default: test]
    recording
        Compare the ensemble with a recording instead (.abf, .nwb, .npz or .csv), feature by feature
        at every current that both know; writes recording.csv and recording.svg. Features are taken
        between samples, z is the recording's distance from the members' mean in their standard
        deviations.
    sweeps
        Sweeps of the file by place (0,3,5-9) or name [default: all]
    stim_start_ms
        Onset of the stimulus, in place of that of the file.
    stim_end_ms
        End of the stimulus, in place of that of the file.
    liquid_junction_mv
        Liquid junction potential to subtract from every voltage; never subtracted without this.
    members
        With recording: the first N models of the operator's header [default: 60, or all of fewer]
    threads
        Threads; results do not depend on it [default: all cores]
    seed
        Accepted for symmetry with the other stages; nothing here is random.
    resume
        Accepted for symmetry with the other stages; the whole report is made again.
    out
        Folder to write [default: noble-out/evaluation]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    dict[str, Any] | list[dict[str, Any]]
        errors over the held-out traces, or beside the recording.
    """
    result: dict[str, Any] | list[dict[str, Any]] = call("evaluate", locals())
    return result


def interpolate(
    *,
    morphology: str | PathLike[str] | None = None,
    cell: str | PathLike[str] | None = None,
    hof: str | None = None,
    models: int | Sequence[int] | None = None,
    axon: str | None = None,
    mechanisms: Literal["allen", "bbp", "yao2022"] | None = None,
    channels: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    operator: Operator | str | PathLike[str] | None = None,
    pairs: int | None = None,
    steps: int | None = None,
    step_na: float | Sequence[float] | None = None,
    seed: int | None = None,
    threads: int | None = None,
    out: str | PathLike[str] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Path:
    """Neurons between two models: parameters blended and simulated, against places in latent space that the operator answers for.

    For pairs of the operator's training models, blends all parameters of the cable equation and
    simulates, blends the latent features and asks the operator, and simulates the real model
    nearest to that place. Features are judged by their distance from the line between the two ends,
    in standard deviations over all ends. Writes interpolation.csv and interpolation.svg.

    Parameters
    ----------
    morphology
        Morphology as SWC, lengths in µm; a hall of fame of the embedded cell needs none.
    cell
        Parameters: our cell file or hall of fame, an Allen parameter file, or a hof_params.json.
    hof
        One parameter set of a file that holds several, or `all`.
    models
        Parameter sets by number.
    axon
        What becomes of the reconstructed axon; without it the file's family decides, and the choice
        is printed. `keep` leaves it; the others put a stub of two 30 µm sections in its place:
        `peri` 1 µm wide at the middle of the soma, `stub1` 1 µm wide at the end of the soma,
        `bpo` as wide as the traced axon, `stub:D1,D2` of those diameters in µm.
    mechanisms
        Catalog of ion channels [default: as the file of parameters says; allen where it is silent]
    channels
        Channels of your own: they join the catalog and take the place of namesakes (see `noble
        channels`)
    operator
        Operator to ask [default: the embedded one]
    pairs
        Pairs of models, drawn by seed [default: 20]
    steps
        Even steps from one model to the other [default: 4]
    step_na
        Amplitudes of the current step in nA [default: 0.1,0.2]
    seed
        Seed of the pairs [default: 1]
    threads
        Threads; results do not depend on it [default: all cores]
    out
        Folder to write [default: noble-out/interpolation]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Path
        the folder with the comparison.
    """
    result: Path = call("interpolate", locals())
    return result


def reproduce(
    *,
    morphology: str | PathLike[str] | None = None,
    cell: str | PathLike[str] | None = None,
    hof: str | None = None,
    models: int | Sequence[int] | None = None,
    axon: str | None = None,
    mechanisms: Literal["allen", "bbp", "yao2022"] | None = None,
    channels: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    budget: Literal["minutes", "hours"] | None = None,
    lowest_na: float | None = None,
    highest_na: float | None = None,
    mode_na: float | None = None,
    max_minutes: float | None = None,
    seed: int | None = None,
    threads: int | None = None,
    resume: bool = False,
    out: str | PathLike[str] | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Path:
    """The study's result from a hall of fame, in one command: dataset, training, evaluation, report.

    Says first what it will take. Every stage is kept under the hash of what it depends on: after an
    interruption the same command goes on, and what is finished is not made again. Without a cell
    the embedded one is taken: with budget minutes its 60 models, with budget hours all 660 of its
    archive, from which the embedded operator comes.

    Parameters
    ----------
    morphology
        Morphology as SWC, lengths in µm; a hall of fame of the embedded cell needs none.
    cell
        Parameters: our cell file or hall of fame, an Allen parameter file, or a hof_params.json.
    hof
        One parameter set of a file that holds several, or `all`.
    models
        Parameter sets by number.
    axon
        What becomes of the reconstructed axon; without it the file's family decides, and the choice
        is printed. `keep` leaves it; the others put a stub of two 30 µm sections in its place:
        `peri` 1 µm wide at the middle of the soma, `stub1` 1 µm wide at the end of the soma,
        `bpo` as wide as the traced axon, `stub:D1,D2` of those diameters in µm.
    mechanisms
        Catalog of ion channels [default: as the file of parameters says; allen where it is silent]
    channels
        Channels of your own: they join the catalog and take the place of namesakes (see `noble
        channels`)
    budget
        How much is simulated and trained [default: minutes]
    lowest_na
        Smallest amplitude of the current step [default: -0.11]
    highest_na
        Largest amplitude of the current step [default: 0.28]
    mode_na
        Most frequent amplitude; best where the cells begin to fire [default: at 0.37 of the range]
    max_minutes
        Refuse to begin what will take longer.
    seed
        Seed of currents, splits and weights [default: 1]
    threads
        Threads; results do not depend on it [default: all cores]
    resume
        Accepted for symmetry with the other stages; what is there is always continued.
    out
        Folder to write [default: noble-out/reproduction]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Path
        the folder with the report and everything it was made of.
    """
    result: Path = call("reproduce", locals())
    return result


def convert(
    *,
    file: str | PathLike[str],
    out: str | PathLike[str],
    sweeps: str | Sequence[str] | None = None,
    stim_start_ms: float | None = None,
    stim_end_ms: float | None = None,
    liquid_junction_mv: float | None = None,
    overwrite: bool = False,
    description: str | None = None,
    session_start: str | None = None,
    progress: Callable[[str, int, int, str], object] | None = None,
) -> Path:
    """Sweeps from one file format into another: recordings and simulations as NWB 2, or as arrays.

    Reads what `noble extract` reads. `.nwb` gets voltage and current of every sweep in double
    precision, with the protocol's step as current where an array file states one; `.npz` and `.csv`
    get sweeps of one length and rate.

    Parameters
    ----------
    file
        File of sweeps: .abf, .nwb, .npz or .csv.
    out
        File to write: .nwb, .npz or .csv.
    sweeps
        Sweeps of the file by place (0,3,5-9) or name [default: all]
    stim_start_ms
        Onset of the stimulus, in place of that of the file.
    stim_end_ms
        End of the stimulus, in place of that of the file.
    liquid_junction_mv
        Liquid junction potential to subtract from every voltage; never subtracted without this.
    overwrite
        Replace OUT if it is there.
    description
        What was done, in a sentence (.nwb) [default: intracellular recording under current clamp]
    session_start
        Start of the session, such as 2026-01-31T09:30:00+01:00 (.nwb) [default: when FILE was last
        changed]
    progress
        Called with stage, items done, items in all and a text, some times a second.

    Returns
    -------
    Path
        the file that was written.
    """
    result: Path = call("convert", locals())
    return result
