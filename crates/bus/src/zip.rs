//! Compression of the large and rare: lists of symbols, of instruments, of bars.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Below this a payload travels as it is: most do, and a person can read them.
const SMALL_BYTES: usize = 8 * 1024;
/// No payload of ours is larger than this when unpacked; a bomb is.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The payload, compressed if it is large.
pub(crate) fn zip(payload: Vec<u8>) -> Vec<u8> {
    if payload.len() < SMALL_BYTES {
        return payload;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(payload.len() / 4), Compression::fast());
    // Writing to memory does not fail; should it ever, the payload as it is is as good.
    match encoder.write_all(&payload).and_then(|()| encoder.finish()) {
        Ok(zipped) => zipped,
        Err(_) => payload,
    }
}

/// What [`zip`] was given.
pub(crate) fn unzip(payload: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, wire::bus::DecodeError> {
    // No JSON begins like this.
    if !payload.starts_with(&[0x1f, 0x8b]) {
        return Ok(payload.into());
    }
    let mut out = Vec::new();
    let n = GzDecoder::new(payload)
        .take(UNPACKED_BYTES_MAX)
        .read_to_end(&mut out)
        .map_err(|_| wire::bus::DecodeError::Malformed("compressed payload"))?;
    if n as u64 == UNPACKED_BYTES_MAX {
        return Err(wire::bus::DecodeError::Malformed("compressed payload is too large"));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_payloads_shrink_and_come_back() {
        let large = vec![b'a'; 100_000];
        let zipped = zip(large.clone());
        assert!(zipped.len() < 1_000);
        assert_eq!(&*unzip(&zipped).unwrap(), &large[..]);
        assert_eq!(&*unzip(b"{}").unwrap(), b"{}");
        assert!(unzip(&zipped[..50]).is_err());
    }
}
