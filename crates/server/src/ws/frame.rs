//! Frames: written without a mask, read with one (RFC 6455, section 5).

/// Payloads a client may send, after reassembly and inflation.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Why a connection is closed, as the client reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Close {
    /// The client closed, or answered our close.
    Normal,
    /// The server is stopping.
    GoingAway,
    /// The client broke the protocol.
    Protocol,
    /// A text message was not UTF-8, or a compressed one did not inflate.
    InvalidData,
    /// A binary message, which this protocol has none of.
    Unsupported,
    /// A message above [`CLIENT_MESSAGE_BYTES_MAX`].
    TooBig,
    /// No pong came for a minute.
    NoPong,
    /// Nothing could be written for a minute.
    TooSlow,
    /// The login or key it came with has ended.
    SignedOut,
}

impl Close {
    /// The close code.
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::InvalidData => 1007,
            Self::TooBig => 1009,
            Self::NoPong => 4000,
            Self::TooSlow => 4001,
            Self::SignedOut => 4003,
        }
    }

    /// The reason sent with the code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::GoingAway => "server is stopping",
            Self::Protocol => "protocol error",
            Self::Unsupported => "text messages only",
            Self::InvalidData => "not valid text",
            Self::TooBig => "message over 64 KiB",
            Self::NoPong => "no pong within 60 s",
            Self::TooSlow => "too slow: nothing could be written for 60 s",
            Self::SignedOut => "signed out: the login or key has ended",
        }
    }

    /// A short name for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::GoingAway => "going_away",
            Self::Protocol => "protocol",
            Self::Unsupported => "unsupported",
            Self::InvalidData => "invalid_data",
            Self::TooBig => "too_big",
            Self::NoPong => "no_pong",
            Self::TooSlow => "too_slow",
            Self::SignedOut => "signed_out",
        }
    }
}

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Appends a text frame around what `payload` writes. The header is written last, once the length is
/// known, by moving the payload up if it is long.
pub fn write_text(out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    let begin = begin_text(out);
    payload(out);
    end_text(out, begin);
}

/// Begins a text frame whose payload is to be appended, and tells where it begins; [`end_text`] completes it.
pub fn begin_text(out: &mut Vec<u8>) -> usize {
    let begin = out.len();
    // Room for the header of a middling frame, which nearly all are.
    out.extend_from_slice(&[FIN | TEXT, 126, 0, 0]);
    begin
}

/// Completes the text frame that begins there and has its whole payload.
pub fn end_text(out: &mut Vec<u8>, begin: usize) {
    let len = out.len() - begin - 4;
    match len {
        0..=125 => {
            out[begin + 1] = len as u8;
            out.drain(begin + 2..begin + 4);
        }
        126..=0xFFFF => out[begin + 2..begin + 4].copy_from_slice(&(len as u16).to_be_bytes()),
        _ => {
            out[begin + 1] = 127;
            let wide = (len as u64).to_be_bytes();
            out.splice(begin + 2..begin + 4, wide);
        }
    }
}

/// Appends a whole text message that was compressed.
pub fn write_compressed_text(out: &mut Vec<u8>, payload: &[u8]) {
    write_header(out, FIN | COMPRESSED | TEXT, payload.len());
    out.extend_from_slice(payload);
}

/// Appends a ping.
pub fn write_ping(out: &mut Vec<u8>) {
    write_header(out, FIN | PING, 0);
}

/// Appends the answer to a ping.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write_header(out, FIN | PONG, payload.len());
    out.extend_from_slice(payload);
}

/// Appends a close frame.
pub fn write_close(out: &mut Vec<u8>, close: Close) {
    let reason = close.reason().as_bytes();
    write_header(out, FIN | CLOSE, 2 + reason.len());
    out.extend_from_slice(&close.code().to_be_bytes());
    out.extend_from_slice(reason);
}

