//! The operator that ships with the program.

use noble_operator::Operator;

use crate::Error;

const OPERATOR: &[u8] = include_bytes!("../assets/fast_spiking.operator.safetensors");

/// The operator trained on the embedded cell; its header says on what, for how long, and how well it does.
///
/// # Errors
/// None in a released program: the embedded file is read by a test.
pub fn embedded_operator() -> Result<Operator, Error> {
    Ok(Operator::from_bytes(OPERATOR)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference_cell::reference_hall_of_fame;

    #[test]
    fn invariant_embedded_operator_was_trained_on_the_embedded_cell() {
        let operator = embedded_operator().unwrap();
        for model in reference_hall_of_fame().unwrap().models {
            let latents = operator.card().model_latents(model.id).unwrap();
            assert_eq!(latents.get(crate::I_THR).copied(), model.i_thr_na);
            assert_eq!(latents.get(crate::S_THR).copied(), model.s_thr_hz_per_na);
        }
    }
}
