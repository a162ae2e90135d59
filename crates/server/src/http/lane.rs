//! A way past the router for many short requests on one connection.
//!
//! The HTTP library answers the requests of a connection one by one: the next is read when the last has been
//! written. A client that sends many without waiting, as HTTP/1.1 allows, would so have one command at a time in a
//! desk that is fast when it has hundreds, and one write to the socket for each. Here all requests that have come are
//! handed in at once, in order, and all answers that are ready leave in one write, in order.
//!
//! Only what is plain and comes from an operator is taken: one route, HTTP/1.1, a length, the key. The connection goes to
//! the library as soon as anything else comes, and stays there, so nothing is decided in two places.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::FutureExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use wire::problem::PROBLEM_JSON;

use super::guard::SECURITY_HEADERS;
use super::problem::Refusal;

/// Requests of one connection that wait for their answers.
const WAITING_MAX: usize = 256;
/// Bodies of one connection that wait for their answers, in bytes.
const WAITING_BYTES_MAX: usize = 8 << 20;
/// Answers not yet written at which no more is read, in bytes.
const UNWRITTEN_MAX: usize = 1 << 20;
/// The longest head of a request that is taken here, in bytes.
const HEAD_MAX: usize = 8 * 1024;
/// How long a connection may say nothing, or be in the middle of a request.
const SILENCE_MAX: Duration = Duration::from_secs(75);
/// How long a client may take no answers.
const STUCK_MAX: Duration = Duration::from_secs(60);

/// What a request is answered with.
pub(super) type Answered = Result<(&'static str, String), Refusal>;
/// An answer on its way.
pub(super) type Pending = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// What serves the route. Requests are handed in by [`begin`](Self::begin), in the order in which they came.
pub(super) trait Serve: Send + Sync {
    /// Whether a request is this one's business by its headers. If not, the router looks at it.
    fn takes(&self, headers: &HeaderMap) -> bool;

    /// Takes a request. What it does is in order with what was begun before and will be after.
    fn begin(&self, headers: &HeaderMap, body: &[u8]) -> Pending;
}

/// The lane of one route.
#[derive(Clone)]
pub struct Lane {
    /// `POST /path HTTP/1.1` and the line's end.
    first_line: Arc<str>,
    body_max: usize,
    serve: Arc<dyn Serve>,
}

impl Lane {
    pub(super) fn post(path: &str, body_max: usize, serve: Arc<dyn Serve>) -> Self {
        Self { first_line: format!("POST {path} HTTP/1.1\r\n").into(), body_max, serve }
    }

    /// Whether a connection that begins so may be this lane's.
    pub(super) fn may_take(&self, begin: &[u8]) -> bool {
        let line = self.first_line.as_bytes();
        begin.len() >= 5 && line.starts_with(&begin[..begin.len().min(line.len())])
    }

    /// Serves a connection until it ends, or until a request comes that is not this lane's: then the socket comes
    /// back, with what has been read of it. All requests before have been answered.
    pub(super) async fn run(
        &self,
        socket: TcpStream,
        stopped: &mut watch::Receiver<bool>,
    ) -> Option<(TcpStream, Bytes)> {
        let mut connection = Connection {
            lane: self,
            socket,
            heard: BytesMut::with_capacity(16 * 1024),
            unwritten: BytesMut::with_capacity(16 * 1024),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            is_foreign: false,
            date: (0, String::new()),
        };
        // Clients that go away in the middle are daily business.
        match connection.run(stopped).await {
            Ok(true) => Some((connection.socket, connection.heard.freeze())),
            Ok(false) | Err(_) => None,
        }
    }
}

/// A request as it was read.
struct Request {
    headers: HeaderMap,
    head_bytes: usize,
    body_bytes: usize,
}

enum Read {
    Whole(Request),
    /// More is to come.
    Part,
    /// Not this lane's.
    Foreign,
}

struct Waiting {
    answer: Pending,
    body_bytes: usize,
}

struct Connection<'a> {
    lane: &'a Lane,
    socket: TcpStream,
    heard: BytesMut,
    unwritten: BytesMut,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// What was heard is for somebody else.
    is_foreign: bool,
    /// The second, and its text.
    date: (u64, String),
}

