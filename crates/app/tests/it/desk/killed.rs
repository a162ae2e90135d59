//! Killed at any moment: what was answered is there, once; what was not is asked again under its key.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{account, ask, assert_nothing_lost, assert_sound, commit, csv, deposit, opened, text, units};
use crate::house::{Bellwether, LONG, Lookalike, http, soon, try_got};

const ROUNDS: u64 = 10;
const CLIENTS: u64 = 4;

/// What clients know: where the server is, and what it said.
#[derive(Debug)]
struct Known {
    address: Mutex<String>,
    is_over: AtomicBool,
    /// Requests that had to be sent again.
    repeated: AtomicU64,
    /// By amount in cents, the transaction a deposit was answered with.
    deposits: Mutex<HashMap<u64, String>>,
    tickets: Mutex<HashSet<String>>,
    committed: Mutex<HashSet<String>>,
}

impl Known {
    /// Sends a request under its key until it is answered.
    async fn insist(&self, http: &reqwest::Client, path: &str, key: &str, body: &Value) -> Value {
        let began = Instant::now();
        loop {
            let address = self.address.lock().unwrap().clone();
            let request = http.post(format!("http://{address}{path}"));
            let request = request.header("content-type", "application/json").header("idempotency-key", key);
            match try_got(request.body(body.to_string())).await {
                Ok(got) if got.status < 300 => return got.json(),
                // It is going, or has just come.
                Ok(got) => assert_eq!(got.status, 503, "{path}: {}", got.body),
                Err(_) => {}
            }
            assert!(began.elapsed() < LONG, "{path} is never answered");
            self.repeated.fetch_add(1, SeqCst);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Deposits, buys and commits until told to end.
    async fn trade(&self, client: u64) {
        let http = http();
        let mut number = 0;
        while !self.is_over.load(SeqCst) {
            // No two deposits are of the same amount.
            let cents = 1_000_000 + number * CLIENTS + client;
            let amount = format!("{}.{:02}", cents / 100, cents % 100);
            let key = |what: &str| format!("{what}-{client}-{number}");
            let made = self
                .insist(&http, "/api/v1/account/deposits", &key("add"), &json!({ "amount": amount }))
                .await;
            assert_eq!(made["amount"], *amount);
            self.deposits.lock().unwrap().insert(cents, text(&made["id"]).to_owned());
            let wanted = json!({"side": "buy", "symbol": "ABC", "amount": "6000.00"});
            let ticket = self.insist(&http, "/api/v1/tickets", &key("buy"), &wanted).await;
            let id = text(&ticket["id"]).to_owned();
            assert!(self.tickets.lock().unwrap().insert(id.clone()), "{id} was given twice");
            let path = format!("/api/v1/tickets/{id}/commit");
            let done = self.insist(&http, &path, &key("commit"), &Value::Null).await;
            assert_eq!((&done["id"], &done["status"]), (&ticket["id"], &"committed".into()));
            self.committed.lock().unwrap().insert(id);
            number += 1;
        }
    }

    /// What was answered before a look at the list is in it, and nothing is in it twice.
    fn assert_in(&self, list: &[Vec<String>], answered: &Answered) {
        let mut deposits = HashMap::new();
        let (mut tickets, mut committed) = (HashSet::new(), HashSet::new());
        for line in list {
            let (id, kind, amount, ticket) = (&line[0], line[5].as_str(), &line[10], &line[13]);
            match kind {
                "deposit" => {
                    let cents = units(&amount.clone().into()).unsigned_abs() / 100;
                    assert_eq!(deposits.insert(cents, id.clone()), None, "{amount} came in twice");
                }
                "ticket_opened" => assert!(tickets.insert(ticket.clone()), "{ticket} was opened twice"),
                "ticket_committed" => {
                    assert!(committed.insert(ticket.clone()), "{ticket} was committed twice")
                }
                _ => {}
            }
        }
        for (cents, id) in &answered.deposits {
            assert_eq!(deposits.get(cents), Some(id), "a deposit of {cents} cents is lost");
        }
        assert!(answered.tickets.is_subset(&tickets), "{:?}", answered.tickets.difference(&tickets));
        assert!(answered.committed.is_subset(&committed), "{:?}", answered.committed.difference(&committed));
    }

    fn answered(&self) -> Answered {
        Answered {
            deposits: self.deposits.lock().unwrap().clone(),
            tickets: self.tickets.lock().unwrap().clone(),
            committed: self.committed.lock().unwrap().clone(),
        }
    }
}

/// What was answered at a moment.
#[derive(Debug)]
struct Answered {
    deposits: HashMap<u64, String>,
    tickets: HashSet<String>,
    committed: HashSet<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_and_nothing_is_done_twice() {
    let data = tempfile::tempdir().unwrap();
    let market = Lookalike::start(&["--quote-delays", "none", "--rate", "10"]);
    let up = || Bellwether::with_operator(data.path(), &["--desk-quotes", market.quotes()]);
    let mut house = up();
    assert_eq!(deposit(&house, "9000000.00").await.status, 201);
    let trigger = json!({"amount": "5000.00", "price": "0.01"});
    assert_eq!(ask(&house, "PUT", "/api/v1/triggers/buy/XYZ", &trigger).await.status, 200);
    // One that nobody commits, and whose time runs on while the server is down.
    let left = opened(&house, "buy", "QQQ", "9000.00").await;

    let known = Arc::new(Known {
        address: Mutex::new(house.address().to_owned()),
        is_over: AtomicBool::new(false),
        repeated: AtomicU64::new(0),
        deposits: Mutex::default(),
        tickets: Mutex::default(),
        committed: Mutex::default(),
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let known = Arc::clone(&known);
            tokio::spawn(async move { known.trade(client).await })
        })
        .collect();
    let mut random = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("seed {random}");
    for round in 0..ROUNDS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pending = opened(&house, "buy", "DEF", "5000.00").await;
        tokio::time::sleep(Duration::from_millis(200 + (random >> 33) % 1_500)).await;
        house.process.kill();
        let answered = known.answered();
        assert_sound(data.path()).await;
        house = up();
        // Everything of before is there, and the open ticket is still open.
        known.assert_in(&csv(&house).await, &answered);
        known.address.lock().unwrap().clone_from(&house.address().to_owned());
        let now = account(&house).await;
        assert_nothing_lost(&now);
        let tickets = now["tickets"].as_array().unwrap();
        let same = tickets.iter().find(|ticket| ticket["id"] == pending["id"]);
        let same = same.unwrap_or_else(|| panic!("round {round}: {} is gone: {now:#}", pending["id"]));
        for field in ["price", "shares", "total", "status", "created_at", "expires_at"] {
            assert_eq!(same[field], pending[field], "{field}");
        }
        assert_eq!(commit(&house, &pending["id"]).await.status, 200);
        assert_eq!(
            (&now["triggers"][0]["symbol"], &now["cash"]["in_triggers"]),
            (&"XYZ".into(), &"5000.00".into())
        );
    }
    known.is_over.store(true, SeqCst);
    for client in clients {
        client.await.unwrap();
    }

    // Everything is answered now, so the list holds just that: no more, no less.
    let (list, answered) = (csv(&house).await, known.answered());
    known.assert_in(&list, &answered);
    let count = |kind: &str| list.iter().filter(|line| line[5] == kind).count();
    assert_eq!(count("deposit"), answered.deposits.len() + 1);
    assert_eq!(count("ticket_committed"), answered.committed.len() + ROUNDS as usize);
    assert_eq!(count("ticket_opened"), answered.tickets.len() + ROUNDS as usize + 1);
    println!(
        "{} deposits, {} tickets, {} requests repeated",
        answered.deposits.len(),
        answered.tickets.len(),
        known.repeated.load(SeqCst)
    );
    assert!(answered.committed.len() > 20 && known.repeated.load(SeqCst) > 0);

    // The one that was left runs out by itself, at its old time.
    let expired = soon("the ticket that was left runs out", || async {
        let list = house.json("/api/v1/transactions?kind=ticket_expired").await;
        list["transactions"].as_array().unwrap().iter().find(|t| t["ticket"] == left["id"]).cloned()
    })
    .await;
    assert!(text(&expired["timestamp"]) >= text(&left["expires_at"]), "{expired} {left}");
    assert_eq!(expired["available_change"], left["total"]);
    // How it ended is forgotten once 32 others of the user have ended, as they may have on a slow machine.
    assert!([404, 409].contains(&commit(&house, &left["id"]).await.status));
    assert_nothing_lost(&account(&house).await);
    assert_sound(data.path()).await;
    house.stop();
}
