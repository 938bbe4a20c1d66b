//! Shards of one task, and what they are together.

use std::path::Path;

use crate::command::{Folder, bytes};

const GENERATE: &str = "generate --models 0,1,2,3 --validation-models 1 --test-models 1 --traces-per-model 5 \
                        --held-out 0.2 --traces-per-shard 3 --total-ms 60 --delay-ms 5 --duration-ms 50 --every 10 \
                        --axon keep --out dataset";
const SIMULATE: &str = "simulate --models 4,1 --step-na=-0.1,0.1,0.2 --total-ms 20 --delay-ms 5 --duration-ms 10 \
                        --record v_mv@dend[0](0.5) --out traces.npz";

/// Every file below a folder, by path.
fn files_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = files_of(&entry.path()).into_iter();
            files.extend(inner.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            files.push((name, bytes(&entry.path())));
        }
    }
    files.sort();
    files
}

fn assert_same_files(one: &Path, other: &Path) {
    let (one, other) = (files_of(one), files_of(other));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{name} differs");
    }
}

/// A folder in which every shard of a command has been made.
fn sharded(name: &str, line: &str, n_shards: usize) -> Folder {
    let folder = Folder::new(name);
    for index in 1..=n_shards {
        folder.done(&format!("{line} --shard {index}/{n_shards} --threads {index}"));
    }
    folder
}

#[test]
fn invariant_merged_shards_are_the_dataset_of_one_process() {
    let folder = sharded("cluster-dataset", GENERATE, 3);
    let parts: Vec<_> = (1..=3).map(|index| folder.path(&format!("dataset.shard-{index}-of-3"))).collect();
    let before: Vec<_> = parts.iter().map(|part| files_of(part)).collect();
    folder.done("merge dataset.shard-1-of-3 dataset.shard-3-of-3 dataset.shard-2-of-3 --out merged");
    assert_eq!(parts.iter().map(|part| files_of(part)).collect::<Vec<_>>(), before, "parts stay as they are");
    folder.done(GENERATE);
    let names: Vec<String> = files_of(&folder.path("dataset")).into_iter().map(|(name, _)| name).collect();
    let count = |start| names.iter().filter(|name| name.starts_with(start)).count();
    assert_eq!([count("shard-"), count("excitability/"), names.len()], [7, 4, 12], "{names:?}");
    assert_same_files(&folder.path("dataset"), &folder.path("merged"));
    let message = folder.refused("merge dataset.shard-1-of-3 --out merged");
    assert!(message.contains("merged exists"), "{message}");
    let message = folder.refused("train --dataset dataset.shard-1-of-3");
    assert!(message.contains("holds shard 1/3 of a dataset\nhint: put all of them together"), "{message}");
}

#[test]
fn invariant_merged_shards_are_the_sweeps_of_one_process() {
    for n_shards in [1, 4] {
        let folder = sharded(&format!("cluster-sweeps-{n_shards}"), SIMULATE, n_shards);
        let parts: Vec<String> =
            (1..=n_shards).rev().map(|index| format!("traces.shard-{index}-of-{n_shards}.npz")).collect();
        folder.done(&format!("merge {} --out merged.npz", parts.join(" ")));
        folder.done(SIMULATE);
        assert!(bytes(&folder.path("merged.npz")) == bytes(&folder.path("traces.npz")));
        let n_before = bytes(&folder.path("traces.npz")).len();
        let message = folder.refused(&format!("merge {} --out traces.npz", parts.join(" ")));
        assert!(message.contains("traces.npz exists"), "{message}");
        assert_eq!(bytes(&folder.path("traces.npz")).len(), n_before);
        folder.done(&format!("extract {} --features voltage_base", parts[0]));
    }
}

#[test]
fn invariant_parts_that_do_not_make_a_dataset_are_named() {
    let folder = sharded("cluster-dataset-parts", GENERATE, 4);
    let check = |parts: &str, expected: &str| {
        let message = folder.refused(&format!("merge {parts} --out merged"));
        assert!(message.contains(expected), "{parts}: {message}");
        assert!(folder.names().iter().all(|name| !name.contains("merged")), "{parts} left something behind");
    };
    let [one, two, three, four] = ["1", "2", "3", "4"].map(|index| format!("dataset.shard-{index}-of-4"));
    check(
        &format!("{one} {two} {three}"),
        "shard-00003.h5 of 7 is in no part\nhint: run --shard 4/4 with --resume",
    );
    check(
        &format!("{one} {four}"),
        "shard-00001.h5 of 7 is in no part, nor are 3 others\nhint: run --shard 2/4, --shard 3/4 with --resume",
    );
    check(&format!("{one} {two} {three} {three} {four}"), "are both shard 3/4\nhint: name one of them");
    check("absent", "absent does not exist");
    folder.write("notes.txt", "x");
    check("notes.txt", "notes.txt is not part of a dataset or sweeps");

    folder.done(&format!("{GENERATE} --seed 2 --shard 4/4").replace("--out dataset", "--out other"));
    check(
        &format!("{one} {two} {three} other.shard-4-of-4"),
        "dataset.shard-1-of-4 and other.shard-4-of-4 have other settings",
    );
    folder.done(&format!("{GENERATE} --shard 2/2"));
    check(&format!("{one} dataset.shard-2-of-2"), "merge parts of the same number of shards");

    let all = format!("{one} {two} {three} {four}");
    let file = folder.path("dataset.shard-4-of-4/shard-00003.h5");
    let mut changed = bytes(&file);
    changed[100] ^= 1;
    std::fs::write(&file, changed).unwrap();
    check(&all, "dataset.shard-4-of-4/shard-00003.h5: dataset: shard-00003.h5: its ");
    folder.done(&format!("{GENERATE} --shard 4/4 --resume"));
    folder.done(&format!("merge {all} --out merged"));
}

