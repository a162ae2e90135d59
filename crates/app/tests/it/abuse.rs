//! Clients that mean no good, or do not know better.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::house::{Bellwether, Client, LONG, soon, subscribe};

/// What all of it together may leave behind.
const GROWTH_MIB: u64 = 64;

/// A client of before is served all the while, and afterwards all is as it was.
async fn assert_unharmed(house: &Bellwether, witness: &mut Client, before: u64) {
    witness.drain().await;
    witness.price("AAPL").await;
    soon("only the witness is left", || async {
        (house.metric("bellwether_ws_connections", "").await == 1.0).then_some(())
    })
    .await;
    assert_eq!(house.metric("bellwether_ws_subscriptions", "").await, 1.0);
    assert_eq!(house.metric("bellwether_http_panics_total", "").await, 0.0);
    let after = house.process.resident_mib();
    assert!(after < before + GROWTH_MIB, "{before} MiB grew to {after} MiB");
}

async fn house_and_witness() -> (tempfile::TempDir, Bellwether, Client, u64) {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &["--rate", "20000"]);
    let mut witness = house.client().await;
    witness.say(subscribe(&["AAPL"])).await;
    witness.price("AAPL").await;
    let before = house.process.resident_mib();
    (data, house, witness, before)
}

#[tokio::test]
async fn garbage_and_greed_are_refused() {
    let (_data, house, mut witness, before) = house_and_witness().await;
    let mut client = house.client().await;
    for garbage in [
        "",
        "\u{0}",
        "}{",
        "[[[[",
        "null",
        "\"subscribe\"",
        "{\"type\":7}",
        "{\"type\":\"subscribe\",\"symbols\":[null]}",
    ] {
        client.0.send(Message::text(garbage)).await.unwrap();
        assert_eq!(client.hear().await["type"], "error", "{garbage}");
    }
    client.0.send(Message::text("[".repeat(60_000))).await.unwrap();
    assert_eq!(client.hear().await["type"], "error");
    client.0.send(Message::binary(vec![0, 159, 146, 150])).await.unwrap();
    assert_eq!(client.close_code().await, Some(1003));

    for _ in 0..20 {
        let mut client = house.client().await;
        // The server may close before all of it is sent.
        let _ = client.0.send(Message::text("x".repeat(1_000_000))).await;
        assert!(matches!(client.close_code().await, Some(1009) | None));
    }
    // A hundred thousand symbols in one frame are too long, in many frames too many.
    let names: Vec<String> = (0..100_000).map(|n| format!("S{n}")).collect();
    let mut client = house.client().await;
    let _ = client.0.send(Message::text(json!({"type": "subscribe", "symbols": names}).to_string())).await;
    assert!(matches!(client.close_code().await, Some(1009) | None));
    let mut client = house.client().await;
    for some in names.chunks(5_000) {
        client.say(json!({"type": "subscribe", "symbols": some})).await;
        let errors = client.drain().await;
        assert!((1..=101).contains(&errors.len()), "{}", errors.len());
    }
    drop(client);
    // More of those that exist than one connection may have.
    let mut client = house.client().await;
    let (mut cursor, mut refused) = (String::new(), false);
    while !refused {
        let page = house.json(&format!("/api/v1/symbols?limit=100{cursor}")).await;
        let symbols: Vec<&str> =
            page["symbols"].as_array().unwrap().iter().map(|s| s["symbol"].as_str().unwrap()).collect();
        client.say(subscribe(&symbols)).await;
        refused = client.drain().await.iter().any(|frame| frame["code"] == "too_many_symbols");
        cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("there are more than 5,000"));
    }
    drop(client);
    assert_unharmed(&house, &mut witness, before).await;
    house.stop();
}

#[tokio::test]
async fn visitors_that_only_come_and_go_cost_nothing() {
    let (_data, house, mut witness, before) = house_and_witness().await;
    let address = house.address();
    for _ in 0..40 {
        let visits = (0..50).map(|n| async move {
            match n % 3 {
                0 => drop(TcpStream::connect(address).await),
                1 => drop(Client::connect(address).await),
                _ => {
                    let Ok(mut client) = Client::connect(address).await else { return };
                    let _ = client.0.send(Message::text(subscribe(&["AAPL", "MSFT"]).to_string())).await;
                }
            }
        });
        futures_util::future::join_all(visits).await;
    }
    assert_unharmed(&house, &mut witness, before).await;
    house.stop();
}

#[tokio::test]
async fn a_handshake_that_is_never_finished_is_ended() {
    let (_data, house, mut witness, before) = house_and_witness().await;
    let mut idle = Vec::new();
    for n in 0..200 {
        let mut socket = TcpStream::connect(house.address()).await.unwrap();
        if n % 2 == 0 {
            socket.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: webso").await.unwrap();
        }
        idle.push(socket);
    }
    for mut socket in idle {
        // An end, be it with an answer before or with a reset.
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(LONG, socket.read_to_end(&mut rest)).await.expect("it is ended");
    }
    assert_unharmed(&house, &mut witness, before).await;
    house.stop();
}

#[tokio::test]
async fn a_stalled_reader_is_held_to_its_bound_and_catches_up() {
    let (_data, house, mut witness, before) = house_and_witness().await;
    let page = house.json("/api/v1/symbols?limit=100").await;
    let symbols: Vec<&str> =
        page["symbols"].as_array().unwrap().iter().map(|s| s["symbol"].as_str().unwrap()).collect();
    let mut stalled = Vec::new();
    for _ in 0..5 {
        let socket = TcpSocket::new_v4().unwrap();
        // Little room, so that it is behind soon.
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = socket.connect(house.address().parse().unwrap()).await.unwrap();
        let (mut client, _) = client_async(format!("ws://{}/ws", house.address()), stream).await.unwrap();
        client.send(Message::text(subscribe(&symbols).to_string())).await.unwrap();
        stalled.push(client);
    }
    soon("they are behind", || async {
        (house.metric("bellwether_ws_conflated_total", "").await > 1_000.0).then_some(())
    })
    .await;
    let during = house.process.resident_mib();
    assert!(during < before + GROWTH_MIB, "{before} MiB grew to {during} MiB");
    // The fast are not kept waiting.
    witness.drain().await;
    let mark = house.json("/api/v1/status").await["server_time"].as_str().unwrap().to_owned();
    witness
        .hear_until("a fresh price", |frame| {
            (frame["data"].get("AAPL")?["timestamp"].as_str()? > mark.as_str()).then_some(())
        })
        .await;
    // Read again, never an older value after a newer one, and the newest in the end.
    let mut client = stalled.pop().unwrap();
    let mut newest = std::collections::HashMap::new();
    let catching_up = async {
        while let Some(Ok(message)) = client.next().await {
            let Message::Text(text) = message else { continue };
            let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
            for (symbol, value) in frame["data"].as_object().into_iter().flatten() {
                let seq = value["seq"].as_u64().unwrap();
                let last = newest.insert(symbol.clone(), seq).unwrap_or(0);
                assert!(last < seq, "{symbol}: {seq} came after {last}");
                if symbol == "AAPL" && value["timestamp"].as_str() > Some(&mark) {
                    return;
                }
            }
        }
        panic!("the connection ended");
    };
    tokio::time::timeout(Duration::from_secs(180), catching_up).await.expect("it catches up");
    drop(client);
    drop(stalled);
    assert_unharmed(&house, &mut witness, before).await;
    house.stop();
}
