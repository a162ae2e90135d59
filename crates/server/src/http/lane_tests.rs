use std::net::SocketAddr;
use std::sync::Mutex;

use axum::Router;
use axum::routing::{get, post};
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};

use super::super::listen::{App, Drained, ListenOptions, Listener};
use super::super::metrics::HttpMetrics;
use super::*;

/// Answers `wait` when told to, `refuse` with a refusal, and everything else with itself.
#[derive(Default)]
struct Echo {
    begun: Mutex<Vec<String>>,
    go: Arc<Notify>,
}

impl Serve for Echo {
    fn takes(&self, headers: &HeaderMap) -> bool {
        headers.get("authorization").is_some_and(|key| key == "Bearer key")
    }

    fn begin(&self, _: &HeaderMap, body: &[u8]) -> Pending {
        let text = String::from_utf8(body.to_vec()).unwrap();
        self.begun.lock().unwrap().push(text.clone());
        let go = Arc::clone(&self.go);
        Box::pin(async move {
            match text.as_str() {
                "wait" => go.notified().await,
                "refuse" => return Err(Refusal::unavailable("not now")),
                _ => {}
            }
            Ok(("text/plain", text))
        })
    }
}

struct Running {
    address: SocketAddr,
    echo: Arc<Echo>,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Drained>,
}

async fn start() -> Running {
    let echo = Arc::new(Echo::default());
    let lane = Lane::post("/lane", 1_000, Arc::clone(&echo) as Arc<dyn Serve>);
    let router = Router::new()
        .route("/lane", post(|body: String| async move { format!("router:{body}") }))
        .route("/", get(|| async { "root" }));
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address();
    let metrics = HttpMetrics::register(&mut Registry::default());
    let (stop, stopped) = oneshot::channel();
    let app = App::new(router, Some(lane));
    let served = tokio::spawn(listener.serve(app, ListenOptions::default(), metrics, async {
        let _ = stopped.await;
    }));
    Running { address, echo, stop, served }
}

fn request(body: &str, more: &str) -> String {
    format!(
        "POST /lane HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads so many answers: their statuses and bodies.
async fn answers(socket: &mut TcpStream, count: usize) -> Vec<(u16, String)> {
    let (mut text, mut found) = (Vec::new(), Vec::new());
    while found.len() < count {
        let mut piece = [0; 4096];
        let n =
            tokio::time::timeout(Duration::from_secs(10), socket.read(&mut piece)).await.unwrap().unwrap();
        assert!(n > 0, "closed after {found:?}");
        text.extend_from_slice(&piece[..n]);
        while let Some(head) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head_text = String::from_utf8(text[..head].to_vec()).unwrap().to_ascii_lowercase();
            let status = head_text.split(' ').nth(1).unwrap().parse().unwrap();
            let length = head_text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let end = head + 4 + length.parse::<usize>().unwrap();
            if text.len() < end {
                break;
            }
            found.push((status, String::from_utf8(text[head + 4..end].to_vec()).unwrap()));
            text.drain(..end);
        }
    }
    assert!(text.is_empty(), "more came than was asked for");
    found
}

fn ok(body: &str) -> (u16, String) {
    (200, body.to_owned())
}

#[tokio::test]
async fn requests_that_come_together_are_begun_together_and_answered_in_order() {
    let running = start().await;
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    let all = [request("wait", ""), request("one", ""), request("two", "")].concat();
    socket.write_all(all.as_bytes()).await.unwrap();
    while running.echo.begun.lock().unwrap().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*running.echo.begun.lock().unwrap(), ["wait", "one", "two"]);
    running.echo.go.notify_one();
    assert_eq!(answers(&mut socket, 3).await, [ok("wait"), ok("one"), ok("two")]);
}

