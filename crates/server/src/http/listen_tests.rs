use std::net::Ipv4Addr;

use axum::Extension;
use axum::routing::{any, get};
use prometheus_client::registry::Registry;
use tokio::sync::{Notify, oneshot};

use super::*;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Drained>,
    metrics: HttpMetrics,
}

async fn start(router: Router, options: ListenOptions) -> Running {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address();
    let metrics = HttpMetrics::register(&mut Registry::default());
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(listener.serve(router, options, metrics.clone(), async {
        let _ = stopped.await;
    }));
    Running { address, stop, served, metrics }
}

async fn send(address: SocketAddr, head: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

async fn answer(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    text
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn serves_and_tells_who_asks() {
    let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let running = start(Router::new().route("/", get(who)), ListenOptions::default()).await;
    let text = answer(send(running.address, GET).await).await;
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("127.0.0.1"), "{text}");
    running.stop.send(()).unwrap();
    assert_eq!(running.served.await.unwrap(), Drained { cut: 0 });
    assert_eq!(running.metrics.connections.get(), 0);
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let running = start(Router::new().route("/", get(|| async { "hello" })), ListenOptions::default()).await;
    let long = "a".repeat(70_000);
    let cases = [
        ("hello\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(), 400),
        ("G(T / HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: x\r\nno header\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(), 400),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nhost: x\r\na: {long}\r\n\r\n"), 431),
    ];
    for (request, status) in cases {
        let mut socket = send(running.address, &request).await;
        let mut begin = [0; 12];
        // What comes after may be cut: the server does not read on.
        socket.read_exact(&mut begin).await.unwrap_or_else(|error| panic!("{status}: {error}"));
        assert_eq!(std::str::from_utf8(&begin).unwrap(), format!("HTTP/1.1 {status}"));
    }
    // Nor is the answer to a good request lost by what follows it.
    let text = answer(send(running.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\nhello\r\n\r\n").await).await;
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("HTTP/1.1 400 "), "{text}");
}

#[tokio::test]
async fn says_in_one_line_why_it_cannot_listen() {
    let first = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = first.address().to_string();
    let error = Listener::bind(&address).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {address}: address already in use; choose another with --listen")
    );
    for nowhere in ["192.0.2.1:80", "nonsense", "127.0.0.1:99999", ""] {
        let error = Listener::bind(nowhere).await.unwrap_err();
        assert!(matches!(error, ListenError::NotHere(_)), "{nowhere}: {error}");
    }
}

#[tokio::test]
async fn refuses_beyond_the_limits_and_takes_places_back() {
    for (options, words) in [
        (ListenOptions { connections_max: 1, ..Default::default() }, "too many connections;"),
        (ListenOptions { connections_per_address_max: 1, ..Default::default() }, "from this address"),
    ] {
        let running = start(Router::new().route("/", get(|| async { "hello" })), options).await;
        let keep = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let mut first = send(running.address, keep).await;
        let mut byte = [0u8; 1];
        first.read_exact(&mut byte).await.unwrap();
        let refused = answer(send(running.address, GET).await).await;
        assert!(refused.starts_with("HTTP/1.1 429 ") && refused.contains(words), "{refused}");
        drop(first);
        // The place comes back as soon as the server has seen the end.
        while running.metrics.connections.get() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(answer(send(running.address, GET).await).await.ends_with("hello"));
    }
}

#[tokio::test]
async fn finishes_what_is_in_flight_and_cuts_what_hangs() {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (e, r) = (Arc::clone(&entered), Arc::clone(&release));
    let slow = get(move || async move {
        e.notify_one();
        r.notified().await;
        "done"
    });
    let e = Arc::clone(&entered);
    let never = get(move || async move {
        e.notify_one();
        std::future::pending::<()>().await;
    });
    let router = Router::new().route("/", slow).route("/never", never);
    let options = ListenOptions { drain: Duration::from_millis(200), ..Default::default() };
    let running = start(router, options).await;
    let slow = send(running.address, GET).await;
    entered.notified().await;
    let never = send(running.address, &GET.replace("/ ", "/never ")).await;
    entered.notified().await;
    let silent = TcpStream::connect(running.address).await.unwrap();
    running.stop.send(()).unwrap();
    release.notify_one();
    assert!(answer(slow).await.ends_with("done"));
    assert_eq!(running.served.await.unwrap(), Drained { cut: 1 });
    assert_eq!(answer(never).await, "");
    drop(silent);
    assert!(TcpStream::connect(running.address).await.is_err(), "the port is free");
}

#[tokio::test]
async fn an_upgrade_gives_the_bare_socket_back_and_keeps_its_place() {
    let upgrade = |Extension(permit): Extension<Permit>, mut request: axum::extract::Request| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let upgraded = upgrade.await.unwrap();
            let parts =
                hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded).unwrap();
            let mut socket: TcpStream = parts.io.into_inner();
            socket.write_all(b"bare").await.unwrap();
            let mut byte = [0u8; 1];
            socket.read_exact(&mut byte).await.unwrap();
            drop(permit);
        });
        let upgrade = [("connection", "upgrade"), ("upgrade", "raw")];
        (axum::http::StatusCode::SWITCHING_PROTOCOLS, upgrade)
    };
    let running = start(Router::new().route("/ws", any(upgrade)), ListenOptions::default()).await;
    let head = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n";
    let mut socket = send(running.address, head).await;
    let mut seen = Vec::new();
    while !seen.ends_with(b"bare") {
        let mut byte = [0u8; 1];
        socket.read_exact(&mut byte).await.unwrap();
        seen.push(byte[0]);
    }
    assert_eq!(running.metrics.connections.get(), 1);
    socket.write_all(b"x").await.unwrap();
    assert_eq!(socket.read(&mut [0u8; 1]).await.unwrap(), 0);
    while running.metrics.connections.get() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let running = start(Router::new(), ListenOptions::default()).await;
    for beginning in ["", "G", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost"] {
        let mut socket = send(running.address, beginning).await;
        // A timeout may be told with a 408 before the end.
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).await.unwrap();
    }
}

#[test]
fn one_customer_is_one_address() {
    let same = |a: &str, b: &str| customer(a.parse().unwrap()) == customer(b.parse().unwrap());
    assert!(same("::ffff:10.0.0.1", "10.0.0.1"));
    assert!(same("2001:db8::1", "2001:db8::ffff:2"));
    assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
    assert!(!same("10.0.0.1", "10.0.0.2"));
    assert_eq!(customer(IpAddr::V4(Ipv4Addr::LOCALHOST)), IpAddr::V4(Ipv4Addr::LOCALHOST));
}
