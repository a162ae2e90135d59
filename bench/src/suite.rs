//! Everything.
use anyhow::Result;
/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// About a minute.
    #[arg(long)]
    quick: bool,
}
pub(crate) fn run(_: &Arguments) -> Result<()> { Ok(()) }
