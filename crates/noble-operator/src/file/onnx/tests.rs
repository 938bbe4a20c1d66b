//! The written file judged: read back, run in double precision by a small interpreter, compared with the network.

use std::collections::{BTreeMap, HashMap};

use super::network::n_modes;
use crate::{Architecture, Error, Initialization, Network, NetworkPlan, SampleInput, predict_batch};

/// Relative L2 between the interpreted file and the network in double precision: the file's matrices are rounded to
/// single precision once, 3e-8 each.
const JUDGE_REL_L2: f64 = 3e-7;
/// Relative L2 between the interpreted file and the single-precision kernels.
const PLAN_REL_L2: f64 = 3e-6;

/// A field of a message: its number, and a whole number or bytes.
enum Field<'b> {
    Number(u64, u64),
    Bytes(u64, &'b [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

fn fields(mut bytes: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = varint(&mut bytes);
        if key & 7 == 0 {
            fields.push(Field::Number(key >> 3, value));
        } else {
            assert_eq!(key & 7, 2);
            let (content, rest) = bytes.split_at(value as usize);
            fields.push(Field::Bytes(key >> 3, content));
            bytes = rest;
        }
    }
    fields
}

/// All byte fields of one number.
fn parts(bytes: &[u8], wanted: u64) -> Vec<&[u8]> {
    let part = |field| match field {
        Field::Bytes(number, content) if number == wanted => Some(content),
        _ => None,
    };
    fields(bytes).into_iter().filter_map(part).collect()
}

fn numbers(bytes: &[u8], wanted: u64) -> Vec<u64> {
    let part = |field| match field {
        Field::Number(number, value) if number == wanted => Some(value),
        _ => None,
    };
    fields(bytes).into_iter().filter_map(part).collect()
}

fn text(bytes: &[u8], wanted: u64) -> String {
    String::from_utf8(parts(bytes, wanted)[0].to_vec()).unwrap()
}

#[derive(Debug, Clone)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    fn of_tensor(tensor: &[u8]) -> Self {
        let shape: Vec<usize> = numbers(tensor, 1).into_iter().map(|len| len as usize).collect();
        let raw = parts(tensor, 9)[0];
        let values: Vec<f64> = match numbers(tensor, 2)[..] {
            [1] => raw.as_chunks().0.iter().map(|c| f64::from(f32::from_le_bytes(*c))).collect(),
            [7] => raw.as_chunks().0.iter().map(|c| i64::from_le_bytes(*c) as f64).collect(),
            _ => panic!("element type"),
        };
        assert_eq!(values.len(), shape.iter().product::<usize>());
        Self { shape, values }
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self { shape: self.shape.clone(), values: self.values.iter().map(|v| f(*v)).collect() }
    }

    /// Value at an index whose axes of length one are repeated, missing leading axes included.
    fn at(&self, index: &[usize]) -> f64 {
        let index = &index[index.len() - self.shape.len()..];
        let place = self.shape.iter().zip(index).fold(0, |place, (len, i)| place * len + i % len);
        self.values[place]
    }

    fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let shape = broadcast(&self.shape, &other.shape);
        let values = indices(&shape).map(|i| f(self.at(&i), other.at(&i))).collect();
        Self { shape, values }
    }

    fn matmul(&self, other: &Self) -> Self {
        let (a, b) = (self.shape.len(), other.shape.len());
        let (rows, inner, columns) = (self.shape[a - 2], self.shape[a - 1], other.shape[b - 1]);
        assert_eq!(inner, other.shape[b - 2]);
        let mut shape = broadcast(&self.shape[..a - 2], &other.shape[..b - 2]);
        let stacks: Vec<Vec<usize>> = indices(&shape).collect();
        shape.extend([rows, columns]);
        let mut values = Vec::new();
        let offset = |array: &Self, stack: &[usize]| {
            let axes = &array.shape[..array.shape.len() - 2];
            let stack = &stack[stack.len() - axes.len()..];
            axes.iter().zip(stack).fold(0, |place, (len, i)| place * len + i % len)
        };
        for stack in &stacks {
            let left = &self.values[offset(self, stack) * rows * inner..][..rows * inner];
            let right = &other.values[offset(other, stack) * inner * columns..][..inner * columns];
            for row in left.chunks_exact(inner) {
                let sum = |j| row.iter().enumerate().map(|(k, v)| v * right[k * columns + j]).sum::<f64>();
                values.extend((0..columns).map(sum));
            }
        }
        Self { shape, values }
    }

    fn reshape(&self, wanted: &Self) -> Self {
        let len = |(axis, len): (usize, &f64)| if *len == 0.0 { self.shape[axis] } else { *len as usize };
        let shape: Vec<usize> = wanted.values.iter().enumerate().map(len).collect();
        assert_eq!(shape.iter().product::<usize>(), self.values.len());
        Self { shape, values: self.values.clone() }
    }

    fn transpose(&self, order: &[u64]) -> Self {
        let shape: Vec<usize> = order.iter().map(|axis| self.shape[*axis as usize]).collect();
        let mut from = vec![0; order.len()];
        let values = indices(&shape)
            .map(|index| {
                order.iter().zip(&index).for_each(|(axis, i)| from[*axis as usize] = *i);
                self.at(&from)
            })
            .collect();
        Self { shape, values }
    }

    /// Mean over all axes but the first.
    fn mean(&self) -> Self {
        let n = self.values.len() / self.shape[0];
        let values: Vec<f64> =
            self.values.chunks_exact(n).map(|part| part.iter().sum::<f64>() / n as f64).collect();
        Self { shape: vec![self.shape[0], 1, 1], values }
    }
}

