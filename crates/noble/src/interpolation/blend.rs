//! Parameters between those of two models.

use std::collections::BTreeMap;

use noble_data::{CellModel, SectionParameters};

use crate::Error;

/// The model whose every number lies `part` of the way from the first's to the last's.
///
/// # Errors
/// [`Error::Usage`] for models of other mechanisms, formulas or axon rules: there is nothing between those.
pub fn blended((first, last): (&CellModel, &CellModel), part: f64) -> Result<CellModel, Error> {
    let unlike = |what: &str| {
        Error::usage(format!("the two models differ in their {what}"), "blend models of one layout")
    };
    if first.mechanism_set != last.mechanism_set || first.axon_rule != last.axon_rule {
        return Err(unlike("mechanism set or axon rule"));
    }
    if !first.sections.keys().eq(last.sections.keys()) {
        return Err(unlike("kinds of section"));
    }
    let mix = |from: f64, to: f64| (1.0 - part) * from + part * to;
    let section = |from: &SectionParameters, to: &SectionParameters| {
        if from.distributions != to.distributions || !from.mechanisms.keys().eq(to.mechanisms.keys()) {
            return Err(unlike("mechanisms or formulas"));
        }
        let mut mechanisms = BTreeMap::new();
        for ((name, from), to) in from.mechanisms.iter().zip(to.mechanisms.values()) {
            if !from.keys().eq(to.keys()) {
                return Err(unlike("parameters"));
            }
            let values =
                from.iter().zip(to.values()).map(|((name, from), to)| (name.clone(), mix(*from, *to)));
            mechanisms.insert(name.clone(), values.collect());
        }
        Ok(SectionParameters {
            axial_resistivity_ohm_cm: mix(from.axial_resistivity_ohm_cm, to.axial_resistivity_ohm_cm),
            capacitance_uf_per_cm2: mix(from.capacitance_uf_per_cm2, to.capacitance_uf_per_cm2),
            sodium_reversal_mv: mix(from.sodium_reversal_mv, to.sodium_reversal_mv),
            potassium_reversal_mv: mix(from.potassium_reversal_mv, to.potassium_reversal_mv),
            mechanisms,
            distributions: from.distributions.clone(),
        })
    };
    let sections = first.sections.iter().zip(last.sections.values());
    let sections = sections.map(|((kind, from), to)| Ok((*kind, section(from, to)?)));
    Ok(CellModel {
        name: format!("{} to {}", first.name, last.name),
        temperature_celsius: mix(first.temperature_celsius, last.temperature_celsius),
        initial_voltage_mv: mix(first.initial_voltage_mv, last.initial_voltage_mv),
        sections: sections.collect::<Result<_, Error>>()?,
        ..first.clone()
    })
}

#[cfg(test)]
mod tests {
    use noble_data::SectionKind;

    use super::*;
    use crate::reference_cell::reference_cells;

    #[test]
    fn analytic_halfway_is_the_mean_and_the_ends_are_themselves() {
        let cells = reference_cells().unwrap();
        let (first, last) = (&cells.models[&0], &cells.models[&1]);
        let soma = |model: &CellModel| model.sections[&SectionKind::Soma].mechanisms["pas"]["g_s_per_cm2"];
        let middle = blended((first, last), 0.5).unwrap();
        assert!((soma(&middle) - 0.5 * (soma(first) + soma(last))).abs() < 1e-15);
        for (end, part) in [(first, 0.0), (last, 1.0)] {
            assert_eq!(blended((first, last), part).unwrap().sections, end.sections);
        }
        let mut other = last.clone();
        other.mechanism_set = "bbp".to_owned();
        let message = blended((first, &other), 0.5).unwrap_err().to_string();
        assert!(message.contains("differ in their mechanism set"), "{message}");
    }
}
