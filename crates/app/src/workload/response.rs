//! Answers of HTTP/1.1 as they come out of a connection, one after the other.
//!
//! Bytes go in as they arrive, whole answers come out in order. An answer of a known length is handed
//! out where it lies; one in chunks is put together first.

/// The longest head of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// The longest body: far beyond what a command returns.
const BODY_BYTES_MAX: usize = 64 << 20;
/// The longest line that tells the length of a chunk, and the longest trailer.
const CHUNK_LINE_MAX: usize = 4 << 10;
const HEADERS_MAX: usize = 64;
const SPACE: usize = 16 << 10;

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    /// The connection ends after it.
    pub(crate) closes: bool,
    /// Seconds the server wishes to be left alone.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: &'a [u8],
}

/// What came is not HTTP/1.1 as we know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Garbled(&'static str);

#[derive(Debug, Clone, Copy)]
enum Length {
    Bytes(usize),
    /// In chunks; so much of the present one is missing, or its length is not known yet.
    Chunks(Option<usize>),
    /// In chunks, and the last was seen.
    Trailers,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    closes: bool,
    retry_after: Option<u64>,
    length: Length,
}

/// What came and was not handed out yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    head: Option<Head>,
    /// The chunks so far.
    joined: Vec<u8>,
}

impl Inbox {
    /// Forgets everything, for a new connection.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end, self.head) = (0, 0, None);
    }

    /// Room for what comes next; never empty.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 && self.bytes.len() - self.end < SPACE / 2 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.bytes.len() - self.end < SPACE / 2 {
            self.bytes.resize((self.bytes.len() * 2).max(SPACE), 0);
        }
        &mut self.bytes[self.end..]
    }

    /// So much of the room was filled.
    pub(crate) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// The next whole answer; `None` until there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Response<'_>>, Garbled> {
        loop {
            let head = match self.head {
                Some(head) => head,
                None => match self.read_head()? {
                    Some(head) => head,
                    None => return Ok(None),
                },
            };
            let Some(is_joined) = self.complete(head.length)? else { return Ok(None) };
            self.head = None;
            // 100 Continue and its like: the answer is still to come.
            if head.status < 200 {
                continue;
            }
            let body = match (is_joined, head.length) {
                (true, _) => &self.joined[..],
                (false, Length::Bytes(length)) => &self.bytes[self.start - length..self.start],
                (false, _) => &[],
            };
            let Head { status, closes, retry_after, .. } = head;
            return Ok(Some(Response { status, closes, retry_after, body }));
        }
    }

    fn read_head(&mut self) -> Result<Option<Head>, Garbled> {
        let came = &self.bytes[self.start..self.end];
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(came) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if came.len() > HEAD_BYTES_MAX => {
                return Err(Garbled("the head of an answer is too long"));
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Garbled("what came is not HTTP")),
        };
        let mut head = Head {
            status: response.code.unwrap_or_default(),
            closes: response.version == Some(0),
            retry_after: None,
            length: Length::Bytes(0),
        };
        let mut is_measured = head.status < 200 || matches!(head.status, 204 | 304);
        for header in response.headers.iter() {
            let value = header.value.trim_ascii();
            if header.name.eq_ignore_ascii_case("content-length") {
                let length = number(value).ok_or(Garbled("the length of an answer is no number"))?;
                if length > BODY_BYTES_MAX {
                    return Err(Garbled("an answer is too long"));
                }
                if !matches!(head.length, Length::Chunks(_)) {
                    head.length = Length::Bytes(length);
                }
                is_measured = true;
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Garbled("an answer has an unknown encoding"));
                }
                head.length = Length::Chunks(None);
                is_measured = true;
            } else if header.name.eq_ignore_ascii_case("connection") {
                head.closes = !value.eq_ignore_ascii_case(b"keep-alive")
                    && (head.closes || value.eq_ignore_ascii_case(b"close"));
            } else if header.name.eq_ignore_ascii_case("retry-after") {
                head.retry_after = number(value).and_then(|seconds| seconds.try_into().ok());
            }
        }
        if !is_measured {
            return Err(Garbled("an answer does not tell its length"));
        }
        self.start += length;
        self.joined.clear();
        self.head = Some(head);
        Ok(Some(head))
    }

    /// Whether the body is there, and if so, whether it was put together. Takes it from what came.
    fn complete(&mut self, length: Length) -> Result<Option<bool>, Garbled> {
        let mut length = length;
        loop {
            let came = &self.bytes[self.start..self.end];
            let (taken, then) = match length {
                Length::Bytes(wanted) if came.len() < wanted => return Ok(None),
                Length::Bytes(wanted) => {
                    self.start += wanted;
                    return Ok(Some(false));
                }
                Length::Chunks(Some(missing)) => {
                    if missing > 0 && came.is_empty() {
                        return Ok(None);
                    }
                    let part = &came[..missing.min(came.len())];
                    self.joined.extend_from_slice(part);
                    match missing - part.len() {
                        0 if came[part.len()..].starts_with(b"\r\n") => {
                            (part.len() + 2, Length::Chunks(None))
                        }
                        0 if came.len() - part.len() >= 2 => return Err(Garbled("a chunk does not end")),
                        missing => {
                            // What was joined is gone from what came, so wait from here.
                            let taken = part.len();
                            self.start += taken;
                            self.note(Length::Chunks(Some(missing)));
                            return Ok(None);
                        }
                    }
                }
                Length::Chunks(None) => match line(came)? {
                    None => return Ok(None),
                    Some((text, taken)) => match chunk(text)? {
                        0 => (taken, Length::Trailers),
                        size if size + self.joined.len() > BODY_BYTES_MAX => {
                            return Err(Garbled("an answer is too long"));
                        }
                        size => (taken, Length::Chunks(Some(size))),
                    },
                },
                Length::Trailers => match line(came)? {
                    None => return Ok(None),
                    Some(([], taken)) => {
                        self.start += taken;
                        return Ok(Some(true));
                    }
                    Some((_, taken)) => (taken, Length::Trailers),
                },
            };
            self.start += taken;
            length = then;
            self.note(then);
        }
    }

    fn note(&mut self, length: Length) {
        if let Some(head) = &mut self.head {
            head.length = length;
        }
    }
}