#[test]
fn invariant_parts_that_do_not_make_sweeps_are_named() {
    let folder = sharded("cluster-sweeps-parts", SIMULATE, 3);
    let check = |parts: &str, expected: &str| {
        let message = folder.refused(&format!("merge {parts} --out merged.npz"));
        assert!(message.contains(expected), "{parts}: {message}");
        assert!(!folder.path("merged.npz").exists());
    };
    let [one, two, three] = ["1", "2", "3"].map(|index| format!("traces.shard-{index}-of-3.npz"));
    check(&format!("{one} {three}"), "1 of 3 shards are in no part\nhint: run --shard 2/3");
    check(&format!("{one} {two} {two} {three}"), "are both shard 2/3");
    let foreign = |options: &str, expected: &str| {
        folder.done(
            &format!("{SIMULATE} --shard 2/3 {options}").replace("--out traces.npz", "--out other.npz"),
        );
        check(&format!("{one} other.shard-2-of-3.npz {three}"), expected);
    };
    foreign("--axon keep", "have other cells, drives or settings");
    foreign("--every 4", "have other time_ms");
    foreign("--dt-ms 0.01 --every 6", "have other cells, drives or settings");
    std::fs::write(folder.path(&two), &bytes(&folder.path(&two))[..200]).unwrap();
    check(&format!("{one} {two} {three}"), "traces.shard-2-of-3.npz: npz file: ");
}

#[test]
fn invariant_shards_that_cannot_be_are_refused() {
    let folder = Folder::new("cluster-refused");
    let check = |line: &str, shard: &str, expected: &str| {
        let message = folder.refused(&format!("{line} --shard {shard}"));
        assert!(message.contains(expected), "{shard}: {message}");
        assert_eq!(folder.names(), Vec::<String>::new());
    };
    for line in [GENERATE, SIMULATE] {
        check(line, "0/4", "there is no shard 0/4");
        check(line, "5/4", "there is no shard 5/4; shards are counted 1/4 to 4/4");
        check(line, "a/b", "\"a/b\" is not two numbers");
    }
    check(GENERATE, "1/8", "8 shards of 7 files");
    check(SIMULATE, "1/7", "7 shards of 6 sweeps");
    check(GENERATE, "1/2 --mpi", "--shard <I/N>' cannot be used with '--mpi'");
    let message = folder.refused(&format!("{SIMULATE} --resume"));
    assert!(message.contains("--resume continues shares"), "{message}");
}

#[cfg(not(feature = "mpi"))]
#[test]
fn invariant_a_binary_without_mpi_says_how_to_get_one() {
    let folder = Folder::new("cluster-without-mpi");
    for line in [GENERATE, SIMULATE] {
        let message = folder.refused(&format!("{line} --mpi"));
        let expected = "error: this binary was built without MPI\n\
                        hint: build with cargo build --release --features mpi";
        assert!(message.contains(expected), "{message}");
        assert_eq!(folder.names(), Vec::<String>::new());
    }
}

#[test]
fn invariant_resumed_sweeps_keep_what_is_whole() {
    let folder = sharded("cluster-sweeps-resumed", SIMULATE, 2);
    let [one, two] = ["1", "2"].map(|index| folder.path(&format!("traces.shard-{index}-of-2.npz")));
    let before = bytes(&two);
    std::fs::write(&two, &before[..100]).unwrap();
    let changed = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
    let kept = changed(&one);
    for index in 1..=2 {
        folder.done(&format!("{SIMULATE} --shard {index}/2 --resume"));
    }
    assert_eq!(changed(&one), kept, "a whole share is kept");
    assert!(bytes(&two) == before);
    folder.done(&format!("{SIMULATE} --shard 1/2 --resume --axon keep"));
    assert_ne!(changed(&one), kept, "a share of something else is not");
}

/// A disk that is full after its first file, by a limit on the length of files.
#[cfg(unix)]
#[test]
fn invariant_a_full_disk_is_an_error_after_which_a_shard_resumes() {
    let folder = Folder::new("cluster-full");
    let line = format!("{GENERATE} --every 1 --shard 1/2").replace("--every 10", "");
    let part = folder.path("dataset.shard-1-of-2");
    folder.done(&line);
    let whole = files_of(&part);
    let length = |name: &str| std::fs::metadata(part.join(name)).unwrap().len();
    std::fs::remove_file(part.join("shard-00004.h5")).unwrap();
    let n_blocks = 10;
    assert!(length("manifest.json") < n_blocks * 512 && length("shard-00000.h5") > n_blocks * 512);
    let limited = format!("trap '' XFSZ; ulimit -f {n_blocks}; exec \"$0\" \"$@\"");
    let arguments: Vec<String> = format!("{line} --resume").split_whitespace().map(str::to_owned).collect();
    let output = std::process::Command::new("sh")
        .current_dir(folder.path("."))
        .args(["-c", &limited, env!("CARGO_BIN_EXE_noble")])
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let expected = "error: dataset.shard-1-of-2/shard-00004.h5: cannot be written: ";
    assert!(stderr.contains(expected), "{stderr}");
    let left: Vec<String> = files_of(&part).into_iter().map(|(name, _)| name).collect();
    assert!(left.contains(&"shard-00002.h5".to_owned()) && !left.contains(&"shard-00004.h5".to_owned()));
    folder.done(&format!("{line} --resume"));
    assert!(files_of(&part) == whole);
}
