"""Write the embedded cell as the inputs of a reference case: morphology.swc and hof_params.json.

usage, from the repository root: python reference/biophysics/export_fast_spiking.py
Needs only Python. Then make the case as README.md says. Sets 0, 1 and 2 are exported.
"""
import json
from pathlib import Path

SETS = (0, 1, 2)
NAMES = {
    "gbar_s_per_cm2": "gbar",
    "g_s_per_cm2": "g",
    "e_mv": "e",
    "gamma": "gamma",
    "decay_ms": "decay",
    "depth_um": "depth",
    "minimum_calcium_millimolar": "minCai",
}


def allen(cell):
    """One cell of a hall of fame in the layout of an Allen parameter file."""
    genome, reversals = [], []
    for section, parameters in cell["sections"].items():
        reversals.append({"section": section, "ena": parameters["sodium_reversal_mv"],
                          "ek": parameters["potassium_reversal_mv"]})
        genome.append({"section": section, "name": "cm", "mechanism": "",
                       "value": parameters["capacitance_uf_per_cm2"]})
        genome.append({"section": section, "name": "Ra", "mechanism": "",
                       "value": parameters["axial_resistivity_ohm_cm"]})
        for mechanism, values in parameters["mechanisms"].items():
            for name, value in values.items():
                genome.append({"section": section, "name": f"{NAMES[name]}_{mechanism}",
                               "mechanism": "" if mechanism == "pas" else mechanism, "value": value})
    return {
        "passive": [{}],
        "conditions": [{"celsius": cell["temperature_celsius"], "v_init": cell["initial_voltage_mv"],
                        "erev": reversals}],
        "fitting": [{"junction_potential": 0.0, "sweeps": []}],
        "genome": genome,
    }


def main():
    root = Path(__file__).resolve().parents[2]
    assets = root / "crates/noble/assets"
    case = root / "reference/biophysics/fast_spiking"
    case.mkdir(exist_ok=True)
    models = json.loads((assets / "fast_spiking.hall_of_fame.json").read_text())["models"]
    params = {str(model["id"]): allen(model["parameters"]) for model in models if model["id"] in SETS}
    (case / "hof_params.json").write_text(json.dumps(params, indent=1) + "\n")
    (case / "morphology.swc").write_bytes((assets / "fast_spiking.swc").read_bytes())


if __name__ == "__main__":
    main()
