//! What the tests are made of: processes on free ports with folders of their own, and clients.

use std::fmt::Write as _;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Nothing here takes so long unless it never happens.
pub(crate) const LONG: Duration = Duration::from_secs(120);
/// The operator's key of servers that are given one.
pub(crate) const OPERATOR_KEY: &str = "the-key-of-the-operator";
/// How often what cannot be waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
pub(crate) async fn soon<T, F>(what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let until = Instant::now() + LONG;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < until, "{what}: not within {} s", LONG.as_secs());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The executable, without the settings of whoever runs the tests.
pub(crate) fn bellwether() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bellwether"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BELLWETHER_"))
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// What a command that ends by itself left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Runs a command that ends by itself.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut running = Process::start(command);
        let status = running.wait();
        Self { status: status.code(), stdout: running.stdout.whole(), stderr: running.stderr.whole() }
    }
}

/// Runs the executable with arguments with which it ends by itself.
pub(crate) fn ended(arguments: &[&str]) -> Ended {
    Ended::of(bellwether().args(arguments))
}

/// Lines as a process writes them.
#[derive(Debug, Clone, Default)]
struct Written(Arc<(Mutex<(String, bool)>, Condvar)>);

impl Written {
    fn follow(stream: impl std::io::Read + Send + 'static) -> Self {
        let written = Self::default();
        let ours = written.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n') {
                let Ok(line) = line else { break };
                let mut state = ours.0.0.lock().unwrap();
                let _ = writeln!(state.0, "{}", String::from_utf8_lossy(&line));
                ours.0.1.notify_all();
            }
            ours.0.0.lock().unwrap().1 = true;
            ours.0.1.notify_all();
        });
        written
    }

    fn so_far(&self) -> String {
        self.0.0.lock().unwrap().0.clone()
    }

    /// Everything, once the process has ended.
    fn whole(&self) -> String {
        let state = self.0.0.lock().unwrap();
        let (state, _) = self.0.1.wait_timeout_while(state, LONG, |(_, ended)| !*ended).unwrap();
        state.0.clone()
    }

    /// The first line that holds this; `None` when the process ended without it.
    fn line(&self, with: &str) -> Option<String> {
        let found = |text: &str| text.lines().find(|line| line.contains(with)).map(str::to_owned);
        let state = self.0.0.lock().unwrap();
        let (state, _) = self
            .0
            .1
            .wait_timeout_while(state, LONG, |(text, ended)| found(text).is_none() && !*ended)
            .unwrap();
        found(&state.0)
    }
}

/// A process of ours; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdout: Written,
    stderr: Written,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stdout = Written::follow(child.stdout.take().expect("it is piped"));
        let stderr = Written::follow(child.stderr.take().expect("it is piped"));
        Self { child, stdout, stderr }
    }

    /// Waits for a line on standard output.
    pub(crate) fn line(&self, with: &str) -> String {
        match self.stdout.line(with) {
            Some(line) => line,
            None => panic!("no {with:?} was printed; on stderr:\n{}", self.stderr.so_far()),
        }
    }

    /// A line that was printed so far.
    pub(crate) fn printed(&self, with: &str) -> Option<String> {
        self.stdout.so_far().lines().find(|line| line.contains(with)).map(str::to_owned)
    }

    pub(crate) fn log(&self) -> String {
        self.stderr.so_far()
    }

    fn signal(&self, name: &str) {
        let told = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
    }

    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            assert!(Instant::now() < until, "it does not end; on stderr:\n{}", self.stderr.so_far());
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let log = self.stderr.whole();
            assert!(!log.contains("panicked"), "something panicked:\n{log}");
        } else {
            eprintln!("---- what a process said ----\n{}", self.stderr.so_far());
        }
    }
}

/// A running `up` or `serve`.
#[derive(Debug)]
pub(crate) struct Bellwether {
    pub(crate) process: Process,
    address: String,
    http: reqwest::Client,
}

impl Bellwether {
    /// `up` on a free port with this data folder.
    pub(crate) fn up(data: &Path, more: &[&str]) -> Self {
        Self::run(&["up"], data, more)
    }

