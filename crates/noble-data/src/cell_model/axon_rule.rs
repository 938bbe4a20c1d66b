//! What becomes of the reconstructed axon.

use std::borrow::Cow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Text before the two diameters of [`AxonRule::Stub`].
const STUB_PREFIX: &str = "stub:";

/// Reconstructions rarely hold a whole axon, so published fits replace it by a short stub; which one is part of
/// the fit.
///
/// Every stub is two sections in series, 30 µm long, one segment each. In files and on the command line a rule is
/// text: `keep`, `peri`, `stub1`, `bpo`, or `stub:D1,D2`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AxonRule {
    /// The axon stays as it was traced.
    Keep,
    /// Stub 1 µm wide at the middle of the soma.
    Peri,
    /// Stub 1 µm wide at the far end of the soma.
    Stub1,
    /// Stub at the far end of the soma, as wide as the traced axon.
    ///
    /// The first section has the diameter in the middle of the first traced section of the axon; the second that of
    /// the first traced section whose middle lies more than 60 µm from the near end of the soma, along the tree. A
    /// cell without axon gets 1 µm.
    Bpo,
    /// Stub of given widths at the far end of the soma.
    Stub {
        /// Diameters of the near and the far section, greater than zero.
        diameters_um: [f64; 2],
    },
}

impl AxonRule {
    /// The rules that a word names; `stub:D1,D2` is the other.
    const NAMED: [(&'static str, Self); 4] =
        [("keep", Self::Keep), ("peri", Self::Peri), ("stub1", Self::Stub1), ("bpo", Self::Bpo)];

    /// Name as written in files and on the command line.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Keep => Cow::Borrowed("keep"),
            Self::Peri => Cow::Borrowed("peri"),
            Self::Stub1 => Cow::Borrowed("stub1"),
            Self::Bpo => Cow::Borrowed("bpo"),
            Self::Stub { diameters_um: [near, far] } => Cow::Owned(format!("{STUB_PREFIX}{near},{far}")),
        }
    }

    /// The rule of a name.
    ///
    /// # Errors
    /// [`Error::AxonRule`] when the text names no rule, or the diameters are not two finite numbers greater than
    /// zero.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        if let Some((_, rule)) = Self::NAMED.into_iter().find(|(known, _)| *known == name) {
            return Ok(rule);
        }
        let wrong = || Error::AxonRule { given: name.to_owned() };
        let (near, far) =
            name.strip_prefix(STUB_PREFIX).and_then(|widths| widths.split_once(',')).ok_or_else(wrong)?;
        let diameter_um = |text: &str| {
            let value = text.trim().parse().ok();
            value.filter(|value: &f64| value.is_finite() && *value > 0.0).ok_or_else(wrong)
        };
        Ok(Self::Stub { diameters_um: [diameter_um(near)?, diameter_um(far)?] })
    }
}

impl FromStr for AxonRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_name(text)
    }
}

impl TryFrom<String> for AxonRule {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::from_name(&text)
    }
}

impl From<AxonRule> for String {
    fn from(rule: AxonRule) -> Self {
        rule.name().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_rules_come_back_from_their_names() {
        let widths = [[1.38, 0.92], [0.1 + 0.2, 1e-3], [5.0, 1e300]];
        let stubs = widths.map(|diameters_um| AxonRule::Stub { diameters_um });
        for rule in AxonRule::NAMED.into_iter().map(|(_, rule)| rule).chain(stubs) {
            assert_eq!(AxonRule::from_name(&rule.name()).unwrap(), rule);
            let json = serde_json::to_string(&rule).unwrap();
            assert_eq!(json, format!("\"{}\"", rule.name()));
            assert_eq!(serde_json::from_str::<AxonRule>(&json).unwrap(), rule);
        }
        assert_eq!(
            "stub:1.38, 0.92".parse::<AxonRule>().unwrap(),
            AxonRule::Stub { diameters_um: [1.38, 0.92] }
        );
    }

    #[test]
    fn analytic_other_text_is_an_error_with_remedy() {
        for text in
            ["", "Keep", "stub", "stub:", "stub:1", "stub:1,2,3", "stub:0,1", "stub:1,-1", "stub:nan,1"]
        {
            let message = AxonRule::from_name(text).unwrap_err().to_string();
            assert!(message.starts_with(&format!("axon rule {text:?}")), "{message}");
            assert!(message.ends_with("diameters in µm greater than zero"), "{message}");
        }
    }
}
