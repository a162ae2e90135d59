//! The load generator and the benchmarks of the whole.
//!
//! One thread publishes, receives and plays the provider, for Bellwether and for the servers it is
//! measured beside. `docs/performance.md` tells what is measured and what came out.

mod desk;
mod engine;
mod finnhub;
mod frame;
#[path = "../../crates/app/src/workload/histogram.rs"]
#[allow(dead_code, reason = "the program uses more of it")]
mod histogram;
mod http;
mod load;
mod measure;
mod peer;
mod pipe;
mod primitives;
mod process;
mod report;
mod subscriber;
mod suite;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use engine::OpenPlan;
use load::Layout;
use measure::ClosedPlan;
use peer::{Peer, Programs, Target};

/// Measures Bellwether and the servers beside it, on this machine's loopback.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fan-out of one server: every value to everyone who asked for it.
    Fanout(Fanout),
    /// The desk over HTTP: classic workloads, commands a second and percentiles.
    Desk(desk::Arguments),
    /// Everything, the servers side by side; writes bench/results/latest.json and latest.md.
    Run(suite::Arguments),
    /// From the start of `bellwether up` to its first price and to its readiness.
    Startup {
        #[command(flatten)]
        programs: Programs,
        /// How often.
        #[arg(long, default_value_t = 5)]
        runs: usize,
    },
    /// Memory: of a connection, and with every symbol loaded.
    Rss {
        #[command(flatten)]
        programs: Programs,
        /// Which server.
        #[arg(long, value_enum, default_value = "bellwether")]
        peer: Peer,
        /// Idle connections.
        #[arg(long, default_value_t = 5_000)]
        connections: usize,
    },
    /// What the machine itself can do with a socket.
    Primitives,
    /// Symbol search of Bellwether at 26,000 symbols.
    Search {
        #[command(flatten)]
        programs: Programs,
        /// How many queries.
        #[arg(long, default_value_t = 5_000)]
        queries: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The next block when all of the last has arrived: values delivered a second.
    Closed,
    /// A fixed rate: latency.
    Open,
    /// A fixed rate, with and without one connection that stops reading.
    Stalled,
}

#[derive(clap::Args)]
struct Fanout {
    #[command(flatten)]
    programs: Programs,
    /// Which server.
    #[arg(long, value_enum)]
    peer: Peer,
    /// How it is loaded.
    #[arg(long, value_enum, default_value = "closed")]
    mode: Mode,
    /// Connections; 1,000 by default when one of them stalls, else 200.
    #[arg(long)]
    connections: Option<usize>,
    /// Symbols published.
    #[arg(long, default_value_t = 1_000)]
    symbols: usize,
    /// Symbols of one connection.
    #[arg(long, default_value_t = 50)]
    per: usize,
    /// Bellwether: how long updates may be gathered into one write, in milliseconds.
    #[arg(long, value_name = "MS")]
    coalesce_ms: Option<u32>,
    /// Closed: publications of a block.
    #[arg(long, default_value_t = 20_000)]
    block: usize,
    /// Closed: blocks measured.
    #[arg(long, default_value_t = 10)]
    blocks: usize,
    /// Closed: blocks before that.
    #[arg(long, default_value_t = 2)]
    warm_up: usize,
    /// Open, stalled: values delivered a second.
    #[arg(long, default_value_t = 100_000.0)]
    rate: f64,
    /// Open, stalled: seconds measured, at most 60.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Open: how often values are due, in microseconds.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(50..=1_000_000))]
    tick_us: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process::raise_open_files();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Fanout(f) => fan_out(&f),
        Command::Desk(arguments) => desk::run(&arguments),
        Command::Run(arguments) => suite::run(&arguments),
        Command::Startup { programs, runs } => {
            println!("{}", measure::startup(&programs, runs)?);
            Ok(())
        }
        Command::Rss { programs, peer, connections } => {
            println!("{}", measure::memory(peer, &programs, connections)?);
            if peer == Peer::Bellwether {
                println!("{}", measure::loaded(&programs)?);
            }
            Ok(())
        }
        Command::Primitives => {
            println!("{}", primitives::measure()?);
            Ok(())
        }
        Command::Search { programs, queries } => {
            println!("{}", measure::search(&programs, queries)?);
            Ok(())
        }
    }
}

fn fan_out(f: &Fanout) -> Result<()> {
    let target = Target { peer: f.peer, coalesce_ms: f.coalesce_ms };
    let connections = f.connections.unwrap_or(if f.mode == Mode::Stalled { 1_000 } else { 200 });
    let layout = Layout { connections, symbols: f.symbols, per: f.per };
    let open = OpenPlan {
        rate: f.rate,
        measure: Duration::from_secs(f.seconds),
        warm_up: Duration::from_secs(2),
        tick: Duration::from_micros(f.tick_us),
    };
    match f.mode {
        Mode::Closed => {
            let plan = ClosedPlan { publications: f.block, warm_up: f.warm_up, blocks: f.blocks };
            println!("{target}: {}", measure::closed(target, &f.programs, layout, plan)?);
        }
        Mode::Open => println!("{target}: {}", measure::open(target, &f.programs, layout, open)?),
        Mode::Stalled => println!("{target}: {}", measure::stalled(target, &f.programs, layout, open)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
