//! How much an NPZ file unpacks to, before anything of it is unpacked.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::npz::wrong;
use crate::Error;

/// Bytes that the arrays of one file may take unpacked, if nothing else is said.
pub const MOST_NPZ_BYTES: u64 = 1 << 33;

/// Bytes of an array's header that are read; NumPy's own stay below a hundred.
const MOST_HEADER_BYTES: u64 = 4096;

const REMEDY: &str = "write the file anew, such as with numpy.savez";

/// Checks that the arrays of a file unpack to at most `most_bytes`, and that none states more elements than bytes.
///
/// A reader makes room for what a header states: three hundred bytes could ask for terabytes.
///
/// # Errors
/// [`Error::Array`] naming the array; what is no NPZ file is left to its reader.
pub fn check_npz_size(bytes: &[u8], most_bytes: u64) -> Result<(), Error> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(()) };
    let mut left = most_bytes;
    for idx in 0..archive.len() {
        let Ok(mut entry) = archive.by_index(idx) else { continue };
        let (name, n_bytes) = (entry.name().trim_end_matches(".npy").to_owned(), entry.size());
        left = left.checked_sub(n_bytes).ok_or_else(|| {
            let what = format!("{n_bytes} bytes unpacked, of at most {most_bytes} in a file");
            wrong(&name, &what, "give fewer or shorter sweeps")
        })?;
        let mut header = Vec::new();
        if entry.by_ref().take(MOST_HEADER_BYTES).read_to_end(&mut header).is_err() {
            continue;
        }
        let Some(n_elements) = n_elements(&header) else { continue };
        if n_elements > u128::from(n_bytes) {
            let what = format!("its header states {n_elements} elements, in {n_bytes} bytes");
            return Err(wrong(&name, &what, REMEDY));
        }
    }
    Ok(())
}

/// Elements that the header of an array states, at most `u128::MAX`; none where there is no shape in it.
fn n_elements(header: &[u8]) -> Option<u128> {
    let text = String::from_utf8_lossy(header);
    let (_, shape) = text.split_once("'shape':").or_else(|| text.split_once("\"shape\":"))?;
    let (lengths, _) = shape.split_once('(')?.1.split_once(')')?;
    let lengths = lengths.split(',').map(str::trim).filter(|length| !length.is_empty());
    // A length beyond the type is more than any file holds.
    let length = |text: &str| text.trim_end_matches('L').parse::<u128>().unwrap_or(u128::MAX);
    Some(lengths.map(length).fold(1, u128::saturating_mul))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ndarray::Array2;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::sweeps::{Precision, Sweeps};

    fn file_of(header: &str) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("v_mv.npy", SimpleFileOptions::default()).unwrap();
        let length = u16::try_from(header.len()).unwrap();
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&length.to_le_bytes()).unwrap();
        zip.write_all(header.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn invariant_a_header_that_states_terabytes_is_refused_before_room_is_made() {
        for shape in
            ["(1, 10000000000000)", "(10000000000000,)", "(99999999999999999999999999999999999999999,)"]
        {
            let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
            let message = Sweeps::from_npz(&file_of(&header)).unwrap_err().to_string();
            assert!(message.contains("v_mv") && message.contains("its header states"), "{message}");
        }
        let scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n";
        assert_eq!(check_npz_size(&file_of(scalar), 1000), Ok(()));
    }

    #[test]
    fn invariant_what_unpacks_to_more_than_asked_for_is_refused() {
        let sweeps = Sweeps::new(vec![0.0, 1.0], vec![Some(0.0); 500], Array2::zeros((500, 2))).unwrap();
        let file = sweeps.to_npz(Precision::Double).unwrap();
        assert_eq!(check_npz_size(&file, MOST_NPZ_BYTES), Ok(()));
        let message = check_npz_size(&file, 9000).unwrap_err().to_string();
        assert!(message.contains("of at most 9000 in a file"), "{message}");
    }
}
