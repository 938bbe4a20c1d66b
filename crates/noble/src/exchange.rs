//! Networks of other programs as operators: what a file of bare weights does not say is said by a description.

use std::collections::BTreeMap;

use noble_data::{LatentTable, ModelId, Sampling, TimeGrid};
use noble_operator::{
    FORMAT_VERSION, InputEncoding, LatentFeature, ModelLatents, Network, Operator, OperatorCard, StepRange,
    StepTiming, TraceSampling, VoltageOutput,
};

use crate::Error;

/// Stands where an operator of ours has the hash of its training data.
pub const UNKNOWN_DATA: &str = "unknown";

/// What a file of weights holds.
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkFile {
    /// Weights alone: neither units nor names nor times.
    Bare(Network),
    /// An operator.
    Operator(Box<Operator>),
}

impl NetworkFile {
    /// Reads a PyTorch or safetensors file; a card in its metadata makes it an operator.
    ///
    /// # Errors
    /// As [`Operator::from_bytes`] for a file with a card, as [`Network::from_file_bytes`] for one without.
    pub fn read(bytes: &[u8]) -> Result<Self, noble_operator::Error> {
        use noble_operator::Error::{MissingCard, SafeTensors};
        match Operator::from_bytes(bytes) {
            Ok(operator) => Ok(Self::Operator(Box::new(operator))),
            Err(MissingCard { .. } | SafeTensors { .. }) => Ok(Self::Bare(Network::from_file_bytes(bytes)?)),
            Err(error) => Err(error),
        }
    }

    /// The weights alone.
    #[must_use]
    pub fn network(&self) -> &Network {
        match self {
            Self::Bare(network) => network,
            Self::Operator(operator) => operator.network(),
        }
    }
}

/// What a bare network needs to be an operator.
///
/// Its channels are the stimulus, the embedding of the step's amplitude, then that of each latent feature in order.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorDescription {
    /// Latent features of the models; their smallest and largest values over the whole table scale them.
    pub table: LatentTable,
    /// Latent features in the order of their channels.
    pub latent_order: Vec<String>,
    /// Frequencies of the amplitude's embedding; `None` where the network's channels shall tell.
    pub n_current_frequencies: Option<usize>,
    /// Frequencies of each latent feature's embedding.
    pub n_latent_frequencies: usize,
    /// Current of one unit of the stimulus channel.
    pub current_unit_na: f64,
    /// Meaning of the output.
    pub output: VoltageOutput,
    /// Times of the samples.
    pub grid: TimeGrid,
    /// Onset and length of the step.
    pub stimulus: StepTiming,
    /// Amplitudes of training.
    pub steps: StepRange,
    /// How training traces came from the solver's steps: with or without a filter, and every how many.
    pub sampling: (Sampling, usize),
    /// Models of the table that training did not see.
    pub test_models: Vec<ModelId>,
    /// Where the weights come from.
    pub provenance: String,
}

/// Joins weights and a description.
///
/// # Errors
/// [`Error::Usage`] where the network has another number of channels than the description gives it,
/// [`Error::Operator`] where the description contradicts itself.
pub fn describe(network: Network, description: &OperatorDescription) -> Result<Operator, Error> {
    let input = encoding(&network, description)?;
    let models: Vec<ModelLatents> = models(description)?;
    let (kind, every) = description.sampling;
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let dt_ms = description.grid.step_ms() / every.max(1) as f64;
    let is_test = |id: &ModelId| description.test_models.contains(id);
    let card = OperatorCard {
        format_version: FORMAT_VERSION,
        architecture: network.architecture().clone(),
        channel_order: input.channel_names(),
        input,
        output: description.output,
        grid: description.grid,
        stimulus: description.stimulus,
        steps: description.steps,
        sampling: TraceSampling { kind, every, dt_ms, settle_ms: 0.0 },
        train_models: models.iter().map(|model| model.id).filter(|id| !is_test(id)).collect(),
        validation_models: Vec::new(),
        test_models: description.test_models.clone(),
        models,
        training_data_sha256: UNKNOWN_DATA.to_owned(),
        metrics: BTreeMap::new(),
        seed: 0,
        provenance: description.provenance.clone(),
    };
    Ok(Operator::new(card, network)?)
}

fn column<'a>(description: &'a OperatorDescription, name: &str) -> Result<&'a [f64], Error> {
    let values = description.table.latents.get(name).map(Vec::as_slice);
    values.ok_or_else(|| Error::usage(format!("the table has no latent feature {name}"), "add its column"))
}

fn models(description: &OperatorDescription) -> Result<Vec<ModelLatents>, Error> {
    let columns = description.latent_order.iter();
    let columns: Vec<_> =
        columns.map(|name| Ok((name, column(description, name)?))).collect::<Result<_, Error>>()?;
    let of_row = |(row, id): (usize, &ModelId)| ModelLatents {
        id: *id,
        latents: columns.iter().map(|(name, values)| ((*name).clone(), values[row])).collect(),
    };
    Ok(description.table.models.iter().enumerate().map(of_row).collect())
}

