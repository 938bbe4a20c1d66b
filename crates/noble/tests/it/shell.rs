//! What the shell, `man` and the user are told of the program itself.

use crate::command::Folder;

#[test]
fn invariant_doctor_finds_everything_as_it_should_be() {
    let folder = Folder::new("doctor");
    let output = folder.run("doctor --threads 1");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    for row in ["version", "instructions", "embedded operator", "simulator", "features", "self-test"] {
        assert!(stdout.contains(row), "{row}: {stdout}");
    }
    assert!(stderr.contains("everything is as it should be"), "{stderr}");
}

#[test]
fn invariant_shells_and_man_know_every_command() {
    let folder = Folder::new("shell");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = folder.done(&format!("completions {shell}"));
        assert!(text.contains("steps-per-validation") && text.contains("explore"), "{shell}");
    }
    assert!(folder.done("manual").contains("noble\\-predict(1)"));
    folder.done("manual --out pages");
    let page = String::from_utf8(std::fs::read(folder.path("pages/noble-train.1")).unwrap()).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH noble-train 1"), "{page}");
    assert!(page.contains("\\-\\-steps\\-per\\-validation"), "{page}");
}
