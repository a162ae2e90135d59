//! `bellwether workload`: plays a day-trading workload against a server, or makes one.
//!
//! Lines of one user are played in the order of the file, each answered before the next is sent; users
//! are played side by side. The lines without a user, DUMPLOG of everything, come when all else is answered.

/// What the server says of one command.
mod answer;
/// The connections.
mod client;
/// Reads a workload file.
mod file;
/// Makes workloads.
mod generate;
/// Latencies.
mod histogram;
/// What one connection has to do.
mod lane;
/// What is to be played.
mod plan;
/// How far a run is.
mod progress;
/// What the quotes of a run cost.
mod quotes;
/// Numbers that look random.
mod random;
/// The report of a run.
mod report;
/// Answers of HTTP.
mod response;
/// What has been heard.
mod tally;
/// Where the server is.
mod target;

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::cli::{ReportForm, WorkloadFlags};
use crate::{Failure, usage};
use client::Game;
use generate::Size;
use lane::{Form, Lane, Stop};
use plan::Plan;
use quotes::QuoteFigures;
use report::{Report, Run};
use tally::Tally;
use target::Target;

const KEY_VARIABLE: &str = "BELLWETHER_OPERATOR_KEY";
/// How long the metrics may take.
const METRICS_MAX: Duration = Duration::from_secs(5);

/// Plays a workload and prints the report, or prints a workload.
pub(crate) fn run(flags: &WorkloadFlags) -> Result<(), Failure> {
    if let Some([users, commands]) = flags.generate.as_deref() {
        return print_workload(Size::new(*users, *commands).map_err(usage)?, flags.seed);
    }
    let Some(path) = &flags.file else {
        return Err(usage("a workload file is missing; see bellwether workload --help"));
    };
    let target = Target::read(&flags.url).map_err(usage)?;
    let key = key(flags.key_file.as_deref())?;
    let text = file::read(path).map_err(|error| usage(format!("{}: {error}", path.display())))?;
    let plan = Plan::read(text);
    if plan.commands.is_empty() {
        return Err(usage(format!("{}: there is no command in it", path.display())));
    }
    let addresses = target.resolve().map_err(usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| anyhow::anyhow!("cannot start: {error}"))?;
    let (report, stop) = runtime.block_on(play(flags, &plan, &target, &key, &addresses))?;
    let printed = match flags.report {
        ReportForm::Text => report.text(),
        ReportForm::Json => {
            let json = serde_json::to_string_pretty(&report);
            json.map_err(|error| anyhow::anyhow!("cannot write the report: {error}"))? + "\n"
        }
    };
    let key_is_bad = |status| {
        format!(
            "the server refuses the key (HTTP {status}); give the operator key by {KEY_VARIABLE} or --key-file"
        )
    };
    if let Some(Stop::Key(status)) = stop
        && report.is_empty()
    {
        return Err(usage(key_is_bad(status)));
    }
    print(|out| out.write_all(printed.as_bytes()))?;
    let trouble = report.trouble();
    let why = match stop {
        Some(Stop::Key(status)) => Some(key_is_bad(status)),
        Some(Stop::Broken(why)) => Some(why),
        Some(Stop::Interrupted) => Some("interrupted".to_owned()),
        None => None,
    };
    match why.into_iter().chain(trouble).reduce(|why, trouble| format!("{why}; {trouble}")) {
        Some(told) => Err(anyhow::anyhow!(told).into()),
        None => Ok(()),
    }
}

fn print_workload(size: Size, seed: u64) -> Result<(), Failure> {
    print(|out| generate::write(size, seed, out))
}

fn print(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'_>>) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        // The reader, `head` say, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(anyhow::anyhow!("cannot write: {error}").into()),
        Ok(()) => Ok(()),
    }
}

/// The operator key, from the file if one is named.
fn key(file: Option<&Path>) -> Result<String, Failure> {
    let (key, whence) = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| usage(format!("--key-file {}: {error}", path.display())))?;
            (text, format!("--key-file {}", path.display()))
        }
        None => match std::env::var(KEY_VARIABLE) {
            Ok(key) => (key, KEY_VARIABLE.to_owned()),
            Err(_) => {
                return Err(usage(format!(
                    "the operator key is missing; set {KEY_VARIABLE} or give --key-file"
                )));
            }
        },
    };
    let key = key.trim();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(usage(format!("{whence}: a key is visible ASCII characters and nothing else")));
    }
    Ok(key.to_owned())
}