    /// `serve` of some roles on a free port, named as its data folder.
    pub(crate) fn serve(roles: &str, nats: &str, data: &Path, more: &[&str]) -> Self {
        // The default name holds the address, and all of these have none yet.
        let name = data.file_name().expect("it is a folder").to_string_lossy().into_owned();
        Self::run(&["serve", "--roles", roles, "--nats", nats, "--instance", &name], data, more)
    }

    /// `up` on a free port, with a key for the operator.
    pub(crate) fn with_operator(data: &Path, more: &[&str]) -> Self {
        let mut command = bellwether();
        command.env("BELLWETHER_OPERATOR_KEY", OPERATOR_KEY);
        Self::run_as(command, &["up"], data, more)
    }

    fn run(what: &[&str], data: &Path, more: &[&str]) -> Self {
        Self::run_as(bellwether(), what, data, more)
    }

    fn run_as(mut command: Command, what: &[&str], data: &Path, more: &[&str]) -> Self {
        command.args(what).arg("--data").arg(data).args(more);
        if !more.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let process = Process::start(&mut command);
        let line = process.line("bellwether is ready");
        let address = line.strip_prefix("bellwether is ready at http://").unwrap_or_default().to_owned();
        Self { process, address, http: http() }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        get(&format!("http://{}{path}", self.address)).await
    }

    /// A request to this server, to be added to and sent with [`got`] or [`try_got`].
    pub(crate) fn ask(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// A `GET` that must succeed, read as JSON.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let got = self.get(path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        got.json()
    }

    /// The sum of a metric over its labels, as far as they contain `label`.
    pub(crate) async fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.get("/metrics").await.body;
        let values = text.lines().filter_map(|line| {
            let (left, value) = line.rsplit_once(' ')?;
            let (found, labels) = left.split_once('{').unwrap_or((left, ""));
            (found == name && labels.contains(label)).then(|| value.parse::<f64>().ok())?
        });
        values.sum()
    }

    pub(crate) async fn client(&self) -> Client {
        soon("a WebSocket handshake", || async { Client::connect(&self.address).await.ok() }).await
    }

    /// The first feed of the status.
    pub(crate) async fn feed(&self) -> Value {
        self.json("/api/v1/status").await["feeds"][0].clone()
    }

    /// Waits until the first feed of the status is as wanted.
    pub(crate) async fn feed_is(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        soon(what, || async { Some(self.feed().await).filter(&is) }).await
    }

    /// The row of one symbol. Asking counts as watching it for a minute.
    pub(crate) async fn row(&self, symbol: &str) -> Value {
        self.json(&format!("/api/v1/quotes?symbols={symbol}")).await["quotes"][0].clone()
    }

    /// Stops it and waits; it must end well.
    pub(crate) fn stop(mut self) -> String {
        self.process.terminate();
        let began = Instant::now();
        let status = self.process.wait();
        assert_eq!(status.code(), Some(0), "{}", self.process.log());
        assert!(began.elapsed() < Duration::from_secs(12), "it took {:?} to stop", began.elapsed());
        self.process.stderr.whole()
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub(crate) fn http() -> reqwest::Client {
    // Fails only if it was done before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(LONG).build().expect("a client")
}

pub(crate) async fn get(url: &str) -> Got {
    got(http().get(url)).await
}

pub(crate) async fn post(url: &str, body: &Value) -> Got {
    got(http().post(url).header("content-type", "application/json").body(body.to_string())).await
}

pub(crate) async fn got(request: reqwest::RequestBuilder) -> Got {
    try_got(request).await.expect("an answer")
}

/// Sends a request of which no answer may come.
pub(crate) async fn try_got(request: reqwest::RequestBuilder) -> Result<Got, reqwest::Error> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let content_type =
        answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    Ok(Got { status, content_type, body: answer.text().await? })
}