fn broadcast(a: &[usize], b: &[usize]) -> Vec<usize> {
    let n = a.len().max(b.len());
    let len = |shape: &[usize], axis: usize| {
        if axis + shape.len() < n { 1 } else { shape[axis + shape.len() - n] }
    };
    (0..n)
        .map(|axis| {
            let (a, b) = (len(a, axis), len(b, axis));
            assert!(a == b || a == 1 || b == 1, "{a} against {b}");
            a.max(b)
        })
        .collect()
}

fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    (0..shape.iter().product::<usize>()).map(move |mut place| {
        let mut index = vec![0; shape.len()];
        for (i, len) in index.iter_mut().zip(shape).rev() {
            *i = place % len;
            place /= len;
        }
        index
    })
}

/// The output `y` of a model file for `x`.
fn run(file: &[u8], x: Array) -> Array {
    let graph = parts(file, 7)[0];
    let mut arrays: HashMap<String, Array> =
        parts(graph, 5).into_iter().map(|tensor| (text(tensor, 8), Array::of_tensor(tensor))).collect();
    arrays.insert("x".to_owned(), x);
    for node in parts(graph, 1) {
        let inputs: Vec<&Array> =
            parts(node, 1).into_iter().map(|name| &arrays[std::str::from_utf8(name).unwrap()]).collect();
        let attributes = parts(node, 5);
        let result = match (text(node, 4).as_str(), &inputs[..]) {
            ("MatMul", [a, b]) => a.matmul(b),
            ("Add", [a, b]) => a.zip(b, |a, b| a + b),
            ("Sub", [a, b]) => a.zip(b, |a, b| a - b),
            ("Mul", [a, b]) => a.zip(b, |a, b| a * b),
            ("Div", [a, b]) => a.zip(b, |a, b| a / b),
            ("Sqrt", [a]) => a.map(f64::sqrt),
            ("Gelu", [a]) => {
                assert_eq!(text(attributes[0], 4), "none");
                a.map(|v| v * 0.5 * libm::erfc(-v / std::f64::consts::SQRT_2))
            }
            ("Reshape", [a, shape]) => a.reshape(shape),
            ("Transpose", [a]) => a.transpose(&numbers(attributes[0], 8)),
            ("ReduceMean", [a, axes]) => {
                assert_eq!((axes.values[0] as i64, axes.values[1] as i64), (1, 2));
                a.mean()
            }
            (other, inputs) => panic!("{other} of {} inputs", inputs.len()),
        };
        assert!(arrays.insert(text(node, 2), result).is_none(), "a name is taken twice");
    }
    arrays.remove("y").unwrap()
}