impl Connection<'_> {
    /// `true` if somebody else is to go on.
    async fn run(&mut self, stopped: &mut watch::Receiver<bool>) -> io::Result<bool> {
        let mut heard_at = Instant::now();
        let mut is_stopping = false;
        loop {
            if self.take_requests() {
                heard_at = Instant::now();
            }
            self.take_answers();
            self.write()?;
            let is_idle = self.waiting.is_empty() && self.unwritten.is_empty();
            if is_idle && (self.is_foreign || is_stopping) {
                self.socket.flush().await?;
                return Ok(self.is_foreign && !is_stopping);
            }
            let may_read = !self.is_foreign && !is_stopping && self.has_room();
            let quiet = if self.unwritten.is_empty() { SILENCE_MAX } else { STUCK_MAX };
            // While answers are awaited, how long that takes is not the client's doing.
            let is_timed = self.waiting.is_empty() || !self.unwritten.is_empty();
            let first = self.waiting.front_mut();
            let is_awaited = first.is_some();
            let answer = async {
                match first {
                    Some(first) => Some(first.answer.as_mut().await),
                    None => None,
                }
            };
            tokio::select! {
                biased;
                answer = answer, if is_awaited => {
                    if let Some(answer) = answer {
                        self.answered(answer);
                    }
                }
                ready = self.socket.readable(), if may_read => {
                    ready?;
                    // The time of a request that comes in pieces runs from its first.
                    if self.heard.is_empty() {
                        heard_at = Instant::now();
                    }
                    if !self.read()? {
                        return Ok(false);
                    }
                }
                ready = self.socket.writable(), if !self.unwritten.is_empty() => {
                    ready?;
                    self.write()?;
                    heard_at = Instant::now();
                }
                _ = stopped.wait_for(|stop| *stop), if !is_stopping => is_stopping = true,
                () = tokio::time::sleep_until((heard_at + quiet).into()), if is_timed => return Ok(false),
            }
        }
    }

    fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_MAX
            && self.waiting_bytes < WAITING_BYTES_MAX
            && self.unwritten.len() < UNWRITTEN_MAX
    }

    /// Reads what there is; `false` at the end.
    fn read(&mut self) -> io::Result<bool> {
        self.heard.reserve(16 * 1024);
        match self.socket.try_read_buf(&mut self.heard) {
            Ok(0) => Ok(false),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            match self.socket.try_write(&self.unwritten) {
                Ok(n) => self.unwritten.advance(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Hands in all that has come whole; `true` if something had.
    fn take_requests(&mut self) -> bool {
        let mut took = false;
        while !self.is_foreign && self.has_room() && !self.heard.is_empty() {
            match self.lane.read(&self.heard) {
                Read::Part => return took,
                Read::Foreign => self.is_foreign = true,
                Read::Whole(request) => {
                    let end = request.head_bytes + request.body_bytes;
                    let body = &self.heard[request.head_bytes..end];
                    let answer = self.lane.serve.begin(&request.headers, body);
                    self.heard.advance(end);
                    self.waiting_bytes += request.body_bytes;
                    self.waiting.push_back(Waiting { answer, body_bytes: request.body_bytes });
                    took = true;
                }
            }
        }
        took
    }

    /// Takes the answers that are there, in order.
    fn take_answers(&mut self) {
        while self.unwritten.len() < UNWRITTEN_MAX
            && let Some(first) = self.waiting.front_mut()
            && let Some(answer) = first.answer.as_mut().now_or_never()
        {
            self.answered(answer);
        }
    }

    fn answered(&mut self, answer: Answered) {
        if let Some(first) = self.waiting.pop_front() {
            self.waiting_bytes -= first.body_bytes;
        }
        let second =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.date.0 != second {
            self.date =
                (second, httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(second)));
        }
        write_answer(&answer, &self.date.1, &mut self.unwritten);
    }
}

impl Lane {
    fn read(&self, heard: &[u8]) -> Read {
        let line = self.first_line.as_bytes();
        if !line.starts_with(&heard[..heard.len().min(line.len())]) {
            return Read::Foreign;
        }
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        let head_bytes = match request.parse(&heard[..heard.len().min(HEAD_MAX)]) {
            Ok(httparse::Status::Complete(bytes)) => bytes,
            Ok(httparse::Status::Partial) if heard.len() < HEAD_MAX => return Read::Part,
            // What is wrong with it is said by who takes it over.
            Ok(httparse::Status::Partial) | Err(_) => return Read::Foreign,
        };
        let Some((headers, body_bytes)) = plain(request.headers, self.body_max) else { return Read::Foreign };
        if !self.serve.takes(&headers) {
            return Read::Foreign;
        }
        if heard.len() < head_bytes + body_bytes {
            return Read::Part;
        }
        Read::Whole(Request { headers, head_bytes, body_bytes })
    }
}

/// The headers, and the length of the body, of a request without anything special.
fn plain(fields: &[httparse::Header<'_>], body_max: usize) -> Option<(HeaderMap, usize)> {
    let mut headers = HeaderMap::with_capacity(8);
    let mut length = None;
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        match name {
            header::CONTENT_LENGTH => {
                let digits = std::str::from_utf8(field.value).ok()?;
                let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                let value = digits.parse().ok().filter(|n| is_number && *n <= body_max)?;
                if length.replace(value).is_some() {
                    return None;
                }
            }
            header::TRANSFER_ENCODING | header::UPGRADE | header::EXPECT | header::TE | header::TRAILER => {
                return None;
            }
            header::CONNECTION if !field.value.eq_ignore_ascii_case(b"keep-alive") => return None,
            // What nobody here looks at need not be kept.
            header::CONNECTION | header::ACCEPT | header::USER_AGENT | header::CONTENT_TYPE => {}
            _ => drop(headers.append(name, HeaderValue::from_bytes(field.value).ok()?)),
        }
    }
    Some((headers, length?))
}

/// Writes an answer as the router's are: the same headers.
fn write_answer(answer: &Answered, date: &str, out: &mut BytesMut) {
    let problem;
    let (status, kind, body): (StatusCode, &str, &[u8]) = match answer {
        Ok((kind, body)) => (StatusCode::OK, kind, body.as_bytes()),
        Err(refusal) => {
            problem = refusal.body();
            (refusal.status(), PROBLEM_JSON, &problem)
        }
    };
    out.reserve(640 + body.len());
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.extend_from_slice(b" ");
    out.extend_from_slice(status.canonical_reason().unwrap_or("Error").as_bytes());
    let mut field = |name: &str, value: &[u8]| {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
    };
    field("content-type", kind.as_bytes());
    field("content-length", decimal(body.len(), &mut [0; 20]));
    for (name, value) in &SECURITY_HEADERS {
        field(name.as_str(), value.as_bytes());
    }
    field("cache-control", b"no-store");
    if status == StatusCode::SERVICE_UNAVAILABLE {
        field("retry-after", b"1");
    }
    field("date", date.as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// A number's digits.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

/// A socket of which some has been read already.
#[derive(Debug)]
pub(super) struct Rewound {
    /// What comes first.
    pub(super) heard: Bytes,
    /// Then this.
    pub(super) socket: TcpStream,
}

impl tokio::io::AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.heard.is_empty() {
            let n = self.heard.len().min(buf.remaining());
            buf.put_slice(&self.heard.split_to(n));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl tokio::io::AsyncWrite for Rewound {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
