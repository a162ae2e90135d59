//! Everything: the servers side by side, round by round, so that what disturbs one disturbs all.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::engine::OpenPlan;
use crate::load::Layout;
use crate::measure::{self, ClosedPlan};
use crate::peer::{Peer, Programs, Target};
use crate::primitives;
use crate::report::{Machine, Report, Row};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    programs: Programs,
    /// About a minute: one short round of the main figures, for smoke.
    #[arg(long)]
    quick: bool,
    /// Rounds; ratios are taken within each.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these servers.
    #[arg(long, value_enum, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// Where latest.json and latest.md are written.
    #[arg(long, value_name = "FOLDER", default_value = "bench/results")]
    out: PathBuf,
}

/// How much is measured.
struct Plan {
    rounds: usize,
    blocks: usize,
    /// Of ws, whose blocks take seconds.
    slow_blocks: usize,
    connections: &'static [usize],
    open: OpenPlan,
    idle_connections: usize,
    startups: usize,
    queries: usize,
    /// Coalescing times Bellwether is measured with besides its default.
    coalesce_ms: &'static [u32],
}

impl Plan {
    fn of(arguments: &Arguments) -> Self {
        let open = |seconds, warm_up| OpenPlan {
            rate: 100_000.0,
            measure: Duration::from_secs(seconds),
            warm_up: Duration::from_secs(warm_up),
            tick: Duration::from_millis(1),
        };
        if arguments.quick {
            Self {
                rounds: 1,
                blocks: 4,
                slow_blocks: 1,
                connections: &[200],
                open: open(3, 1),
                idle_connections: 1_000,
                startups: 3,
                queries: 1_000,
                coalesce_ms: &[],
            }
        } else {
            Self {
                rounds: arguments.rounds.max(1),
                blocks: 10,
                slow_blocks: 3,
                connections: &[200, 1_000, 5_000],
                open: open(6, 2),
                idle_connections: 5_000,
                startups: 5,
                queries: 5_000,
                coalesce_ms: &[5, 20],
            }
        }
    }
}

/// Runs everything, prints it and writes it down.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = [Peer::Bellwether, Peer::Nats, Peer::Bun, Peer::Ws];
    let peers: Vec<Peer> =
        all.into_iter().filter(|p| arguments.peers.is_empty() || arguments.peers.contains(p)).collect();
    let programs = &arguments.programs;
    let plan = Plan::of(arguments);
    let mut report = Report::new(Machine::here());
    if peers.iter().any(|p| matches!(p, Peer::Ws | Peer::Bun))
        && let Err(error) = programs.install_peers()
    {
        report.failed("installing the JavaScript peers", &error);
    }
    let mut there = Vec::new();
    for peer in peers {
        match programs.check(peer) {
            Ok(programs) => {
                report.versions.push((Target::from(peer).to_string(), programs.version(peer)));
                there.push(peer);
            }
            Err(error) => report.failed(&Target::from(peer).to_string(), &error),
        }
    }
    let with_variants: Vec<Target> = there
        .iter()
        .flat_map(|&peer| {
            let more: &[u32] = if peer == Peer::Bellwether { plan.coalesce_ms } else { &[] };
            let variants = more.iter().map(move |&ms| Target { peer, coalesce_ms: Some(ms) });
            std::iter::once(Target::from(peer)).chain(variants)
        })
        .collect();

    report.primitives = report.try_to("this machine's sockets", primitives::measure());
    fan_out(&mut report, programs, &plan, &with_variants);
    if there.contains(&Peer::Bellwether) {
        alone(&mut report, programs, &plan);
    }
    for &peer in &there {
        let what = format!("memory, {}", Target::from(peer));
        if let Some(memory) = report.try_to(&what, measure::memory(peer, programs, plan.idle_connections)) {
            report.memory.push(Row { server: Target::from(peer).to_string(), round: 0, result: memory });
        }
    }
    report.ended();

    let text = report.markdown();
    println!("\n{text}");
    fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    for (name, content) in [("latest.json", serde_json::to_string_pretty(&report)?), ("latest.md", text)] {
        let path = arguments.out.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: {}", path.display());
    }
    Ok(())
}

fn fan_out(report: &mut Report, programs: &Programs, plan: &Plan, targets: &[Target]) {
    for round in 0..plan.rounds {
        for &target in targets {
            let is_slow = target.peer == Peer::Ws;
            let closed = ClosedPlan {
                publications: 20_000,
                warm_up: if is_slow { 1 } else { 2 },
                blocks: if is_slow { plan.slow_blocks } else { plan.blocks },
            };
            let layout = Layout { connections: 200, symbols: 1_000, per: 50 };
            let what = format!("closed loop, round {}, {target}", round + 1);
            if let Some(result) = report.try_to(&what, measure::closed(target, programs, layout, closed)) {
                report.closed.push(Row { server: target.to_string(), round, result });
            }
        }
        for &connections in plan.connections {
            // Gathering for long has no place in a figure of latency.
            for &target in targets.iter().filter(|t| t.coalesce_ms.is_none_or(|ms| ms <= 5)) {
                let layout = Layout { connections, symbols: 1_000, per: 50 };
                let what = format!("open loop, round {}, {connections} connections, {target}", round + 1);
                if let Some(result) = report.try_to(&what, measure::open(target, programs, layout, plan.open))
                {
                    report.open.push(Row { server: target.to_string(), round, result });
                }
            }
        }
        for &target in targets.iter().filter(|t| t.peer == Peer::Bellwether && t.coalesce_ms.is_none()) {
            let layout = Layout { connections: 1_000, symbols: 1_000, per: 50 };
            let what = format!("stalled client, round {}, {target}", round + 1);
            if let Some(result) = report.try_to(&what, measure::stalled(target, programs, layout, plan.open))
            {
                report.stalled.push(Row { server: target.to_string(), round, result });
            }
        }
    }
}

/// What only Bellwether has.
fn alone(report: &mut Report, programs: &Programs, plan: &Plan) {
    report.loaded = report.try_to("memory with all symbols", measure::loaded(programs));
    report.startup = report.try_to("start", measure::startup(programs, plan.startups));
    report.search = report.try_to("search", measure::search(programs, plan.queries));
}
