//! News at the executable: each article once, whatever happens to the process, and streams set while it runs.

mod paper;
mod streams;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::paper::Paper;
use crate::house::{Bellwether, Got, got, soon};

/// Writes the settings and returns where they are.
fn settings(folder: &Path, paper: &Paper) -> PathBuf {
    let path = folder.join("bellwether.toml");
    std::fs::write(&path, paper.settings()).unwrap();
    path
}

fn up(folder: &Path, config: &Path) -> Bellwether {
    Bellwether::with_operator(&folder.join("data"), &["--config", config.to_str().unwrap()])
}

async fn send(house: &Bellwether, method: &str, path: &str, body: Value) -> Got {
    let request = house.ask(method, path).header("content-type", "application/json");
    got(request.body(body.to_string())).await
}

/// Everything there is, page by page: how often each title and its updates came.
async fn everything(house: &Bellwether, query: &str) -> BTreeMap<(String, u64), usize> {
    let (mut found, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = house.json(&format!("/api/v1/news?limit=50&{query}&cursor={cursor}")).await;
        for one in page["articles"].as_array().unwrap() {
            let title = one["title"].as_str().unwrap().to_owned();
            *found.entry((title, one["updates"].as_u64().unwrap())).or_default() += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_article_comes_once_through_kills_failures_and_edits() {
    let (paper, folder) = (Paper::start().await, tempfile::tempdir().unwrap());
    // Three pages, many in one second.
    for n in 0..130 {
        paper.print(&format!("business/{n}"), &format!("Report number {n}"), 600 + i64::from(n) / 9);
    }
    let config = settings(folder.path(), &paper);
    // Killed again and again while it reads, which a provider that fails now and then makes longer.
    for round in 0..4 {
        paper.fail(503, 2);
        let mut house = up(folder.path(), &config);
        let before = paper.asked();
        soon("it asks", || async { (paper.asked() > before + round).then_some(()) }).await;
        house.process.kill();
    }
    paper.fail(429, 1);
    let house = up(folder.path(), &config);
    let whole = |found: &BTreeMap<_, _>| found.len() == 130;
    let found = soon("all are here", || async { Some(everything(&house, "").await).filter(whole) }).await;
    assert!(found.iter().all(|((_, updates), n)| *n == 1 && *updates == 0), "{found:?}");
    // What comes in is told to who listens, and an edit is the same article.
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "news", "id": "n"})).await;
    client.hear_kind("subscribed").await;
    paper.print("business/new", "Apple shares plunge after a recall", 0);
    let told = client.hear_until("it is told", |f| (f["type"] == "news").then(|| f.clone())).await;
    assert_eq!((&told["change"], &told["article"]["source"]), (&json!("new"), &json!("guardian")));
    assert_eq!(told["article"]["summary"], "Markets & more");
    assert_eq!(told["article"]["sentiment"]["tone"], "negative");
    let link = &told["article"]["symbols"][0];
    assert_eq!((&link["symbol"], &link["evidence"][0]["matched"]), (&json!("AAPL"), &json!("Apple")));
    paper.edit("business/new", "Apple shares recover after a recall");
    let told = client.hear_until("it is told", |f| (f["type"] == "news").then(|| f.clone())).await;
    assert_eq!((&told["change"], &told["article"]["updates"]), (&json!("updated"), &json!(1)));
    // Found by symbol and by words, with what can be said of what followed.
    let of = house.json("/api/v1/news?symbol=AAPL").await;
    assert_eq!(of["articles"].as_array().unwrap().len(), 1);
    assert_eq!(of["articles"][0]["impact"]["why_not"], "30 minutes have not passed yet");
    let stream = of["articles"][0]["streams"][0].as_str().unwrap();
    assert_eq!(everything(&house, &format!("symbol=AAPL&stream={stream}")).await.len(), 1);
    assert_eq!(everything(&house, "symbol=AAPL&stream=999999").await.len(), 0);
    let words = everything(&house, "q=report%20AND%20(7%20OR%2070)%20NOT%20apple").await;
    assert_eq!(
        words.into_keys().map(|(title, _)| title).collect::<Vec<_>>(),
        ["Report number 7", "Report number 70"]
    );
    let id = of["articles"][0]["id"].as_str().unwrap();
    let one = house.json(&format!("/api/v1/news/{id}")).await;
    assert_eq!(one["impacts"][0]["symbol"], "AAPL");
    let refused = house.get("/api/v1/news?q=(a%20AND").await;
    assert!(
        refused.status == 400 && refused.json()["detail"].as_str().unwrap().contains("character"),
        "{}",
        refused.body
    );
    for bad in [
        "/api/v1/news/xyz",
        "/api/v1/news/00000000000000ff",
        "/api/v1/news?symbol=NONE",
        "/api/v1/moves/NONE",
    ] {
        assert_eq!(house.get(bad).await.status, 404, "{bad}");
    }
    house.stop();
    // Once more, from the records: nothing is read twice.
    let house = up(folder.path(), &config);
    let asked = paper.asked();
    soon("it asks again", || async { (paper.asked() > asked + 2).then_some(()) }).await;
    let found = everything(&house, "").await;
    assert_eq!((found.len(), found.values().sum::<usize>()), (131, 131));
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_on_news_fires_once_for_an_article() {
    let (paper, folder) = (Paper::start().await, tempfile::tempdir().unwrap());
    let config = settings(folder.path(), &paper);
    let mut house = up(folder.path(), &config);
    let rule = json!({"type": "news", "words": ["recall"]});
    let body = json!({"symbol": "AAPL", "rule": rule, "rearm": {"hysteresis": "0"}});
    let made = send(&house, "POST", "/api/v1/alerts", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let alert = made.json()["id"].as_str().unwrap().to_owned();
    // The paper tells whole seconds: what counts must have appeared in one after the alert was set.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    paper.print("business/1", "Apple shares rise", 0);
    paper.print("business/2", "Apple announces a recall of chargers", 0);
    let fired = |house: &Bellwether| {
        let path = format!("/api/v1/alerts/firings?alert={alert}");
        let got = house.ask("GET", &path);
        async move { crate::house::got(got).await.json()["firings"].as_array().unwrap().clone() }
    };
    let said = soon("it fires", || async { Some(fired(&house).await).filter(|all| !all.is_empty()) }).await;
    assert!(said[0]["text"].as_str().unwrap().contains("recall of chargers"), "{said:?}");
    // A start tells of what was new shortly before again, and an edit is no other article.
    house.process.kill();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    paper.edit("business/2", "Apple announces a recall of all chargers");
    let house = up(folder.path(), &config);
    soon("the edit is here", || async {
        let found = everything(&house, "q=all%20chargers").await;
        (found.len() == 1).then_some(())
    })
    .await;
    paper.print("business/3", "Apple extends its recall", 0);
    let all =
        soon("the next fires", || async { Some(fired(&house).await).filter(|all| all.len() > 1) }).await;
    assert_eq!(all.len(), 2, "{all:?}");
    house.stop();
}
