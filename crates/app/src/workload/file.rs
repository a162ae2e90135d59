//! Reads a workload file, plain or compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// The largest workload, unpacked: some 40 million lines.
const BYTES_MAX: u64 = 2 << 30;

/// The whole file; whether it is compressed is told by its first bytes, not by its name.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = BufReader::with_capacity(64 << 10, File::open(path)?);
    let is_packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let mut text = Vec::new();
    let count = if is_packed {
        MultiGzDecoder::new(file).take(BYTES_MAX).read_to_end(&mut text)?
    } else {
        file.take(BYTES_MAX).read_to_end(&mut text)?
    };
    if count as u64 == BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 2 GiB"));
    }
    Ok(text)
}
