//! A classic workload against the desk, with prices of the legacy quote server.

use std::collections::HashMap;
use std::io::Read;

use serde_json::Value;

use super::{assert_nothing_lost, assert_sound, assert_valid, commands, text, units, whole};
use crate::house::{Bellwether, Ended, Lookalike, OPERATOR_KEY, bellwether, got};
use crate::workload::classic;

/// The text of an element within a line of the log.
fn element<'a>(event: &'a str, name: &str) -> Option<&'a str> {
    event.split_once(&format!("<{name}>"))?.1.split_once('<').map(|(text, _)| text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_users_lose_nothing() {
    let Some(file) = classic("10-user.txt.gz") else { return };
    let mut workload = String::new();
    flate2::read::MultiGzDecoder::new(&std::fs::read(&file).unwrap()[..])
        .read_to_string(&mut workload)
        .unwrap();
    let data = tempfile::tempdir().unwrap();
    let market = Lookalike::start(&["--quote-delays", "none"]);
    let house = Bellwether::with_operator(data.path(), &["--desk-quotes", market.quotes()]);
    let mut command = bellwether();
    command.arg("workload").arg(&file).args(["--url", &format!("http://{}", house.address())]);
    command.args(["--report", "json"]).env("BELLWETHER_OPERATOR_KEY", OPERATOR_KEY);
    let playing = tokio::task::spawn_blocking(move || Ended::of(&mut command));
    // The log is whole at any time, and never shorter than it was.
    let (mut looks, mut told) = (0, 0);
    while !playing.is_finished() {
        let log = got(house.ask("GET", "/api/v1/audit.xml").bearer_auth(OPERATOR_KEY)).await.body;
        assert!(log.trim_end().ends_with("</log>"), "the end is missing");
        let now = log.matches("<userCommand>").count();
        assert!(now >= told, "{told} commands became {now}");
        (looks, told) = (looks + 1, now);
    }
    assert!(looks > 1);
    let ended = playing.await.unwrap();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let lines = workload.lines().count() as u64;
    assert_eq!((&report["complete"], &report["answered"]), (&true.into(), &lines.into()), "{report:#}");
    assert_eq!((&report["lost"]["count"], &report["unanswered"]["count"]), (&0.into(), &0.into()));
    assert!(report["quotes"]["fetched"].as_u64().unwrap() > 0, "{}", report["quotes"]);

    // What the file itself says came in: the sums that are above zero.
    let mut deposited: HashMap<&str, i64> = HashMap::new();
    for line in workload.lines() {
        if let [command, user, amount] = line.trim().split(',').collect::<Vec<_>>()[..]
            && command.ends_with(" ADD")
        {
            let amount = units(&amount.into());
            *deposited.entry(user).or_default() += amount.max(0);
        }
    }
    assert_eq!(deposited.len(), 10);

    // What the log says the cash did.
    let log = got(house.ask("GET", "/api/v1/audit.xml").bearer_auth(OPERATOR_KEY)).await.body;
    assert_valid(&log, data.path());
    let mut cash: HashMap<&str, i64> = HashMap::new();
    for event in log.split("<accountTransaction>").skip(1) {
        let event = event.split("</accountTransaction>").next().unwrap();
        let funds = units(&element(event, "funds").unwrap().into());
        let sign = match element(event, "action") {
            Some("add") => 1,
            Some("remove") => -1,
            other => panic!("{other:?}"),
        };
        *cash.entry(element(event, "username").unwrap()).or_default() += sign * funds;
    }
    let told = log.matches("<userCommand>").count() as u64;
    assert_eq!(told, lines);
    let numbers: std::collections::HashSet<&str> =
        log.split("<userCommand>").skip(1).filter_map(|event| element(event, "transactionNum")).collect();
    assert_eq!(numbers.len() as u64, lines, "each number of the file is there once");

    let accounts = got(house.ask("GET", "/api/v1/admin/accounts").bearer_auth(OPERATOR_KEY)).await.body;
    let accounts: Vec<Value> = accounts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(accounts.len(), deposited.len());
    for account in &accounts {
        let user = text(&account["user"]);
        assert_eq!(units(&account["available"]), cash[user], "{user}: the log adds up to the account");
        let summary = commands(&house, &format!("DISPLAY_SUMMARY,{user}")).await;
        let whole_account = &summary[0]["account"];
        assert_nothing_lost(whole_account);
        let newest = summary[0]["transactions"].as_array().unwrap();
        assert!((1..=10).contains(&newest.len()), "{user}: {newest:#?}");
        assert!(newest.iter().all(|one| one["user"] == account["user"]));
        assert_eq!(units(&whole_account["deposited"]), deposited[user], "{user}");
        assert_eq!(whole_account["cash"]["available"], account["available"]);
        for holding in whole_account["holdings"].as_array().unwrap() {
            if whole(&holding["shares"]) > 0 {
                let told = &account["holdings"][text(&holding["symbol"])];
                assert_eq!(
                    (&told["available"], &told["reserved"]),
                    (&holding["available"], &holding["reserved"])
                );
            }
        }
    }
    assert_sound(data.path()).await;
    let user = text(&accounts[0]["user"]);
    let ids = |summary: &Value| -> Vec<Value> {
        summary["transactions"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    let before = commands(&house, &format!("DISPLAY_SUMMARY,{user}")).await.remove(0);
    house.stop();
    assert_sound(data.path()).await;

    // A new process has no entries in memory; what a user did last comes from the journal.
    let house = Bellwether::with_operator(data.path(), &["--desk-quotes", market.quotes()]);
    let after = commands(&house, &format!("DISPLAY_SUMMARY,{user}")).await.remove(0);
    let (before_ids, after_ids) = (ids(&before), ids(&after));
    assert_eq!((before_ids.len(), after_ids.len()), (10, 10), "{after:#?}");
    assert_eq!(after_ids[0], before["id"]);
    assert_eq!(after_ids[1..], before_ids[..9]);
    house.stop();
}
