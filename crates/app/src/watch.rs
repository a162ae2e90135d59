//! `bellwether watch`: the market in a terminal.

use terminal::Options;

use crate::cli::WatchFlags;
use crate::{Failure, usage};

/// Watches until it is told to stop.
pub(crate) fn run(flags: WatchFlags) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    // https://no-color.org: set to anything but nothing.
    let is_colour_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let WatchFlags { symbols, url, key, no_color, once } = flags;
    let options = Options { symbols, url, key, colour: !(no_color || is_colour_refused), once };
    runtime.block_on(terminal::run(options)).map_err(|error| usage(format!("{error:#}")))
}