/// A name that no other run has.
fn run_name() -> String {
    format!("workload-{:016x}", RandomState::new().hash_one(std::process::id()))
}

async fn play(
    flags: &WorkloadFlags,
    plan: &Plan,
    target: &Target,
    key: &str,
    addresses: &[SocketAddr],
) -> Result<(Report, Option<Stop>), Failure> {
    let (address, before) = first_look(flags, target, addresses).await?;
    let game = Game {
        plan,
        address,
        form: Form {
            head: target.commands(key, &run_name()),
            depth: usize::from(flags.pipeline),
            batch: usize::from(flags.batch),
        },
        patience: Duration::from_secs(flags.patience.into()),
        tally: RefCell::new(Tally::default()),
    };
    let mut lanes = Lane::spread(plan, usize::from(flags.connections));
    let connections = lanes.len().max(1);
    let mut closing: Vec<Lane> = plan.closing.iter().map(|user| Lane::of(vec![user.clone()])).collect();
    let began = Instant::now();
    let mut closing_took = Duration::ZERO;
    let played = async {
        all(&game, &mut lanes).await?;
        // The log of everything is of everything: not before all else is there.
        if !lanes.iter().all(Lane::is_done) {
            return Ok(());
        }
        let began = Instant::now();
        let played = all(&game, &mut closing).await;
        closing_took = began.elapsed();
        played
    };
    let stop = tokio::select! {
        played = played => played.err(),
        () = progress::tell(plan.commands.len() as u64, &game.tally) => None,
        _ = tokio::signal::ctrl_c() => Some(Stop::Interrupted),
    };
    let took = began.elapsed();
    if closing.is_empty() {
        closing_took = Duration::ZERO;
    }
    let after = metrics(target, address).await.unwrap_or_default();
    let (mut sent, mut unsent) = (Vec::new(), Vec::new());
    for lane in lanes.iter().chain(&closing) {
        let (more_sent, more_unsent) = lane.unanswered(plan);
        sent.extend(more_sent);
        unsent.extend(more_unsent);
    }
    let tally = game.tally.into_inner();
    let file = flags.file.as_deref().unwrap_or(Path::new(""));
    let report = Report::of(Run {
        file: file.display().to_string(),
        url: flags.url.clone(),
        connections,
        pipeline: usize::from(flags.pipeline),
        batch: usize::from(flags.batch),
        plan,
        tally: &tally,
        took,
        closing_took,
        quotes: after.since(before),
        sent,
        unsent,
    });
    Ok((report, stop))
}

/// Plays lanes side by side, until all have ended or one says that all must.
async fn all(game: &Game<'_>, lanes: &mut [Lane]) -> Result<(), Stop> {
    let mut playing: FuturesUnordered<_> =
        (0..).zip(lanes).map(|(number, lane)| game.play(lane, number)).collect();
    while let Some(played) = playing.next().await {
        played?;
    }
    Ok(())
}

/// The first address that answers, and the metrics as they are before.
async fn first_look(
    flags: &WorkloadFlags,
    target: &Target,
    addresses: &[SocketAddr],
) -> Result<(SocketAddr, QuoteFigures), Failure> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match metrics(target, *address).await {
            Ok(figures) => return Ok((*address, figures)),
            Err(error) => last = error,
        }
    }
    Err(anyhow::anyhow!("cannot reach {}: {last}; is the server running there?", flags.url).into())
}

/// The desk's figures; none where the server does not tell any.
async fn metrics(target: &Target, address: SocketAddr) -> io::Result<QuoteFigures> {
    let (status, body) = client::ask(address, &target.metrics(), METRICS_MAX).await?;
    let text = String::from_utf8_lossy(&body);
    Ok(if status == 200 { QuoteFigures::read(&text) } else { QuoteFigures::default() })
}
