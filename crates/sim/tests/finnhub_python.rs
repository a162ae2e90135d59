//! The public Python client of Finnhub works against the look-alike, told nothing but the address.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use market::Timestamp;
use sim::finnhub::Settings;
use sim::{Options, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_python_client_is_content() {
    let Some(python) = tokio::task::spawn_blocking(client).await.expect("the installation does not panic")
    else {
        eprintln!("SKIPPED: pip cannot reach a package registry, so finnhub-python cannot be installed");
        return;
    };
    let listen = "127.0.0.1:0".parse().expect("an address");
    let base = serve(Options { listen, ..Options::default() }).await.expect("the look-alike starts");
    let plan = Settings { candles: true, calls_per_minute: 5, ..Settings::default() };
    let options = Options { listen, finnhub: plan, clock: within_a_minute(), ..Options::default() };
    let tight = serve(options).await.expect("the second look-alike starts");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/finnhub_client.py");
    let mut command = Command::new(python);
    command.arg(script).args([base.finnhub_url(), "simkey".into(), tight.finnhub_url()]);
    command.env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("running it does not panic")
        .expect("python runs");
    assert!(output.status.success(), "{}", told(&output));
    base.stop().await;
    tight.stop().await;
}

/// The wall clock, but never so late in a minute that the limit's window would end within the test.
fn within_a_minute() -> sim::finnhub::Clock {
    let started = AtomicI64::new(0);
    Arc::new(move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
        let first = match started.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => now,
            Err(first) => first,
        };
        let minute = Duration::from_secs(60).as_nanos() as i64;
        Timestamp::from_nanos(now.min(first.div_euclid(minute) * minute + minute - 1))
    })
}

/// The interpreter of an environment that has the client; `None` when no registry can be reached.
fn client() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("finnhub-python");
    let python = folder.join("bin/python");
    let has_client = || {
        Command::new(&python)
            .args(["-c", "import finnhub"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if has_client() {
        return Some(python);
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).output();
    let made = made.expect("this test needs python3: install python3 and python3-venv");
    assert!(
        made.status.success(),
        "cannot make an environment (is python3-venv installed?): {}",
        told(&made)
    );
    let pip = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "finnhub-python"])
        .output()
        .expect("the environment has pip");
    if pip.status.success() {
        return Some(python);
    }
    // What pip says when it gets no answer, or an empty one.
    let said = told(&pip);
    let unreachable = ["connection", "Connection", "No matching distribution", "timed out", "resolution"];
    assert!(unreachable.iter().any(|sign| said.contains(sign)), "{said}");
    None
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
