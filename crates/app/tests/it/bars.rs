//! The real NYSE day, through `bellwether bars` and through the live path, gives the bars of the definition.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::house::{Bellwether, ended, soon};

const DAY: &str = "taq-trades-2018-01-02.csv.gz";
const INTERVALS: [&str; 6] = ["1s", "1m", "5m", "15m", "1h", "1d"];
const SESSIONS: [&str; 3] = ["regular", "all", "extended"];

/// The file, where the shared data is beside the repository or named by `BELLWETHER_SHARED_DATA`.
fn day() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let further = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let named = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let found =
        named.into_iter().chain([beside, further]).map(|folder| folder.join(DAY)).find(|file| file.exists());
    if found.is_none() {
        println!("skipped: {DAY} is not here; name its folder with BELLWETHER_SHARED_DATA");
    }
    found
}

/// The independent calculation, in the language of whoever wants to check it by hand.
fn by_definition(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bars_by_definition.py");
    let output = Command::new("python3").arg(script).args(arguments).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

fn bars(file: &str, interval: &str, session: &str) -> String {
    let ended = ended(&["bars", file, "--interval", interval, "--session", session]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

#[track_caller]
fn assert_same(ours: &str, theirs: &str, what: &str) {
    for (number, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "{what}, line {}", number + 1);
    }
    assert_eq!(ours.lines().count(), theirs.lines().count(), "{what}");
    assert!(ours.lines().count() > 1, "{what}: there are bars");
}

/// Bars of every session and these intervals are those of the definition.
fn assert_as_defined(file: &str, intervals: &[&str]) {
    let theirs = by_definition(&[file, "--interval", &intervals.join(","), "--session", &SESSIONS.join(",")]);
    let mut tables = theirs.split("\n\n");
    for session in SESSIONS {
        for interval in intervals {
            let table = tables.next().expect("a table for each");
            assert_same(&bars(file, interval, session), table, &format!("{interval} {session}"));
        }
    }
    assert_eq!(tables.next(), None);
}

#[test]
fn the_real_day_gives_the_bars_of_the_definition() {
    let Some(file) = day() else { return };
    let file = file.to_str().unwrap();
    assert_as_defined(file, &INTERVALS);
}

#[test]
fn neither_order_nor_compression_matters() {
    let Some(file) = day() else { return };
    let file = file.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [plain, shuffled] = ["plain.csv", "shuffled.csv"].map(|name| folder.path().join(name));
    let [plain, shuffled] = [&plain, &shuffled].map(|path| path.to_str().unwrap());
    by_definition(&[file, "--copy", plain]);
    by_definition(&[file, "--copy", shuffled, "--shuffle", "7"]);
    for session in SESSIONS {
        assert_same(&bars(plain, "1m", session), &bars(file, "1m", session), "plain");
    }
    // A row's number is its sequence, so trades of one moment change places in the definition too.
    assert_as_defined(shuffled, &["1s", "5m", "1d"]);
}

/// A bar as HTTP gives it, as a line of the command.
fn line(symbol: &str, bar: &Value) -> String {
    let members =
        ["open", "high", "low", "close", "volume", "trades", "vwap"].map(|name| bar[name].to_string());
    format!("{symbol},{},{}", bar["start"].as_str().unwrap(), members.join(","))
}

/// All bars over HTTP, page by page, as the command prints them.
pub(crate) async fn served(house: &Bellwether, symbol: &str, interval: &str, session: &str) -> String {
    let mut lines = vec!["symbol,start,open,high,low,close,volume,trades,vwap".to_owned()];
    let path = format!(
        "/api/v1/bars/{symbol}?interval={interval}&session={session}&from=2018-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&limit=1000"
    );
    let mut cursor = String::new();
    loop {
        let page = house.json(&format!("{path}{cursor}")).await;
        lines.extend(page["bars"].as_array().unwrap().iter().map(|bar| line(symbol, bar)));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return lines.join("\n"),
        }
    }
}

#[tokio::test]
async fn the_real_day_through_the_live_path_gives_the_same() {
    let Some(file) = day() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("bellwether.toml");
    let text = format!("[[feeds]]\nkind = \"replay\"\nfile = \"{}\"\nspeed = \"max\"\n", file.display());
    std::fs::write(&settings, text).unwrap();
    let file = file.to_str().unwrap();
    let house = Bellwether::up(&folder.path().join("data"), &["--config", settings.to_str().unwrap()]);
    house.feed_is("the end of the file", |feed| feed["detail"] == "the file has ended").await;
    let expected = bars(file, "1d", "all");
    soon("the last trade of the file", || async {
        (served(&house, "XXX", "1d", "all").await == expected.trim_end()).then_some(())
    })
    .await;
    for session in SESSIONS {
        for interval in INTERVALS {
            let served = served(&house, "XXX", interval, session).await;
            assert_same(&served, &bars(file, interval, session), &format!("served {interval} {session}"));
        }
    }
    house.stop();
}
