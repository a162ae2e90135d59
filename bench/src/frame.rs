//! WebSocket framing, as little of it as a load generator needs. Its own, so that nothing is shared
//! with what it measures.

use std::io;

use base64::Engine;
use sha1::{Digest, Sha1};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// More of the message before.
    Continuation,
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// The other side ends the connection.
    Close,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> io::Result<Self> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame of an unknown kind")),
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The last frame of its message.
    pub(crate) fin: bool,
    /// What it is.
    pub(crate) opcode: Opcode,
    /// Bytes of the header itself.
    pub(crate) header: usize,
    /// Bytes of the payload.
    pub(crate) payload: usize,
    /// What the payload is masked with.
    pub(crate) mask: Option<[u8; 4]>,
}

/// Reads the header of the frame that `bytes` begin with; `None` if it is not all there.
pub(crate) fn header(bytes: &[u8]) -> io::Result<Option<Header>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let opcode = Opcode::from_bits(first & 0x0F)?;
    let (payload, long) = match second & 0x7F {
        126 => match rest.first_chunk::<2>() {
            Some(n) => (u64::from(u16::from_be_bytes(*n)), 2),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(n) => (u64::from_be_bytes(*n), 8),
            None => return Ok(None),
        },
        n => (u64::from(n), 0),
    };
    if payload > 1 << 30 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame of more than 1 GiB"));
    }
    let mut header = 2 + long;
    let mut mask = None;
    if second & 0x80 != 0 {
        let Some(key) = rest.get(long..).and_then(|r| r.first_chunk::<4>()) else { return Ok(None) };
        mask = Some(*key);
        header += 4;
    }
    // Not above 2³⁰, so it fits.
    Ok(Some(Header { fin: first & 0x80 != 0, opcode, header, payload: payload as usize, mask }))
}

/// Appends a frame. A client must mask: it does so with a key of zeros, which leaves the payload as
/// it is.
pub(crate) fn write(out: &mut Vec<u8>, opcode: Opcode, masked: bool, payload: &[u8]) {
    let mask = if masked { 0x80 } else { 0 };
    out.push(0x80 | opcode.bits());
    match payload.len() {
        n @ 0..=125 => out.push(mask | n as u8),
        n @ 126..=0xFFFF => {
            out.push(mask | 126);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            out.push(mask | 127);
            out.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    if masked {
        out.extend_from_slice(&[0; 4]);
    }
    out.extend_from_slice(payload);
}

/// Takes the mask off.
pub(crate) fn unmask(payload: &mut [u8], key: [u8; 4]) {
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// A client's request to speak WebSocket.
pub(crate) fn request(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVsbHdldGhlciBiZW5jaA==\r\n\r\n"
    )
    .into_bytes()
}

/// A server's consent.
pub(crate) fn consent(key: &str) -> Vec<u8> {
    let mut sha1 = Sha1::new();
    sha1.update(key.as_bytes());
    sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = base64::engine::general_purpose::STANDARD.encode(sha1.finalize());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (length, masked) in [(0, false), (125, true), (126, false), (65_535, true), (65_536, false)] {
            let mut out = Vec::new();
            write(&mut out, Opcode::Text, masked, &vec![b'x'; length]);
            let read = header(&out).unwrap().unwrap();
            assert_eq!((read.opcode, read.fin, read.payload), (Opcode::Text, true, length));
            assert_eq!(read.header + read.payload, out.len());
            assert_eq!(read.mask.is_some(), masked);
            for cut in 0..read.header {
                assert_eq!(header(&out[..cut]).unwrap(), None);
            }
        }
    }

    #[test]
    fn consents_as_the_standard_says() {
        let consent = String::from_utf8(consent("dGhlIHNhbXBsZSBub25jZQ==")).unwrap();
        assert!(consent.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn unmasks() {
        let mut payload = *b"\x7f\x9f\x4d\x51\x58";
        unmask(&mut payload, [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(&payload, b"Hello");
    }
}