fn encoding(network: &Network, description: &OperatorDescription) -> Result<InputEncoding, Error> {
    let n_per_latent = description.n_latent_frequencies;
    let latents = description.latent_order.iter();
    let latents: Vec<LatentFeature> = latents
        .map(|name| Ok(LatentFeature::fit(name, column(description, name)?, n_per_latent)?))
        .collect::<Result<_, Error>>()?;
    let (n_latents, in_channels) = (latents.len(), network.architecture().in_channels);
    let beside_step = n_latents.saturating_mul(n_per_latent).saturating_mul(2).saturating_add(1);
    let rest = in_channels.checked_sub(beside_step).filter(|rest| rest % 2 == 0);
    let found = rest.map(|rest| rest / 2);
    let asked = description.n_current_frequencies;
    let n_current_frequencies = found.filter(|found| asked.is_none_or(|asked| asked == *found));
    let Some(n_current_frequencies) = n_current_frequencies else {
        let of_step = asked.map_or_else(|| "2 per frequency".to_owned(), |n| format!("2·{n}"));
        let what = format!(
            "the network takes {in_channels} channels, but 1 for the stimulus, {of_step} for the amplitude and \
             2·{n_per_latent} for each of {n_latents} latent features do not add up to it"
        );
        return Err(Error::usage(
            what,
            "correct --current-frequencies, --latent-frequencies or --channel-order",
        ));
    };
    Ok(InputEncoding {
        current_unit_na: description.current_unit_na,
        n_current_frequencies,
        latents,
        rhythm: None,
    })
}

#[cfg(test)]
mod tests {
    use noble_operator::{Architecture, Initialization};

    use super::*;

    fn description() -> OperatorDescription {
        let latent_order = ["s_thr_hz_per_na", "i_thr_na"].map(str::to_owned).to_vec();
        let text = b"seed,hof,slope,intercept\n1,0,750,0.0165\n1,2,800,0.0174\n2,1,770,0.0150\n";
        OperatorDescription {
            table: LatentTable::read_csv(text, &latent_order).unwrap(),
            latent_order,
            n_current_frequencies: None,
            n_latent_frequencies: 1,
            current_unit_na: 0.1,
            output: VoltageOutput::VOLTS,
            grid: TimeGrid::new(0.0, 0.06, 8583).unwrap(),
            stimulus: StepTiming { delay_ms: 15.0, duration_ms: 400.0 },
            steps: StepRange { lowest_na: -0.11, highest_na: 0.28 },
            sampling: (Sampling::LowPass, 3),
            test_models: vec![2],
            provenance: "a test".to_owned(),
        }
    }

    fn network(in_channels: usize) -> Network {
        Network::new(&Architecture::new(in_channels, 4, 1, 4), Initialization::default(), 1).unwrap()
    }

    #[test]
    fn analytic_published_channels() {
        let operator = describe(network(23), &description()).unwrap();
        let card = operator.card();
        assert_eq!(card.input.n_current_frequencies, 9);
        assert_eq!(
            card.channel_order[19..],
            ["s_thr_hz_per_na.sin0", "s_thr_hz_per_na.cos0", "i_thr_na.sin0", "i_thr_na.cos0"]
        );
        assert_eq!((card.train_models.clone(), card.test_models.clone()), (vec![0, 21], vec![2]));
        assert!((card.input.latents[0].min - 750.0).abs() < 1e-12);
        assert!((card.sampling.dt_ms - 0.02).abs() < 1e-12);
        let bytes = operator.to_bytes().unwrap();
        assert_eq!(NetworkFile::read(&bytes).unwrap(), NetworkFile::Operator(Box::new(operator)));
    }

    /// One thing made wrong.
    type Change = fn(&mut OperatorDescription);

    #[test]
    fn invariant_contradictions_are_named() {
        let message = |channels: usize, change: Change| {
            let mut description = description();
            change(&mut description);
            describe(network(channels), &description).unwrap_err().to_string()
        };
        let cases: [(usize, Change, &str); 6] = [
            (22, |_| (), "the network takes 22 channels"),
            (3, |_| (), "the network takes 3 channels"),
            (23, |d| d.n_current_frequencies = Some(11), "2·11 for the amplitude"),
            (23, |d| d.latent_order[0] = "sag_mv".to_owned(), "no latent feature sag_mv"),
            (23, |d| d.test_models = vec![7], "model 7 is not among the 3 models"),
            (23, |d| d.stimulus.duration_ms = 600.0, "stimulus is StepTiming"),
        ];
        for (channels, change, expected) in cases {
            let message = message(channels, change);
            assert!(message.contains(expected), "{message} lacks {expected}");
        }
    }
}
