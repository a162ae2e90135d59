//! A small desk to play workloads against: it holds the client to the order of the file, applies a request
//! once by its name, and misbehaves on demand. And a proxy that cuts connections.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "operator-key";

/// How a desk behaves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Each answer takes another time.
    pub(crate) is_slow: bool,
    /// Bodies come in chunks.
    pub(crate) is_chunked: bool,
    /// Every so many requests, one is turned away.
    pub(crate) busy_every: Option<u64>,
    /// The command of this number is answered without saying what became of it.
    pub(crate) loses: Option<u64>,
    /// The command of this number is never answered.
    pub(crate) swallows: Option<u64>,
    /// The answer to the command of this number is that of another user.
    pub(crate) confuses: Option<u64>,
}

#[derive(Debug, Default)]
struct Book {
    /// Numbers of each user's lines in the file.
    order: HashMap<String, Vec<u64>>,
    /// How many of them are applied.
    applied: HashMap<String, usize>,
    answers: HashMap<String, String>,
    requests: u64,
    repeated: u64,
    lines_in_request_max: usize,
    commands: u64,
    faults: Vec<String>,
}

/// A running desk.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    manner: Manner,
    book: Arc<Mutex<Book>>,
    address: SocketAddr,
}

fn user(line: &str) -> &str {
    match line.split(',').collect::<Vec<_>>()[..] {
        [_, _] if line.contains("DUMPLOG") => "",
        [_, user, ..] => user,
        _ => panic!("a malformed line was sent: {line:?}"),
    }
}

fn number(line: &str) -> u64 {
    line.strip_prefix('[')
        .and_then(|rest| rest.split(']').next()?.parse().ok())
        .expect("a number in brackets")
}

impl Desk {
    /// A desk that expects the commands of this workload, malformed lines left out.
    pub(crate) async fn start(workload: &str, manner: Manner) -> Self {
        let mut order: HashMap<String, Vec<u64>> = HashMap::new();
        for line in workload.lines().map(str::trim) {
            order.entry(user(line).to_owned()).or_default().push(number(line));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let book = Arc::new(Mutex::new(Book { order, ..Book::default() }));
        let desk = Self { manner, book, address: listener.local_addr().unwrap() };
        let router = Router::new()
            .route("/api/v1/commands", post(commands))
            .route("/metrics", get(metrics))
            .with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        desk
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every command was applied once, in order, and nothing was wrong. Tells how many requests were repeated.
    pub(crate) fn assert_all_applied(&self) -> u64 {
        let book = self.book.lock().unwrap();
        assert_eq!(book.faults, Vec::<String>::new());
        let wanted: u64 = book.order.values().map(|lines| lines.len() as u64).sum();
        assert_eq!(book.commands, wanted);
        book.repeated
    }

    pub(crate) fn lines_in_request_max(&self) -> usize {
        self.book.lock().unwrap().lines_in_request_max
    }
}

impl Book {
    /// Whether this is the user's next line, and the log comes last.
    fn check(&mut self, line: &str) {
        let (user, n) = (user(line), number(line));
        let next =
            self.order.get(user).and_then(|lines| lines.get(self.applied.get(user).copied().unwrap_or(0)));
        if next != Some(&n) {
            self.faults.push(format!("{line:?} came when {next:?} was next"));
        }
        let others: u64 = self.order.iter().filter(|(u, _)| !u.is_empty()).map(|(_, l)| l.len() as u64).sum();
        if user.is_empty() && self.commands < others {
            self.faults.push(format!("{line:?} came after {} of {others}", self.commands));
        }
    }

    fn apply(&mut self, line: &str, manner: Manner) -> String {
        self.check(line);
        let (user, n) = (user(line), number(line));
        *self.applied.entry(user.to_owned()).or_default() += 1;
        self.commands += 1;
        if manner.loses == Some(n) {
            return String::new();
        }
        let command = line.split(']').next_back().unwrap().split(',').next().unwrap().trim();
        let told = if n % 3 == 0 { r#""refused","reason":"thirds""# } else { r#""accepted""# };
        let user = if manner.confuses == Some(n) { "somebody" } else { user };
        format!(
            "{{\"n\":{n},\"command\":\"{command}\",\"user\":\"{user}\",\"status\":{told},\"cash\":\"1.00\"}}\n"
        )
    }
}

async fn commands(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if header("authorization") != format!("Bearer {KEY}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (name, text) = (header("idempotency-key"), String::from_utf8_lossy(&body).into_owned());
    let requests = {
        let mut book = desk.book.lock().unwrap();
        book.requests += 1;
        book.lines_in_request_max = book.lines_in_request_max.max(text.lines().count());
        if name.is_empty() || header("content-type") != "text/plain" {
            book.faults.push(format!("a header is missing: {headers:?}"));
        }
        if let Some(answer) = book.answers.get(&name).cloned() {
            book.repeated += 1;
            return told(desk.manner, answer);
        }
        text.lines().for_each(|line| book.check(line));
        book.requests
    };
    if desk.manner.busy_every.is_some_and(|every| requests.is_multiple_of(every)) {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response();
    }
    if text.lines().any(|line| desk.manner.swallows == Some(number(line))) {
        std::future::pending::<()>().await;
    }
    if desk.manner.is_slow {
        tokio::time::sleep(Duration::from_micros(requests * 7_919 % 3_000)).await;
    }
    let mut book = desk.book.lock().unwrap();
    // The same request may have come on another connection meanwhile.
    if let Some(answer) = book.answers.get(&name).cloned() {
        book.repeated += 1;
        return told(desk.manner, answer);
    }
    let answer: String = text.lines().map(|line| book.apply(line, desk.manner)).collect();
    book.answers.insert(name, answer.clone());
    told(desk.manner, answer)
}

fn told(manner: Manner, answer: String) -> Response {
    if !manner.is_chunked {
        return answer.into_response();
    }
    let half = answer.len() / 2;
    let parts = [answer[..half].to_owned(), answer[half..].to_owned()].map(Ok::<_, std::io::Error>);
    Body::from_stream(stream::iter(parts)).into_response()
}

async fn metrics(State(desk): State<Desk>) -> String {
    let commands = desk.book.lock().unwrap().commands;
    format!(
        "bellwether_desk_quotes_fetched_total{{source=\"tape\"}} {}\nbellwether_desk_quote_cost_cents_total {}\n",
        1_000 + commands,
        5 * commands
    )
}

/// Passes connections on to a server and cuts each, the first left out, after some bytes of its answers.
pub(crate) async fn cutting_proxy(server: SocketAddr, bytes_max: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut number: u64 = 0;
        while let Ok((client, _)) = listener.accept().await {
            let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let bytes = if number == 0 { u64::MAX } else { 1 + spread % bytes_max };
            number += 1;
            tokio::spawn(pass(client, server, bytes));
        }
    });
    address
}

async fn pass(mut client: TcpStream, server: SocketAddr, bytes: u64) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let mut from_server = from_server.take(bytes);
    let _ = tokio::select! {
        passed = tokio::io::copy(&mut from_client, &mut to_server) => passed,
        passed = tokio::io::copy(&mut from_server, &mut to_client) => passed,
    };
    let _ = to_client.flush().await;
}
