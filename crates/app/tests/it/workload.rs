//! `bellwether workload`: order, completeness and the report, against a desk that behaves and ones that do not.

use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fake_desk::{Desk, KEY, Manner, cutting_proxy};
use crate::house::{Ended, bellwether, ended};

/// A workload of the generator.
fn made(users: u64, commands: u64) -> String {
    let ended = ended(&["workload", "--generate", &users.to_string(), &commands.to_string(), "--seed", "9"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout.lines().count() as u64, commands);
    ended.stdout
}

/// Plays a file and waits for the end.
async fn played_file(file: &Path, address: SocketAddr, more: &[&str]) -> (Ended, Value) {
    let mut command = bellwether();
    command.arg("workload").arg(file).args(["--url", &format!("http://{address}"), "--report", "json"]);
    command.args(more).env("BELLWETHER_OPERATOR_KEY", KEY);
    let ended = tokio::task::spawn_blocking(move || Ended::of(&mut command)).await.unwrap();
    let report = serde_json::from_str(&ended.stdout).unwrap_or_default();
    (ended, report)
}

async fn played(text: &str, address: SocketAddr, more: &[&str]) -> (Ended, Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("workload.txt");
    std::fs::write(&file, text).unwrap();
    played_file(&file, address, more).await
}

/// Plays against a desk of this manner; everything must be applied and answered.
async fn plays(text: &str, manner: Manner, more: &[&str]) -> (Desk, Value) {
    let desk = Desk::start(text, manner).await;
    let (ended, report) = played(text, desk.address(), more).await;
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_complete(&report, text.lines().count() as u64);
    desk.assert_all_applied();
    (desk, report)
}

fn assert_complete(report: &Value, commands: u64) {
    assert_eq!(report["complete"], true, "{report:#}");
    assert_eq!(report["commands"], commands);
    assert_eq!(report["answered"], commands);
    assert_eq!(report["accepted"].as_u64().unwrap() + report["refused"]["count"].as_u64().unwrap(), commands);
    assert_eq!((&report["lost"]["count"], &report["unanswered"]["count"]), (&0.into(), &0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_is_played_in_order_and_reported() {
    let text = made(40, 4_000);
    let (_, report) = plays(&text, Manner::default(), &[]).await;
    assert_eq!(report["users"], 40);
    assert_eq!(report["connections"], 32);
    assert_eq!(report["refused"]["by_reason"]["thirds"], 1_333);
    assert_eq!(report["quotes"]["fetched"], 4_000);
    assert_eq!(report["quotes"]["hits"], Value::Null);
    assert_eq!(report["quotes"]["cost"], "200.00");
    assert_eq!(report["by_command"]["DUMPLOG"]["count"], 1);
    assert_eq!(report["reconnects"]["count"], 0);
    let latency = &report["latency"];
    let [p50, p99, p999, max] =
        ["p50_us", "p99_us", "p99_9_us", "max_us"].map(|name| latency[name].as_u64().unwrap());
    assert!(0 < p50 && p50 <= p99 && p99 <= p999 && p999 <= max, "{latency}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_share_connections_and_requests() {
    let text = made(60, 3_000);
    let slow = Manner { is_slow: true, ..Manner::default() };
    let (desk, report) = plays(&text, slow, &["--connections", "3", "--pipeline", "8"]).await;
    assert_eq!((&report["connections"], desk.lines_in_request_max()), (&3.into(), 1));
    let batches = ["--connections", "2", "--batch", "20", "--pipeline", "2"];
    let (desk, _) = plays(&text, Manner { is_chunked: true, ..slow }, &batches).await;
    assert_eq!(desk.lines_in_request_max(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_lose_nothing_and_repeat_nothing() {
    let text = made(30, 3_000);
    for batch in ["1", "4"] {
        let desk = Desk::start(&text, Manner { is_slow: batch == "4", ..Manner::default() }).await;
        let proxy = cutting_proxy(desk.address(), 20_000).await;
        let (ended, report) = played(&text, proxy, &["--connections", "5", "--batch", batch]).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        assert_complete(&report, 3_000);
        assert!(report["reconnects"]["count"].as_u64().unwrap() > 5, "{report:#}");
        let repeated = desk.assert_all_applied();
        assert!(repeated > 0, "no answer was cut off");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again() {
    let busy = Manner { busy_every: Some(200), ..Manner::default() };
    let (_, report) = plays(&made(20, 1_500), busy, &["--connections", "4"]).await;
    assert!(report["reconnects"]["by_reason"]["HTTP 503"].as_u64().unwrap() > 3, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_command_is_told_and_fails() {
    let text = made(5, 300);
    let desk = Desk::start(&text, Manner { loses: Some(123), ..Manner::default() }).await;
    let (ended, report) = played(&text, desk.address(), &[]).await;
    assert_eq!(ended.status, Some(1));
    assert!(
        ended.stderr.contains("1 of 300 commands have no answer, the first on line 123"),
        "{}",
        ended.stderr
    );
    assert_eq!((&report["lost"]["count"], &report["answered"]), (&1.into(), &299.into()));
    assert_eq!(report["lost"]["first"][0]["line"], 123);
    desk.assert_all_applied();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_any_answer_is_told_and_fails() {
    let text = made(5, 300);
    let desk = Desk::start(&text, Manner { swallows: Some(123), ..Manner::default() }).await;
    let (ended, report) = played(&text, desk.address(), &["--patience", "1"]).await;
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("have no answer, the first on line 123"), "{}", ended.stderr);
    assert!(ended.stderr.contains("given up: no answer"), "{}", ended.stderr);
    assert_eq!((&report["complete"], &report["unanswered"]["sent"]), (&false.into(), &1.into()));
    // The log is not asked for: it could not be of everything.
    assert!(report["by_command"]["DUMPLOG"].is_null(), "{report:#}");
    let missing = report["unanswered"]["count"].as_u64().unwrap();
    assert_eq!(report["answered"].as_u64().unwrap() + missing, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_other_commands_end_the_run() {
    let text = made(5, 300);
    let desk = Desk::start(&text, Manner { confuses: Some(123), ..Manner::default() }).await;
    let (ended, _) = played(&text, desk.address(), &[]).await;
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("to other commands than were sent"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_lines_are_left_out_and_told() {
    let good = "[1] ADD,a,100.00\n[3] QUOTE,a,ABC\n[5] DUMPLOG,./log\n";
    let text =
        "[1] ADD,a,100.00 \r\n[2] ADD,a,1.005 \r\n[3] QUOTE,a,ABC \r\n[4] HOLD,a \r\n[5] DUMPLOG,./log";
    let desk = Desk::start(good, Manner::default()).await;
    let (ended, report) = played(text, desk.address(), &[]).await;
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    desk.assert_all_applied();
    assert_eq!(report["malformed_lines"]["count"], 2);
    let lines: Vec<_> =
        report["malformed_lines"]["first"].as_array().unwrap().iter().map(|l| &l["line"]).collect();
    assert_eq!(lines, [2, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bad_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (file, empty) = (write("w.txt", "[1] ADD,a,1.00\n"), write("empty.txt", "\nHOLD\n"));
    let (wrong, blank) = (write("wrong.key", "nobodys-key\n"), write("blank.key", " \n"));
    let desk = Desk::start("[1] ADD,a,1.00", Manner::default()).await;
    let url = format!("http://{}", desk.address());
    let cases: [(&[&str], &[&str]); 14] = [
        (&["workload"], &["FILE"]),
        (&["workload", "gone.txt", "--key-file", &wrong], &["gone.txt", "No such file"]),
        (&["workload", &empty, "--key-file", &wrong], &["empty.txt", "no command"]),
        (&["workload", &file], &["operator key", "BELLWETHER_OPERATOR_KEY", "--key-file"]),
        (&["workload", &file, "--key-file", "gone.key"], &["gone.key", "No such file"]),
        (&["workload", &file, "--key-file", &blank], &["blank.key", "visible ASCII"]),
        (
            &["workload", &file, "--key-file", &wrong, "--url", &url],
            &["refuses the key", "401", "--key-file"],
        ),
        (&["workload", &file, "--url", "https://h", "--key-file", &wrong], &["https://h", "TLS", "http://"]),
        (&["workload", &file, "--connections", "0"], &["--connections", "1..=10000"]),
        (&["workload", &file, "--batch", "many"], &["--batch", "many"]),
        (&["workload", &file, "--report", "xml"], &["xml", "json"]),
        (&["workload", "--generate", "10"], &["--generate"]),
        (&["workload", "--generate", "10", "10"], &["--generate", "11"]),
        (&["workload", &file, "--generate", "10", "100"], &["--generate"]),
    ];
    for (arguments, words) in cases {
        let Ended { status, stdout, stderr } = ended(arguments);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        words
            .iter()
            .for_each(|word| assert!(stderr.contains(word), "{arguments:?} must name {word:?}: {stderr}"));
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = ended(&["workload", &file, "--key-file", &wrong, "--url", &format!("http://{free}")]);
    assert_eq!(away.status, Some(1));
    assert!(away.stderr.contains("cannot reach") && away.stderr.contains("refused"), "{}", away.stderr);
}

/// The classic files, where the shared data is beside the repository or named by `BELLWETHER_SHARED_DATA`.
pub(crate) fn classic(name: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../../shared/data", "../../../../shared/data"].map(|folder| here.join(folder));
    let named = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let mut found = named.into_iter().chain(beside).map(|folder| folder.join("day-trading").join(name));
    let found = found.find(|file| file.exists());
    if found.is_none() {
        println!("skipped: day-trading/{name} is not here; name the folder with BELLWETHER_SHARED_DATA");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_classic_files_are_played() {
    for name in ["1-user.txt", "1-user.crlf.txt", "2-user.txt.gz", "10-user.txt.gz"] {
        let Some(file) = classic(name) else { continue };
        let bytes = std::fs::read(&file).unwrap();
        let mut text = String::new();
        if name.ends_with(".gz") {
            flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        let desk = Desk::start(&text, Manner::default()).await;
        let (ended, report) = played_file(&file, desk.address(), &[]).await;
        assert_eq!(ended.status, Some(0), "{name}: {}", ended.stderr);
        assert_complete(&report, text.lines().count() as u64);
        desk.assert_all_applied();
        assert_eq!(report["malformed_lines"]["count"], 0, "{name}");
    }
}
