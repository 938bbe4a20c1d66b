//! Physical constants, and NEURON's defaults for what no parameter file sets.

/// Faraday constant [C/mol].
///
/// # Source
/// CODATA 2018, as NEURON 9 uses by default.
pub(crate) const FARADAY: f64 = 96_485.332_123_310_02;

/// Molar gas constant [J/(mol K)].
///
/// # Source
/// CODATA 2018, as NEURON 9 uses by default.
pub(crate) const GAS: f64 = 8.314_462_618_153_24;

/// Kelvin at zero degrees Celsius.
pub(crate) const KELVIN_AT_ZERO_CELSIUS: f64 = 273.15;

/// Charges of a calcium ion.
pub(crate) const CALCIUM_VALENCE: f64 = 2.0;

/// Calcium outside the cell; no mechanism changes it.
///
/// # Source
/// NEURON `cao0_ca_ion`.
pub(crate) const CALCIUM_OUTSIDE_MILLIMOLAR: f64 = 2.0;

/// Calcium inside a compartment without a pool.
///
/// # Source
/// NEURON `cai0_ca_ion`.
pub(crate) const CALCIUM_INSIDE_MILLIMOLAR: f64 = 5e-5;

/// Calcium reversal in a compartment without a pool.
///
/// # Source
/// NEURON, default `eca`.
pub(crate) const CALCIUM_REVERSAL_MV: f64 = 132.457_934_163_700_9;

/// A voltage beyond this is a diverged simulation.
pub(crate) const DIVERGED_MV: f64 = 500.0;

/// Microfarad per square centimeter times square micrometer, in nanofarad.
pub(crate) const NF_PER_UF_PER_CM2_UM2: f64 = 1e-5;

/// Siemens per square centimeter times square micrometer, in microsiemens; the same for milliampere and nanoampere.
pub(crate) const USIEMENS_PER_S_PER_CM2_UM2: f64 = 1e-2;

/// Ohm centimeter per micrometer, in megaohm.
pub(crate) const MEGAOHM_PER_OHM_CM_PER_UM: f64 = 1e-2;