fn write_header(out: &mut Vec<u8>, first: u8, len: usize) {
    out.push(first);
    match len {
        0..=125 => out.push(len as u8),
        126..=0xFFFF => {
            out.push(126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message; `compressed` has still to be inflated.
    Text {
        /// The bytes, unmasked; not checked for UTF-8 while compressed.
        payload: Vec<u8>,
        /// The message's first frame carried the compression bit.
        compressed: bool,
    },
    /// A ping, to be answered with the same payload.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The client closes.
    Close,
}

/// Reads frames from bytes as they come. Holds no memory while nothing is half read.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
    /// A message in fragments: whether it is compressed, and what came so far.
    message: Option<(bool, Vec<u8>)>,
    /// permessage-deflate was agreed, so the first reserved bit is allowed.
    allow_compressed: bool,
}

/// A frame's header as read.
struct Header {
    fin: bool,
    compressed: bool,
    opcode: u8,
    mask: [u8; 4],
    header_len: usize,
    payload_len: usize,
}

impl Reader {
    /// A reader that admits compressed messages, or not.
    pub fn new(allow_compressed: bool) -> Self {
        Self { allow_compressed, ..Self::default() }
    }

    /// Takes bytes and gives out each whole message or control frame, in order. After an error the
    /// connection is to be closed with it.
    pub fn read(&mut self, bytes: &[u8], mut each: impl FnMut(Incoming)) -> Result<(), Close> {
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(header) = self.header(&self.buffer[at..])? {
            let end = at + header.header_len + header.payload_len;
            if self.buffer.len() < end {
                break;
            }
            let mut payload = self.buffer[at + header.header_len..end].to_vec();
            for (i, byte) in payload.iter_mut().enumerate() {
                *byte ^= header.mask[i % 4];
            }
            at = end;
            if let Some(incoming) = self.frame(&header, payload)? {
                each(incoming);
            }
        }
        if at == self.buffer.len() {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..at);
        }
        Ok(())
    }

    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Close> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        let compressed = first & COMPRESSED != 0;
        let opcode = first & 0x0F;
        let control = opcode & 0x8 != 0;
        let reserved_ok =
            first & 0x30 == 0 && (!compressed || (self.allow_compressed && matches!(opcode, TEXT | BINARY)));
        // A client masks everything it sends (RFC 6455, 5.1).
        if !reserved_ok || second & 0x80 == 0 || !matches!(opcode, 0 | TEXT | BINARY | CLOSE | PING | PONG) {
            return Err(Close::Protocol);
        }
        let fin = first & FIN != 0;
        let short = usize::from(second & 0x7F);
        if control && (!fin || short > 125) {
            return Err(Close::Protocol);
        }
        let (payload_len, len_bytes) = match (short, bytes) {
            (0..=125, _) => (short, 0),
            (126, [_, _, a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 2),
            (127, [_, _, a, b, c, d, e, f, g, h, ..]) => {
                let wide = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                (usize::try_from(wide).map_err(|_| Close::TooBig)?, 8)
            }
            _ => return Ok(None),
        };
        if payload_len > CLIENT_MESSAGE_BYTES_MAX {
            return Err(Close::TooBig);
        }
        let mask_at = 2 + len_bytes;
        let Some(mask) = bytes.get(mask_at..mask_at + 4) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some(Header { fin, compressed, opcode, mask, header_len: mask_at + 4, payload_len }))
    }

    fn frame(&mut self, header: &Header, payload: Vec<u8>) -> Result<Option<Incoming>, Close> {
        match header.opcode {
            PING => return Ok(Some(Incoming::Ping(payload))),
            PONG => return Ok(Some(Incoming::Pong)),
            CLOSE => return Ok(Some(Incoming::Close)),
            BINARY => return Err(Close::Unsupported),
            _ => {}
        }
        let starts = header.opcode == TEXT;
        // A message starts when none is open, and goes on only when one is.
        let (compressed, mut message) = match (starts, self.message.take()) {
            (true, None) => (header.compressed, Vec::new()),
            (false, Some(open)) => open,
            _ => return Err(Close::Protocol),
        };
        if message.is_empty() {
            message = payload;
        } else {
            message.extend_from_slice(&payload);
        }
        if message.len() > CLIENT_MESSAGE_BYTES_MAX {
            return Err(Close::TooBig);
        }
        if !header.fin {
            self.message = Some((compressed, message));
            return Ok(None);
        }
        Ok(Some(Incoming::Text { payload: message, compressed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![first];
        match payload.len() {
            0..=125 => out.push(0x80 | payload.len() as u8),
            126..=0xFFFF => {
                out.push(0x80 | 126);
                out.extend((payload.len() as u16).to_be_bytes());
            }
            _ => {
                out.push(0x80 | 127);
                out.extend((payload.len() as u64).to_be_bytes());
            }
        }
        let mask = [7, 9, 200, 3];
        out.extend(mask);
        out.extend(payload.iter().enumerate().map(|(i, b)| b ^ mask[i % 4]));
        out
    }

    fn read_all(bytes: &[u8]) -> (Vec<Incoming>, Result<(), Close>) {
        let mut got = Vec::new();
        let result = Reader::new(false).read(bytes, |i| got.push(i));
        (got, result)
    }

    fn text(payload: &str) -> Incoming {
        Incoming::Text { payload: payload.into(), compressed: false }
    }

    #[test]
    fn headers_fit_their_lengths() {
        for (len, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let mut out = b"before".to_vec();
            write_text(&mut out, |p| p.resize(p.len() + len, b'x'));
            assert_eq!(out.len(), 6 + header + len);
            let mut plain = b"before".to_vec();
            write_header(&mut plain, FIN | TEXT, len);
            assert_eq!(out[..6 + header], plain[..]);
        }
    }

    #[test]
    fn fragments_are_joined_and_controls_may_come_between() {
        let mut bytes = client_frame(TEXT, b"{\"ty");
        bytes.extend(client_frame(FIN | PING, b"hi"));
        bytes.extend(client_frame(FIN, b"pe\"}"));
        assert_eq!(read_all(&bytes).0, [Incoming::Ping(b"hi".to_vec()), text("{\"type\"}")]);
    }

    #[test]
    fn breaches_are_named() {
        let unmasked = [FIN | TEXT, 1, b'x'];
        assert_eq!(read_all(&unmasked).1, Err(Close::Protocol));
        assert_eq!(read_all(&client_frame(FIN | BINARY, b"x")).1, Err(Close::Unsupported));
        assert_eq!(read_all(&client_frame(FIN, b"x")).1, Err(Close::Protocol));
        assert_eq!(read_all(&client_frame(PING, b"")).1, Err(Close::Protocol));
        assert_eq!(read_all(&client_frame(FIN | COMPRESSED | TEXT, b"x")).1, Err(Close::Protocol));
        assert_eq!(read_all(&client_frame(FIN | 0x3, b"x")).1, Err(Close::Protocol));
        let huge = [FIN | TEXT, 0x80 | 127, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(read_all(&huge).1, Err(Close::TooBig));
        let mut creeping = client_frame(TEXT, &[b'x'; 60_000]);
        creeping.extend(client_frame(0, &[b'x'; 60_000]));
        assert_eq!(read_all(&creeping).1, Err(Close::TooBig));
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_reads_the_same(messages in proptest::collection::vec("[a-z]{0,300}", 1..6), cuts in proptest::collection::vec(1usize..40, 1..200)) {
            let bytes: Vec<u8> = messages.iter().flat_map(|m| client_frame(FIN | TEXT, m.as_bytes())).collect();
            let mut reader = Reader::new(false);
            let (mut got, mut at) = (Vec::new(), 0);
            for cut in cuts.iter().cycle() {
                let end = (at + cut).min(bytes.len());
                reader.read(&bytes[at..end], |i| got.push(i)).unwrap();
                at = end;
                if at == bytes.len() { break; }
            }
            prop_assert_eq!(got, messages.iter().map(|m| text(m)).collect::<Vec<_>>());
            prop_assert_eq!(reader.buffer.capacity(), 0);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Reader::new(true).read(&bytes, |_| {});
        }
    }
}