#[tokio::test]
async fn a_request_may_come_in_any_pieces() {
    let running = start().await;
    let text = [request("one", ""), request("", ""), request("three", "Accept: */*\r\n")].concat();
    for cut in 1..text.len() {
        let mut socket = TcpStream::connect(running.address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        socket.write_all(&text.as_bytes()[..cut]).await.unwrap();
        tokio::task::yield_now().await;
        socket.write_all(&text.as_bytes()[cut..]).await.unwrap();
        let told = answers(&mut socket, 3).await;
        let by_lane = [ok("one"), ok(""), ok("three")];
        // What begins with too little to be told goes to the router.
        let by_router = [ok("router:one"), ok("router:"), ok("router:three")];
        assert!(told == by_lane || (cut < 5 && told == by_router), "cut at {cut}: {told:?}");
    }
}

#[tokio::test]
async fn what_is_not_plain_goes_to_the_router_after_what_was_before() {
    let running = start().await;
    let foreign = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "root"),
        (request("a", "").replace("Bearer key", "Bearer other"), "router:a"),
        (request("b", "TE: trailers\r\n"), "router:b"),
        (
            "POST /lane HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\nTransfer-Encoding: chunked\r\n\r\n\
             1\r\nc\r\n0\r\n\r\n"
                .to_owned(),
            "router:c",
        ),
        (request(&"d".repeat(1_001), ""), &format!("router:{}", "d".repeat(1_001))),
        (request("e", "Connection: close\r\n"), "router:e"),
    ];
    for (text, told) in &foreign {
        let mut socket = TcpStream::connect(running.address).await.unwrap();
        let all = [request("wait", ""), text.clone()].concat();
        socket.write_all(all.as_bytes()).await.unwrap();
        running.echo.go.notify_one();
        assert_eq!(answers(&mut socket, 2).await, [ok("wait"), ok(told)], "{text}");
    }
    // Two lengths are an attack or a mistake, and the library says so.
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    let doubled = request("", "Content-Length: 1\r\n");
    socket.write_all(doubled.as_bytes()).await.unwrap();
    assert_eq!(answers(&mut socket, 1).await[0].0, 400);
}

#[tokio::test]
async fn refusals_are_problems_and_headers_are_the_routers() {
    let running = start().await;
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    socket.write_all(request("refuse", "").as_bytes()).await.unwrap();
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while !text.contains("not now") {
        let n = socket.read(&mut piece).await.unwrap();
        text.push_str(std::str::from_utf8(&piece[..n]).unwrap());
    }
    for field in [
        "HTTP/1.1 503 Service Unavailable\r\n",
        "\r\ncontent-type: application/problem+json\r\n",
        "\r\nretry-after: 1\r\n",
        "\r\nx-content-type-options: nosniff\r\n",
        "\r\ncontent-security-policy: ",
        "\r\ncache-control: no-store\r\n",
        "\r\ndate: ",
    ] {
        assert!(text.contains(field), "{field} is missing in {text}");
    }
}

#[tokio::test]
async fn the_end_waits_for_answers_on_their_way() {
    let running = start().await;
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    socket.write_all(request("wait", "").as_bytes()).await.unwrap();
    while running.echo.begun.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    running.stop.send(()).unwrap();
    tokio::task::yield_now().await;
    running.echo.go.notify_one();
    assert_eq!(answers(&mut socket, 1).await, [ok("wait")]);
    assert_eq!(running.served.await.unwrap(), Drained { cut: 0 });
    assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 0);
}

/// Whatever comes, reading it does not panic, and what is taken is within what came.
#[test]
fn any_bytes_are_read_as_whole_part_or_foreign() {
    let lane = Lane::post("/lane", 64, Arc::new(Echo::default()));
    let whole = request("body", "");
    proptest::proptest!(|(at in 0..whole.len(), byte: u8, cut in 0..=whole.len())| {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] = byte;
        bytes.truncate(cut);
        if let Read::Whole(request) = lane.read(&bytes) {
            proptest::prop_assert!(request.head_bytes + request.body_bytes <= bytes.len());
        }
    });
}
