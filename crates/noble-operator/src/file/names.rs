//! Names of tensors in files of other releases, in those of today.

use crate::NamedTensor;

/// Beginnings of names in older releases of the package, or added by `torch.nn.DataParallel`, and those of today.
const OLDER: [(&str, &str); 3] = [
    ("module.", ""),
    ("fno_blocks.mlp.", "fno_blocks.channel_mlp."),
    ("fno_blocks.mlp_skips.", "fno_blocks.channel_mlp_skips."),
];

/// Tensors under the names of `neuraloperator` 2.0.0.
pub(super) fn current(mut tensors: Vec<NamedTensor>) -> Vec<NamedTensor> {
    tensors.iter_mut().for_each(|tensor| tensor.name = current_name(&tensor.name));
    tensors
}

fn current_name(name: &str) -> String {
    let mut name = name.to_owned();
    for (older, current) in OLDER {
        if let Some(rest) = name.strip_prefix(older) {
            name = format!("{current}{rest}");
        }
    }
    // A skip was a convolution itself before it held one.
    match name.strip_prefix("fno_blocks.fno_skips.").and_then(|rest| rest.strip_suffix(".weight")) {
        Some(layer) if layer.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("fno_blocks.fno_skips.{layer}.conv.weight")
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_older_names_become_those_of_today() {
        let cases = [
            ("module.fno_blocks.mlp.3.fcs.0.bias", "fno_blocks.channel_mlp.3.fcs.0.bias"),
            ("fno_blocks.mlp_skips.11.weight", "fno_blocks.channel_mlp_skips.11.weight"),
            ("fno_blocks.fno_skips.2.weight", "fno_blocks.fno_skips.2.conv.weight"),
            ("fno_blocks.fno_skips.2.conv.weight", "fno_blocks.fno_skips.2.conv.weight"),
            ("lifting.fcs.0.weight", "lifting.fcs.0.weight"),
        ];
        for (older, current) in cases {
            assert_eq!(current_name(older), current);
        }
    }
}
