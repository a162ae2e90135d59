//! The channel `account` of the WebSocket.

use serde_json::{Value, json};

use super::{account, ask, cancel, commands, commit, deposit, open, opened, text, units};
use crate::house::{Bellwether, Client};

async fn watching(house: &Bellwether) -> (Client, Value) {
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "account", "id": "w"})).await;
    let first = client.hear_kind("account").await["data"].clone();
    (client, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_watched_as_it_changes() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let (mut client, first) = watching(&house).await;
    assert_eq!((&first["is_open"], &first["cash"]["balance"]), (&false.into(), &"0.00".into()));
    let (mut other, _) = watching(&house).await;

    assert_eq!(deposit(&house, "9000.00").await.status, 201);
    let ticket = opened(&house, "buy", "AAPL", "1000.00").await;
    commit(&house, &ticket["id"]).await;
    let given_up = opened(&house, "buy", "AAPL", "1000.00").await;
    cancel(&house, &given_up["id"]).await;
    open(&house, "buy", "AAPL", "1000000.00").await;
    ask(&house, "PUT", "/api/v1/triggers/buy/MSFT", &json!({"amount": "100.00", "price": "0.01"})).await;
    ask(&house, "DELETE", "/api/v1/triggers/buy/MSFT", &Value::Null).await;
    let fired =
        ask(&house, "PUT", "/api/v1/triggers/buy/AAPL", &json!({"amount": "2000.00", "price": "90000.00"}))
            .await;
    assert!(fired.json()["fired"].is_object(), "{}", fired.body);
    // Somebody else's money is nobody's business here.
    commands(&house, "[1] ADD,alice,1.00\n[2] BUY,alice,AAPL,1.00").await;
    assert_eq!(deposit(&house, "1.00").await.status, 201);

    let list = house.json("/api/v1/transactions?limit=1000").await;
    let mut wanted = list["transactions"].as_array().unwrap().clone();
    wanted.reverse();
    for client in [&mut client, &mut other] {
        let (mut heard, mut available) = (Vec::new(), 0);
        while heard.len() < wanted.len() {
            let update = client.hear_kind("account_update").await["data"].clone();
            let (transaction, account) = (&update["transaction"], &update["account"]);
            assert_eq!((&transaction["user"], &account["user"]), (&"local".into(), &"local".into()));
            available += units(&transaction["available_change"]);
            // What comes together is told with what there is after all of it.
            if account["last_transaction"] == transaction["id"] {
                assert_eq!(units(&account["cash"]["available"]), available, "{update}");
            }
            heard.push(transaction.clone());
        }
        assert_eq!(heard, wanted);
    }
    let kinds: Vec<&str> =
        wanted.iter().map(|t| text(&t["kind"])).filter(|kind| *kind != "refused").collect();
    let mut in_order = [
        "deposit",
        "ticket_opened",
        "ticket_committed",
        "ticket_opened",
        "ticket_cancelled",
        "trigger_armed",
        "trigger_removed",
        "trigger_fired",
        "deposit",
    ]
    .iter();
    let mut next = in_order.next();
    for kind in &kinds {
        if next == Some(kind) {
            next = in_order.next();
        }
    }
    assert!(
        next.is_none() && wanted.iter().any(|t| t["kind"] == "refused"),
        "{next:?} is missing in {kinds:?}"
    );
    assert!(client.drain().await.iter().all(|frame| frame["type"] != "account_update"));

    // Whoever comes again is shown what there is now, and then what happens.
    drop(client);
    let (mut again, present) = watching(&house).await;
    assert_eq!(present, account(&house).await);
    assert_eq!(present["last_transaction"], wanted.last().unwrap()["id"]);
    assert_eq!(deposit(&house, "2.00").await.status, 201);
    let update = again.hear_kind("account_update").await["data"].clone();
    assert_eq!(update["account"], account(&house).await);
    // After its unsubscribing it is told nothing more.
    again.say(json!({"type": "unsubscribe", "channel": "account"})).await;
    again.drain().await;
    assert_eq!(deposit(&house, "3.00").await.status, 201);
    other
        .hear_until("the last", |frame| (frame["data"]["transaction"]["amount"] == "3.00").then_some(()))
        .await;
    assert!(again.drain().await.iter().all(|frame| frame["type"] != "account_update"));
    house.stop();

    // And after a restart.
    let house = Bellwether::with_operator(data.path(), &[]);
    let (_client, present) = watching(&house).await;
    assert_eq!(present, account(&house).await);
    assert_eq!(units(&present["deposited"]), 90_060_000);
    house.stop();
}
