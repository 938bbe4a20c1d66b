//! PyTorch files made by hand: sound ones, contradictory ones, hostile ones.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::f32_to_bytes;
use crate::{Architecture, Error, Initialization, Network};

/// A tensor as it lies in the file.
#[derive(Clone)]
struct Stored {
    name: String,
    kind: &'static str,
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn network() -> Network {
    Network::new(&Architecture::new(2, 4, 2, 5), Initialization::UnitVariance, 7).unwrap()
}

fn stored(network: &Network) -> Vec<Stored> {
    let one = |info: &crate::ParameterInfo| Stored {
        name: info.name.clone(),
        kind: if info.is_complex { "ComplexFloatStorage" } else { "FloatStorage" },
        shape: info.shape[..info.shape.len() - usize::from(info.is_complex)].to_vec(),
        values: network.values()[info.span.clone()].to_vec(),
    };
    network.parameters().iter().map(one).collect()
}

fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn number(value: usize) -> Vec<u8> {
    if value < 1 << 31 {
        [b"J", &(value as u32).to_le_bytes()[..]].concat()
    } else {
        [b"\x8a\x08", &(value as u64).to_le_bytes()[..]].concat()
    }
}

fn numbers(values: &[usize]) -> Vec<u8> {
    [b"(".to_vec(), values.iter().flat_map(|value| number(*value)).collect(), b"t".to_vec()].concat()
}

const ORDERED_DICT: &[u8] = b"ccollections\nOrderedDict\n)R";

/// A call that rebuilds a tensor in a storage.
fn tensor(kind: &str, key: &str, shape: &[usize]) -> Vec<u8> {
    let stride = |axis: usize| shape[axis + 1..].iter().fold(1_usize, |n, len| n.saturating_mul(*len));
    let strides: Vec<usize> = (0..shape.len()).map(stride).collect();
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        format!("ctorch\n{kind}\n").into_bytes(),
        text(key),
        text("cuda:0"),
        number(1),
        b"tQ".to_vec(),
        number(0),
        numbers(shape),
        numbers(&strides),
        b"\x89".to_vec(),
        ORDERED_DICT.to_vec(),
        b"tR".to_vec(),
    ]
    .concat()
}

/// A state dict of tensors and of `more` entries as they come, with the attribute that PyTorch adds.
fn pickle(tensors: &[Stored], more: &[u8]) -> Vec<u8> {
    let mut bytes = [b"\x80\x02", ORDERED_DICT, b"("].concat();
    for (key, one) in tensors.iter().enumerate() {
        bytes.extend(text(&one.name));
        bytes.extend(tensor(one.kind, &key.to_string(), &one.shape));
    }
    bytes.extend_from_slice(more);
    bytes.extend_from_slice(b"u}");
    bytes.extend([text("_metadata"), ORDERED_DICT.to_vec(), b"sb.".to_vec()].concat());
    bytes
}

fn archive(pickle: &[u8], tensors: &[Stored], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    let mut member = |name: &str, bytes: &[u8]| {
        zip.start_file(format!("weights/{name}"), options).unwrap();
        zip.write_all(bytes).unwrap();
    };
    member("data.pkl", pickle);
    member("version", b"3\n");
    for (key, one) in tensors.iter().enumerate() {
        member(&format!("data/{key}"), &f32_to_bytes(&one.values));
    }
    zip.finish().unwrap().into_inner()
}

fn file(tensors: &[Stored], more: &[u8]) -> Vec<u8> {
    archive(&pickle(tensors, more), tensors, CompressionMethod::Stored)
}

/// The entry `_metadata` with arguments as the package writes them, and some changed.
fn metadata(changes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut arguments = vec![
        ("n_modes", numbers(&[5])),
        ("in_channels", number(2)),
        ("out_channels", number(1)),
        ("hidden_channels", number(4)),
        ("n_layers", number(2)),
        ("norm", b"N".to_vec()),
        ("lifting_channel_ratio", number(2)),
        ("projection_channel_ratio", number(4)),
        ("channel_mlp_expansion", [b"G", &0.5_f64.to_be_bytes()[..]].concat()),
        ("positional_embedding", text("grid")),
        ("non_linearity", b"ctorch._C._nn\ngelu\n".to_vec()),
        ("fno_skip", text("linear")),
        ("channel_mlp_skip", text("soft-gating")),
        ("stabilizer", b"N".to_vec()),
        ("preactivation", b"\x89".to_vec()),
        ("conv_module", b"cneuralop.layers.spectral_convolution\nSpectralConv\n".to_vec()),
    ];
    for (name, value) in changes {
        match arguments.iter_mut().find(|(own, _)| own == name) {
            Some(argument) => argument.1.clone_from(value),
            None => arguments.push((name, value.clone())),
        }
    }
    let entries: Vec<u8> =
        arguments.iter().flat_map(|(name, value)| [text(name), value.clone()].concat()).collect();
    [text("_metadata"), b"}(".to_vec(), entries, b"u".to_vec()].concat()
}

