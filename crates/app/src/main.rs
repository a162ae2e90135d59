//! The one executable, `bellwether`: configuration, roles, wiring, and the commands beside them.

/// `bellwether bars`: bars of a trade file.
mod bars;
/// The command line.
mod cli;
/// The settings file, and how it and the command line become one.
mod config;
/// `bellwether invite`: a link that makes somebody a user or an operator.
mod invite;
/// `bellwether up` and `serve`: what runs.
mod roles;
/// `bellwether sim`: the providers' look-alikes.
mod sim_command;
/// `bellwether verify`: proves the ledger.
mod verify;
/// `bellwether watch`: the market in a terminal.
mod watch;
/// `bellwether workload`: plays a day-trading workload against a server, or makes one.
mod workload;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use cli::{Cli, Command};
use mimalloc::MiMalloc;

/// What one thread allocates another frees, for every answer of the desk and every batch of the bus: the system's
/// allocator has threads wait for each other over that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Why a command ended badly, as far as its exit status tells.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A flag, file or setting is bad, and nothing was started.
    Usage(String),
    /// It started and failed.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// A bad setting, in one line.
pub(crate) fn usage(message: impl std::fmt::Display) -> Failure {
    Failure::Usage(message.to_string())
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            // Help and version, as asked for.
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return report(&usage(one_line(&error))),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(flags) => roles::start(config::load(flags, roles::Roles::ALL)?),
        Command::Serve { roles, flags } => roles::start(config::load(flags, roles::Roles::of(&roles)?)?),
        Command::Bars(flags) => bars::run(&flags),
        Command::Sim(flags) => sim_command::run(flags),
        Command::Verify(flags) => verify::run(&config::load(flags, roles::Roles::ALL)?),
        Command::Invite(flags) => invite::run(flags),
        Command::Watch(flags) => watch::run(flags),
        Command::Workload(flags) => workload::run(&flags),
        Command::Openapi => {
            print!("{}", server::http::document());
            Ok(())
        }
    }
}

fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Usage(message) => {
            eprintln!("bellwether: {message}");
            ExitCode::from(2)
        }
        Failure::Failed(error) => {
            eprintln!("bellwether: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the parser says of a bad flag, without the pages around it.
fn one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; try bellwether up, or see bellwether --help".into();
    }
    let text = error.to_string();
    // A tip stands apart, in a paragraph of its own.
    let told: Vec<String> = text
        .split("\n\n")
        .take_while(|part| !part.starts_with("Usage:") && !part.starts_with("For more"))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty())
        .collect();
    let joined = told.join("; ");
    format!("{}; see bellwether --help", joined.strip_prefix("error: ").unwrap_or(&joined))
}