/// A WebSocket client.
pub(crate) struct Client(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(address: &str) -> Result<Self, WsError> {
        connect_async(format!("ws://{address}/ws")).await.map(|(socket, _)| Self(socket))
    }

    /// With headers, such as a cookie.
    pub(crate) async fn connect_as(address: &str, headers: &[(&str, &str)]) -> Result<Self, WsError> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        for (name, value) in headers {
            let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("the connection is open");
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Message {
        let message = tokio::time::timeout(LONG, self.0.next()).await.expect("a message comes");
        message.expect("the connection is open").expect("the connection is whole")
    }

    /// The next frame.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match self.message().await {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The next frame of a kind; others are passed over.
    pub(crate) async fn hear_kind(&mut self, kind: &str) -> Value {
        self.hear_until(kind, |frame| (frame["type"] == kind).then(|| frame.clone())).await
    }

    /// Frames until one is what is wanted.
    pub(crate) async fn hear_until<T>(&mut self, what: &str, mut is: impl FnMut(&Value) -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + LONG;
        loop {
            let frame = tokio::time::timeout_at(until, self.hear()).await;
            let Ok(frame) = frame else { panic!("{what}: not within {} s", LONG.as_secs()) };
            if let Some(found) = is(&frame) {
                return found;
            }
        }
    }

    /// The next update of a symbol on a channel.
    pub(crate) async fn update(&mut self, kind: &str, symbol: &str) -> Value {
        self.hear_until(symbol, |frame| {
            (frame["type"] == kind).then(|| frame["data"].get(symbol).cloned()).flatten()
        })
        .await
    }

    /// The next price of a symbol.
    pub(crate) async fn price(&mut self, symbol: &str) -> Value {
        self.update("price_update", symbol).await
    }

    /// Everything that came before the answer to a ping sent now.
    pub(crate) async fn drain(&mut self) -> Vec<Value> {
        self.say(json!({"type": "ping", "id": "drain"})).await;
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await;
            if frame["type"] == "pong" && frame["id"] == "drain" {
                return heard;
            }
            heard.push(frame);
        }
    }

    /// The code the connection is closed with; what else comes is passed over.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match tokio::time::timeout(LONG, self.0.next()).await.expect("an end comes") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

pub(crate) fn subscribe(symbols: &[&str]) -> Value {
    json!({"type": "subscribe", "symbols": symbols})
}

/// A look-alike of the providers.
#[derive(Debug)]
pub(crate) struct Lookalike {
    _process: Process,
    rest: String,
    stream: String,
    quotes: String,
}

impl Lookalike {
    pub(crate) fn start(more: &[&str]) -> Self {
        let process = Process::start(bellwether().args(["sim", "--listen", "127.0.0.1:0"]).args(more));
        let url = |with| process.line(with).split_whitespace().last().expect("an address").to_owned();
        let (rest, stream, quotes) = (url("http://"), url("ws://"), url("tcp://"));
        Self { rest, stream, quotes, _process: process }
    }

    /// Where it is the legacy quote server.
    pub(crate) fn quotes(&self) -> &str {
        &self.quotes
    }

    /// A settings file that takes prices from it.
    pub(crate) fn settings(&self, folder: &Path, key: &str, more: &str) -> PathBuf {
        let path = folder.join("bellwether.toml");
        let text = format!(
            "[[feeds]]\nkind = \"finnhub\"\nkey = \"{key}\"\nrest = \"{}\"\nstream = \"{}\"\nsimulated = true\n{more}",
            self.rest, self.stream
        );
        std::fs::write(&path, text).expect("a temporary folder can be written");
        path
    }

    fn faults_url(&self) -> String {
        let (base, _) = self.rest.split_once("/finnhub").expect("the look-alike's path");
        format!("{base}/sim/faults")
    }

    /// Makes it do something wrong.
    pub(crate) async fn faults(&self, faults: Value) -> Value {
        let got = post(&self.faults_url(), &faults).await;
        assert_eq!(got.status, 200, "{}", got.body);
        got.json()
    }

    /// What it has done wrong so far.
    pub(crate) async fn report(&self) -> Value {
        get(&self.faults_url()).await.json()
    }
}
