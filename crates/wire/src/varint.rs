//! Integers of any size, few bytes for the small ones: seven bits a byte, lowest first, as in
//! protocol buffers. Signed ones are folded so that small negatives stay small.

/// Why the next thing cannot be read; whoever reads it makes an error of their own of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CursorError {
    /// The bytes end in the middle of it.
    Truncated,
    /// It cannot stand there.
    Malformed(&'static str),
}

/// Appends an unsigned integer: 1 byte below 128, at most 10.
pub(crate) fn write_u64(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer, folded.
pub(crate) fn write_i64(value: i64, out: &mut Vec<u8>) {
    write_u64(((value << 1) ^ (value >> 63)) as u64, out);
}

/// Appends a wide signed integer, folded; at most 19 bytes.
pub(crate) fn write_i128(value: i128, out: &mut Vec<u8>) {
    let mut folded = ((value << 1) ^ (value >> 127)) as u128;
    while folded >= 0x80 {
        out.push(folded as u8 | 0x80);
        folded >>= 7;
    }
    out.push(folded as u8);
}

/// Reads from the front of a payload and never past its end.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not yet read.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, CursorError> {
        let (&first, rest) = self.rest.split_first().ok_or(CursorError::Truncated)?;
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn bytes(&mut self, n: usize) -> Result<&'a [u8], CursorError> {
        let (front, rest) = self.rest.split_at_checked(n).ok_or(CursorError::Truncated)?;
        self.rest = rest;
        Ok(front)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, CursorError> {
        // The common case is one byte: an index, a small difference, no conditions.
        if let Some(&first) = self.rest.first()
            && first < 0x80
        {
            self.rest = &self.rest[1..];
            return Ok(u64::from(first));
        }
        let (mut value, mut shift) = (0u64, 0);
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            // The tenth byte has one bit left; more would be lost in silence.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
            shift += 7;
        }
        Err(if self.rest.len() < 10 { CursorError::Truncated } else { CursorError::Malformed("integer") })
    }

    pub(crate) fn i64(&mut self) -> Result<i64, CursorError> {
        let folded = self.u64()?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    pub(crate) fn i128(&mut self) -> Result<i128, CursorError> {
        let folded = self.wide()?;
        Ok((folded >> 1) as i128 ^ -((folded & 1) as i128))
    }

    /// A count of things of at least `bytes_min` bytes each, which therefore cannot be more than
    /// the rest of the payload holds: a lie is found before anything is allocated for it.
    pub(crate) fn count(&mut self, bytes_min: usize) -> Result<usize, CursorError> {
        let n = usize::try_from(self.u64()?).map_err(|_| CursorError::Malformed("count"))?;
        if n > self.rest.len() / bytes_min { Err(CursorError::Malformed("count")) } else { Ok(n) }
    }

    fn wide(&mut self) -> Result<u128, CursorError> {
        let mut value = 0u128;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let part = u128::from(byte & 0x7f);
            // Bits past the 128 would be lost in silence: the nineteenth byte has two left.
            if shift > 126 || (shift == 126 && part > 3) {
                return Err(CursorError::Malformed("integer"));
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_integers_wider_than_their_type() {
        assert!(Cursor::new(&[0xff; 9]).u64().is_err());
        let mut too_wide = vec![0xff; 9];
        too_wide.push(0x02);
        assert!(Cursor::new(&too_wide).u64().is_err());
        too_wide[9] = 0x01;
        assert_eq!(Cursor::new(&too_wide).u64().unwrap(), u64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(a in any::<u64>(), b in any::<i64>(), c in any::<i128>()) {
            let mut out = Vec::new();
            write_u64(a, &mut out);
            write_i64(b, &mut out);
            write_i128(c, &mut out);
            let mut cursor = Cursor::new(&out);
            prop_assert_eq!(cursor.u64().unwrap(), a);
            prop_assert_eq!(cursor.i64().unwrap(), b);
            prop_assert_eq!(cursor.i128().unwrap(), c);
            prop_assert_eq!(cursor.remaining(), 0);
        }
    }
}
