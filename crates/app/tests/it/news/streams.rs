//! Streams: set while the server runs, kept through restarts, and leaking nothing.

use serde_json::{Value, json};

use super::paper::Paper;
use super::{everything, send, settings, up};
use crate::house::{Bellwether, OPERATOR_KEY, got, soon};

async fn streams(house: &Bellwether) -> Vec<Value> {
    house.json("/api/v1/streams").await["streams"].as_array().unwrap().clone()
}

fn named<'a>(streams: &'a [Value], name: &str) -> &'a Value {
    streams.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {streams:?}"))
}

/// A provider, once it has said something of itself.
async fn provider(house: &Bellwether, name: &str) -> Option<Value> {
    let all = house.json("/api/v1/streams").await;
    all["providers"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned()
}

async fn add(house: &Bellwether, body: Value) -> Value {
    let made = send(house, "POST", "/api/v1/streams", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

async fn pause(house: &Bellwether, name: &str, is_paused: bool) {
    let path = format!("/api/v1/streams/providers/{name}");
    let request = house.ask("PATCH", &path).bearer_auth(OPERATOR_KEY);
    let request = request.header("content-type", "application/json");
    let told = got(request.body(json!({ "is_paused": is_paused }).to_string())).await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.json()["is_paused"], is_paused);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_added_changed_paused_and_stopped_and_stay_so() {
    let (paper, folder) = (Paper::start().await, tempfile::tempdir().unwrap());
    paper.print("a", "Wheat is dear", 60);
    paper.print("b", "Copper is cheap", 60);
    let config = settings(folder.path(), &paper);
    let house = up(folder.path(), &config);
    let first = soon("the provider is known", || async {
        Some(streams(&house).await).filter(|found| !found.is_empty())
    })
    .await;
    assert_eq!((&first[0]["name"], &first[0]["owner"]), (&json!("Business"), &Value::Null));
    let business = first[0]["id"].as_str().unwrap().to_owned();
    let change = |id: &str, body: Value| {
        let path = format!("/api/v1/streams/{id}");
        let house = &house;
        async move {
            let told = send(house, "PATCH", &path, body).await;
            assert_eq!(told.status, 200, "{}", told.body);
            told.json()
        }
    };
    let paused = change(&business, json!({"is_paused": true})).await;
    assert_eq!(paused["state"], "paused");
    let wheat = add(&house, json!({"provider": "guardian", "name": "Bread", "words": "wheat"})).await;
    let id = wheat["id"].as_str().unwrap().to_owned();
    assert_eq!((&wheat["kind"], &wheat["is_own"]), (&json!("news"), &json!(true)));
    let of = format!("stream={id}");
    soon("wheat is here", || async { (everything(&house, &of).await.len() == 1).then_some(()) }).await;
    // Another query begins a day back, too.
    change(&id, json!({"words": "copper"})).await;
    soon("copper is here", || async { (everything(&house, &of).await.len() == 2).then_some(()) }).await;
    let provider = soon("calls are counted", || async {
        let is_up = |one: &Value| one["calls"]["used"].as_u64() > Some(1) && one["state"] == "up";
        provider(&house, "guardian").await.filter(is_up)
    })
    .await;
    assert_eq!(provider["kind"], "news");
    // What cannot be is told, and changes nothing.
    for (body, member) in [
        (json!({"provider": "guardian", "name": "x", "words": "a AND ("}), "words"),
        (json!({"provider": "guardian", "name": "x", "sections": ["nonsense"]}), "sections"),
        (json!({"provider": "guardian", "name": "x", "symbols": ["AAPL"]}), "symbols"),
        (json!({"provider": "guardian", "name": " "}), "name"),
        (json!({"provider": "nobody", "name": "x"}), "provider"),
        (json!({"provider": "sim", "name": "x"}), "symbols"),
    ] {
        let refused = send(&house, "POST", "/api/v1/streams", body).await.json();
        assert_eq!(refused["code"], "bad_stream", "{refused}");
        assert!(refused["detail"].as_str().unwrap().starts_with(member), "{refused}");
    }
    // A key that the provider refuses is shown where people look.
    house.stop();
    let wrong = std::fs::read_to_string(&config).unwrap().replace(super::paper::KEY, "wrong");
    std::fs::write(&config, wrong).unwrap();
    let house = up(folder.path(), &config);
    let failing = soon("it fails", || async {
        Some(streams(&house).await).filter(|all| named(all, "Bread")["state"] == "failing")
    })
    .await;
    assert!(named(&failing, "Bread")["last_error"].as_str().unwrap().contains("key"), "{failing:?}");
    house.stop();
    let house = {
        settings(folder.path(), &paper);
        up(folder.path(), &config)
    };
    let all = soon("it runs again", || async {
        Some(streams(&house).await).filter(|all| named(all, "Bread")["state"] == "running")
    })
    .await;
    assert_eq!(named(&all, "Business")["state"], "paused");
    assert_eq!(named(&all, "Bread")["words"], "copper");
    assert_eq!(got(house.ask("DELETE", &format!("/api/v1/streams/{business}"))).await.status, 204);
    assert_eq!(got(house.ask("DELETE", &format!("/api/v1/streams/{business}"))).await.status, 404);
    house.stop();
    // What was stopped for good is not made again.
    let house = up(folder.path(), &config);
    assert_eq!(streams(&house).await.len(), 1);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_swaps_leak_neither_task_nor_socket() {
    let (paper, folder) = (Paper::start().await, tempfile::tempdir().unwrap());
    paper.print("a", "Wheat is dear", 60);
    let house = up(folder.path(), &settings(folder.path(), &paper));
    let swap = |n: usize| {
        let house = &house;
        async move {
            let mut ids = Vec::new();
            for one in 0..3 {
                let name = format!("{n}-{one}");
                let body =
                    json!({"provider": "guardian", "name": name, "words": format!("wheat OR w{n}x{one}")});
                ids.push(add(house, body).await["id"].as_str().unwrap().to_owned());
            }
            let symbols = json!(["AAPL", "MSFT", "TSLA"]);
            ids.push(
                add(house, json!({"provider": "sim", "name": "pins", "symbols": symbols})).await["id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
            for id in ids {
                let gone = got(house.ask("DELETE", &format!("/api/v1/streams/{id}"))).await;
                assert_eq!(gone.status, 204, "{}", gone.body);
            }
        }
    };
    let held = || async {
        let tasks = house.metric("bellwether_tasks", "").await;
        (tasks, house.process.descriptors())
    };
    for n in 0..3 {
        swap(n).await;
    }
    let settled = |before: (f64, usize)| {
        let held = &held;
        async move {
            soon("it lets go", || async {
                let now = held().await;
                // A connection of the test's own, kept open between requests, comes and goes.
                (now.0 <= before.0 + 4.0 && now.1 <= before.1 + 4).then_some(())
            })
            .await;
        }
    };
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let before = held().await;
    assert!(before.0 > 0.0 && before.1 > 0);
    for n in 3..103 {
        swap(n).await;
    }
    settled(before).await;
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_feed_brings_nothing_until_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(&folder.path().join("data"), &["--rate", "20000"]);
    soon("a price", || async { house.row("AAPL").await["price"].as_f64() }).await;
    pause(&house, "sim", true).await;
    assert_eq!(provider(&house, "sim").await.unwrap()["state"], "paused");
    // Paused once two looks, a while apart, find the same.
    soon("it stands still", || async {
        let before = house.row("AAPL").await["seq"].as_u64();
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        (before == house.row("AAPL").await["seq"].as_u64()).then_some(())
    })
    .await;
    house.stop();
    // It stays so through a restart: nothing comes of it.
    let house = Bellwether::with_operator(&folder.path().join("data"), &["--rate", "20000"]);
    let still = soon("the feed is known", || provider(&house, "sim")).await;
    assert!(still["is_paused"].as_bool().unwrap());
    pause(&house, "sim", false).await;
    let gaps = soon("it goes on, and says that something is missing", || async {
        house.row("AAPL").await["price"].as_f64()?;
        house.feed().await["gaps"].as_u64().filter(|gaps| *gaps > 0)
    })
    .await;
    assert!(gaps > 0);
    house.stop();
}
