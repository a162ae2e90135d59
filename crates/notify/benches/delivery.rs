//! How fast notices are delivered, channel by channel and over many: `cargo bench -p notify`.
//!
//! Everything is real but the network: the queue is in SQLite and synced, requests go over TCP to a receiver within this
//! process, pushes are encrypted and signed, letters go to a small SMTP server.

#![allow(clippy::unwrap_used, reason = "a measurement stops at what it did not expect")]

#[path = "../tests/it/smtp.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod smtp;
#[path = "../tests/it/world.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod world;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use notify::push::Subscription;
use notify::webhook;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;

use crate::smtp::SmtpServer;
use crate::world::{Answer, Receiver, Setting, World, notice};

/// Notices of a measurement.
const NOTICES: usize = 1_000;
/// Channels of the second.
const CHANNELS: usize = 50;

fn subscription(endpoint: String) -> String {
    let private = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let point = private.public_key().to_encoded_point(false);
    let subscription = Subscription {
        endpoint,
        p256dh: URL_SAFE_NO_PAD.encode(point.as_bytes()),
        auth: URL_SAFE_NO_PAD.encode([9; 16]),
    };
    serde_json::to_string(&subscription).unwrap()
}

/// Settings of the nth channel of a kind.
fn settings(kind: &str, receiver: &Receiver, n: usize) -> String {
    match kind {
        "webhook" => {
            let secret = webhook::new_secret().unwrap();
            let (url, content) = (receiver.url(&format!("/{n}")), webhook::Content::Json);
            let settings = webhook::Settings { url, content, template: None, headers: Vec::new(), secret };
            serde_json::to_string(&settings).unwrap()
        }
        "web_push" => subscription(receiver.url(&format!("/{n}"))),
        _ => format!(r#"{{"address": "ada{n}@example.org"}}"#),
    }
}

async fn measure(kind: &'static str, channels: usize) -> (Duration, Duration) {
    let mut receiver = Receiver::new(&[], Answer::Status(201)).await;
    let mut server = SmtpServer::new(&[]).await;
    let world = World::new(Setting { smtp: Some(server.url()), ..Setting::default() }).await;
    for n in 0..channels {
        let owner = i64::try_from(n).unwrap() + 1;
        world.channel(owner, kind, settings(kind, &receiver, n)).await;
    }
    let begun = Instant::now();
    for batch in 0..NOTICES / 100 {
        let notices = (0..100).map(|n| notice((n % channels) as i64 + 1, &format!("{batch}:{n}")));
        world.outbox.put_all(notices.collect()).await.unwrap();
    }
    let put = begun.elapsed();
    for _ in 0..NOTICES {
        match kind {
            "email" => drop(server.next().await),
            _ => drop(receiver.next().await),
        }
    }
    (put, begun.elapsed())
}

fn main() {
    // Asked for by those who want to know only that it builds and begins.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{NOTICES} notices; each is stored and synced, delivered, and noted as sent");
    for kind in ["webhook", "web_push", "email"] {
        for channels in [1, CHANNELS] {
            let (put, took) = runtime.block_on(measure(kind, channels));
            let rate = NOTICES as f64 / took.as_secs_f64();
            let put_ms = put.as_secs_f64() * 1e3;
            println!("{kind:8} {channels:3} channel(s): {rate:8.0} deliveries/s (put within {put_ms:.0} ms)");
        }
    }
}