/// The first line of what came, and how much it takes with its end.
fn line(came: &[u8]) -> Result<Option<(&[u8], usize)>, Garbled> {
    match came.iter().position(|byte| *byte == b'\n') {
        Some(at) => Ok(Some((came[..at].trim_ascii_end(), at + 1))),
        None if came.len() > CHUNK_LINE_MAX => Err(Garbled("a line between chunks is too long")),
        None => Ok(None),
    }
}

fn number(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The length of a chunk, in hexadecimal, up to its extensions.
fn chunk(text: &[u8]) -> Result<usize, Garbled> {
    let digits = text.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let digits = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    let size = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    size.filter(|size| *size <= BODY_BYTES_MAX).ok_or(Garbled("the length of a chunk is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = (u16, bool, Option<u64>, String);

    /// What comes out when the bytes come in pieces of this size.
    fn read(text: &str, piece: usize) -> Result<Vec<Told>, Garbled> {
        let mut inbox = Inbox::default();
        let mut told = Vec::new();
        for part in text.as_bytes().chunks(piece) {
            let mut part = part;
            while !part.is_empty() {
                let space = inbox.space();
                let count = part.len().min(space.len());
                space[..count].copy_from_slice(&part[..count]);
                inbox.filled(count);
                part = &part[count..];
                while let Some(r) = inbox.next()? {
                    told.push((r.status, r.closes, r.retry_after, String::from_utf8_lossy(r.body).into()));
                }
            }
        }
        Ok(told)
    }

    #[test]
    fn answers_come_out_whole_however_they_were_cut() {
        let long = "x".repeat(100_000);
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello\
             HTTP/1.1 100 Continue\r\n\r\n\
             HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=1\r\n0123456789\r\n0\r\nA: b\r\n\r\n\
             HTTP/1.1 204 No Content\r\n\r\n\
             HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n\
             HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{long}\
             HTTP/1.1 503 Busy\r\nconnection: close\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"
        );
        let wanted: Vec<Told> = vec![
            (200, false, None, "hello".into()),
            (200, false, None, "abc0123456789".into()),
            (204, false, None, String::new()),
            (200, false, None, String::new()),
            (200, false, None, long.clone()),
            (503, true, Some(7), String::new()),
        ];
        for piece in [1, 2, 3, 7, 64, 4_096, 1 << 20] {
            assert_eq!(read(&text, piece), Ok(wanted.clone()), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for text in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcd\r\n",
        ] {
            for piece in [1, 1_000] {
                assert!(read(text, piece).is_err(), "{text:?} in pieces of {piece}");
            }
        }
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(200_000));
        assert!(read(&endless, 4_096).is_err());
    }

    #[test]
    fn garbage_does_not_panic() {
        let base = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for at in 0..base.len() {
            for byte in [0u8, b'\n', b'0', b'f', 0x7f] {
                let mut bytes = base.as_bytes().to_vec();
                bytes[at] = byte;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let _ = read(&text, 5);
            }
        }
    }
}