fn message(bytes: &[u8]) -> String {
    Network::from_pth(bytes).unwrap_err().to_string()
}

#[test]
fn analytic_state_dicts_give_the_network() {
    let network = network();
    let tensors = stored(&network);
    assert_eq!(Network::from_pth(&file(&tensors, &metadata(&[]))).unwrap(), network);
    let without = Network::from_pth(&file(&tensors, b"")).unwrap();
    assert_eq!((without.values(), without.architecture().n_modes), (network.values(), 4));
    let mut pairs = tensors.clone();
    for one in pairs.iter_mut().filter(|one| one.kind == "ComplexFloatStorage") {
        one.kind = "FloatStorage";
        one.shape.push(2);
    }
    assert_eq!(Network::from_pth(&file(&pairs, &metadata(&[]))).unwrap(), network);
    let mut older = tensors;
    for one in &mut older {
        one.name = format!("module.{}", one.name.replace("channel_mlp", "mlp"));
    }
    assert_eq!(Network::from_pth(&file(&older, &metadata(&[]))).unwrap(), network);
}

#[test]
fn invariant_contradictions_of_the_metadata_are_named() {
    let tensors = stored(&network());
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("n_modes", numbers(&[6]), "states n_modes 6, the network here has 3 stored modes"),
        ("n_layers", number(3), "states n_layers 3, the network here has 2"),
        ("in_channels", number(23), "states in_channels 23, the network here has 2"),
        ("hidden_channels", number(24), "states hidden_channels 24"),
        ("projection_channel_ratio", number(2), "states projection_channel_ratio 2, the network here has 16"),
        (
            "channel_mlp_expansion",
            number(1),
            "states channel_mlp_expansion 1, the network here has 2 channels",
        ),
        ("norm", text("group_norm"), "states norm group_norm, the network here has None"),
        ("non_linearity", b"ctorch._C._nn\nsilu\n".to_vec(), "states non_linearity torch._C._nn silu"),
        (
            "positional_embedding",
            b"N".to_vec(),
            "states positional_embedding None, the network here has grid",
        ),
        ("stabilizer", text("tanh"), "states stabilizer tanh"),
        ("preactivation", b"\x88".to_vec(), "states preactivation true"),
        ("factorization", text("tucker"), "states factorization tucker"),
    ];
    for (name, value, expected) in cases {
        let message = message(&file(&tensors, &metadata(&[(name, value)])));
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}

#[test]
fn invariant_wrong_tensors_are_named() {
    let sound = stored(&network());
    let error = |change: fn(&mut Vec<Stored>)| {
        let mut tensors = sound.clone();
        change(&mut tensors);
        Network::from_pth(&file(&tensors, b"")).unwrap_err()
    };
    let nan = error(|tensors| tensors[0].values[2] = f32::NAN);
    assert!(matches!(&nan, Error::NotFinite { name, index: 2, .. } if name == "fno_blocks.convs.0.bias"));
    let infinite = error(|tensors| tensors[1].values[9] = f32::NEG_INFINITY);
    assert!(matches!(infinite, Error::NotFinite { index: 9, .. }), "{infinite}");
    let missing = error(|tensors| _ = tensors.remove(5));
    assert!(matches!(missing, Error::MissingTensor { .. }), "{missing}");
    let more = error(|tensors| {
        let mut more = tensors[0].clone();
        more.name = "fno_blocks.convs.9.bias".to_owned();
        tensors.push(more);
    });
    assert!(matches!(&more, Error::UnexpectedTensor { name } if name == "fno_blocks.convs.9.bias"));
    let twice = error(|tensors| tensors.push(tensors[0].clone()));
    assert!(matches!(twice, Error::UnexpectedTensor { .. }), "{twice}");
    let turned = error(|tensors| tensors[0].shape.reverse());
    assert!(matches!(turned, Error::TensorShape { .. }), "{turned}");
    let half = error(|tensors| tensors[0].kind = "HalfStorage");
    assert!(matches!(&half, Error::TensorType { got, .. } if got == "torch HalfStorage"), "{half}");
    assert!(message(&file(&[], b"")).contains("no tensors"));
}

