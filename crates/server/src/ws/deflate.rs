//! permessage-deflate (RFC 7692) without context takeover, where it pays.
//!
//! A price update is some 130 bytes that hardly shrink alone, and a shared context would mean
//! compressing it for every client anew. So only long messages, such as the snapshot after a
//! subscription, are compressed; the extension allows that message by message.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::frame::{CLIENT_MESSAGE_BYTES_MAX, Close};

/// Messages shorter than this are sent as they are.
pub const WORTHWHILE_BYTES: usize = 1_024;

/// What we answer to an offer: no context is kept in either direction, so an idle connection costs
/// nothing.
pub const AGREEMENT: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// An offer in `Sec-WebSocket-Extensions` that we can agree to with [`AGREEMENT`].
///
/// An offer that limits the server's window below the 32 KiB we use is passed over.
pub fn is_acceptable(extensions: &str) -> bool {
    extensions.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        parts.next() == Some("permessage-deflate")
            && parts.all(|parameter| {
                let name = parameter.split('=').next().unwrap_or_default().trim();
                match name {
                    "server_no_context_takeover"
                    | "client_no_context_takeover"
                    | "client_max_window_bits" => true,
                    "server_max_window_bits" => parameter.split('=').nth(1).map(str::trim) == Some("15"),
                    _ => false,
                }
            })
    })
}

/// Compresses a message payload.
pub fn compress(payload: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(payload.len() / 4), Compression::fast());
    // Writing into memory does not fail.
    let _ = encoder.write_all(payload);
    let _ = encoder.flush();
    let mut bytes = encoder.get_ref().clone();
    // A flush ends with an empty stored block, which the sender leaves off (RFC 7692, 7.2.1).
    if bytes.ends_with(&[0x00, 0x00, 0xff, 0xff]) {
        bytes.truncate(bytes.len() - 4);
    }
    bytes
}

/// Inflates a client's message, refusing one that grows over the limit.
pub fn inflate(payload: &[u8]) -> Result<Vec<u8>, Close> {
    // The sender left off the end of its last block; a final block makes a complete stream of it.
    let tail: &[u8] = &[0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];
    let whole = payload.chain(tail);
    let mut message = Vec::new();
    let limit = CLIENT_MESSAGE_BYTES_MAX as u64 + 1;
    DeflateDecoder::new(whole).take(limit).read_to_end(&mut message).map_err(|_| Close::InvalidData)?;
    if message.len() > CLIENT_MESSAGE_BYTES_MAX { Err(Close::TooBig) } else { Ok(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_to_what_browsers_offer() {
        assert!(is_acceptable("permessage-deflate; client_max_window_bits"));
        assert!(is_acceptable("x-webkit-deflate-frame, permessage-deflate"));
        assert!(is_acceptable("permessage-deflate; server_max_window_bits=15; server_no_context_takeover"));
        assert!(!is_acceptable("permessage-deflate; server_max_window_bits=10"));
        assert!(!is_acceptable("permessage-bzip2"));
        assert!(!is_acceptable(""));
    }

    #[test]
    fn goes_round_and_refuses_bombs() {
        let text = "{\"type\":\"subscribe\"}".repeat(200);
        let small = compress(text.as_bytes());
        assert!(small.len() < text.len() / 10);
        assert_eq!(inflate(&small), Ok(text.into_bytes()));
        assert_eq!(inflate(&compress(&vec![0; 10_000_000])), Err(Close::TooBig));
        assert_eq!(inflate(&[0xff; 40]), Err(Close::InvalidData));
        assert_eq!(inflate(&[0x00]), Ok(Vec::new()));
    }
}