fn network(n_layers: usize, n_modes: usize, group_norm: bool) -> Network {
    let architecture = Architecture { group_norm, ..Architecture::new(2, 5, n_layers, n_modes) };
    let mut network = Network::new(&architecture, Initialization::UnitVariance, 4).unwrap();
    for (i, value) in network.values_mut().iter_mut().enumerate() {
        *value += 0.1 * ((i * 37 % 101) as f32 / 101.0 - 0.5);
    }
    network
}

fn rel_l2(values: &[f64], exact: impl Iterator<Item = f64>) -> f64 {
    let (error, norm) = values
        .iter()
        .zip(exact)
        .fold((0.0, 0.0), |(error, norm), (v, e)| (error + (v - e) * (v - e), norm + e * e));
    f64::sqrt(error / norm)
}

fn check(network: &Network, n: usize) {
    let x: Vec<f32> = (0..2 * 2 * n).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
    let wide: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let y = run(&network.to_onnx(n).unwrap(), Array { shape: vec![2, 2, n], values: wide.clone() });
    assert_eq!(y.shape, [2, 1, n]);
    let parameters: Vec<f64> = network.values().iter().map(|v| f64::from(*v)).collect();
    let judge = wide.chunks_exact(2 * n).flat_map(|x| crate::naive::forward(network, &parameters, x, n));
    let rel = rel_l2(&y.values, judge);
    assert!(rel <= JUDGE_REL_L2, "{n} samples against the judge: {rel:e}");
    let plan = NetworkPlan::new(network, n).unwrap();
    let inputs: Vec<SampleInput<'_>> = x.chunks_exact(2 * n).map(SampleInput::Channels).collect();
    let rel = rel_l2(&y.values, predict_batch(&plan, &inputs).into_iter().map(f64::from));
    assert!(rel <= PLAN_REL_L2, "{n} samples against the plan: {rel:e}");
}

#[test]
fn analytic_interpreted_models_agree_with_the_network() {
    for (i, (n, n_modes)) in [(2, 4), (16, 6), (17, 7), (20, 64), (43, 64), (61, 8)].into_iter().enumerate() {
        check(&network(1 + i % 3, n_modes, i % 2 == 1), n);
    }
}

#[test]
fn invariant_models_are_deterministic_and_say_what_they_are() {
    let operator = network(2, 6, true);
    assert_eq!(operator.to_onnx(16).unwrap(), operator.to_onnx(16).unwrap());
    let file = super::model(&operator, 16, &BTreeMap::from([("step_ms".to_owned(), "0.5".to_owned())]));
    let file = file.unwrap();
    let entry = parts(&file, 14)[0];
    assert_eq!((text(entry, 1).as_str(), text(entry, 2).as_str()), ("step_ms", "0.5"));
    assert_eq!(numbers(&file, 1), [9]);
    assert_eq!(numbers(parts(&file, 8)[0], 2), [20]);
}

#[test]
fn invariant_sizes_beyond_the_format_are_named() {
    let small = network(1, 64, false);
    assert_eq!(n_modes(&small, 9), 5);
    assert!(matches!(small.to_onnx(0), Err(Error::TimeGrid { .. })));
    assert!(matches!(small.to_onnx(1 << 25), Err(Error::TimeGrid { .. })));
    let message = small.to_onnx(1 << 24).unwrap_err().to_string();
    assert!(message.contains("above the format's 2147483647; give fewer samples"), "{message}");
}