/// Calls, sizes and memory that no network has: each an error at once.
#[test]
fn invariant_hostile_files_are_named() {
    let tensors = stored(&network());
    let call =
        |function: &str| [text("x"), function.as_bytes().to_vec(), b"(X\x02\0\0\0idtR".to_vec()].concat();
    let with = |name: &str, value: Vec<u8>| file(&tensors, &[text(name), value].concat());
    let deep = [b"N".to_vec(), vec![0x85; 1 << 20]].concat();
    let many_axes = vec![1_usize; 100];
    let of_storage = |shape: &[usize]| tensor("FloatStorage", "1", shape);
    let shared: Vec<u8> = (0..20).flat_map(|i| [text(&format!("t{i}")), of_storage(&[1])].concat()).collect();
    let mut large = tensors.clone();
    large[1].values = vec![0.0; 100_000];
    let cases = [
        (file(&tensors, &call("cposix\nsystem\n")), "it calls \"posix system\""),
        (file(&tensors, &call("cbuiltins\neval\n")), "which was not run"),
        (with("x", b"X\x01\0\0\0a)R".to_vec()), "what is no function"),
        (with("x", of_storage(&[1 << 40, 1 << 40])), "reaches beyond its storage"),
        (with("x", of_storage(&[1 << 20])), "reaches beyond its storage"),
        (with("x", of_storage(&many_axes)), "described in an unknown way"),
        (with("x", tensor("FloatStorage", "no such key", &[1])), "no such key"),
        (with(&"x".repeat(300), of_storage(&[1])), "a tensor's name has 300 bytes"),
        (with("x", b"h\x05".to_vec()), "memo 5 was never set"),
        (with("x", b"j\xff\xff\xff\xff".to_vec()), "memo 4294967295 was never set"),
        (with("x", b"X\xff\xff\xff\xffab".to_vec()), "more bytes were expected"),
        (with("x", b"\x81".to_vec()), "opcode 0x81 is not part of a state dict"),
        (file(&large, &shared), "tensors share storages more than 8 times"),
        (archive(&vec![b'N'; (1 << 22) + 1], &[], CompressionMethod::Stored), "above 4194304"),
        (archive(&vec![b'N'; 1 << 22], &[], CompressionMethod::Deflated), "is compressed or longer"),
    ];
    for (bytes, expected) in cases {
        let message = message(&bytes);
        assert!(
            message.starts_with("pytorch file: ") && message.contains(expected),
            "{message} lacks {expected}"
        );
        assert!(message.contains("save it again with torch.save(model.state_dict())"), "{message}");
    }
    assert!(Network::from_pth(&with("x", deep)).is_ok(), "depth costs nothing");
    let itself = with("x", b"}q\x01h\x01h\x01s".to_vec());
    assert!(Network::from_pth(&itself).is_ok(), "a dictionary within itself is passed over");
}

#[test]
fn invariant_files_of_old_releases_are_named() {
    let mut old = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
    old.extend([0; 100]);
    let message = Network::from_file_bytes(&old).unwrap_err().to_string();
    assert!(message.contains("the form of PyTorch before 1.6"), "{message}");
    let tensors = stored(&network());
    let mut zip = ZipWriter::new_append(Cursor::new(file(&tensors, b""))).unwrap();
    zip.start_file(
        "weights/byteorder",
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored),
    )
    .unwrap();
    zip.write_all(b"big").unwrap();
    let message = self::message(&zip.finish().unwrap().into_inner());
    assert!(message.contains("not little-endian"), "{message}");
}

#[test]
fn invariant_every_cut_is_an_error() {
    let tensors = stored(&network());
    let whole = pickle(&tensors, &metadata(&[]));
    for len in (0..whole.len()).step_by(7) {
        let cut = archive(&whole[..len], &tensors, CompressionMethod::Stored);
        assert!(matches!(Network::from_pth(&cut), Err(Error::Pth { .. })), "pickle cut at {len}");
    }
    let whole = file(&tensors, &metadata(&[]));
    for len in (0..whole.len()).step_by(97) {
        assert!(matches!(Network::from_pth(&whole[..len]), Err(Error::Pth { .. })), "file cut at {len}");
    }
}
