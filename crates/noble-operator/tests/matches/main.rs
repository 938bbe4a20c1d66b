//! Agreement with the `neuraloperator` package, number by number, on every reference case at hand.

mod arrays;
mod fields;
mod networks;

use noble_reference::{Case, Tally, case_folders, roots};

const AREA: &str = "neuralop";

type Check = fn(&Case, &mut Tally);

#[test]
fn matches_neuralop() {
    let mut tally = Tally::new();
    for case in case_folders(AREA) {
        networks::check(&case, &mut tally);
        tally.case();
    }
    for root in roots() {
        let area = Case::at(&root, AREA);
        if !area.folder.is_dir() {
            continue;
        }
        let checks: [(&str, Check); 4] = [
            ("losses.safetensors", fields::check_losses),
            ("adamw.safetensors", fields::check_adamw),
            ("plateau.json", fields::check_plateau),
            ("embeddings.safetensors", fields::check_embeddings),
        ];
        for (file, check) in checks {
            if area.folder.join(file).is_file() {
                check(&area, &mut tally);
                tally.case();
            }
        }
    }
    tally.finish();
}
