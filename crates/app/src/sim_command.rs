//! `bellwether sim`: the providers' look-alikes on one port.

use sim::market::HoursMode;
use sim::quote_server::Delays;

use crate::cli::{SimDelays, SimFlags, SimHours};
use crate::roles::{Signals, init_log, runtime};
use crate::{Failure, usage};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(flags: SimFlags) -> Result<(), Failure> {
    init_log(&flags.log)?;
    let mut options = sim::Options {
        listen: flags.listen,
        seed: flags.seed,
        rate: flags.rate,
        key: flags.key,
        secret: flags.secret,
        hours: match flags.hours {
            SimHours::Open => HoursMode::Open,
            SimHours::Us => HoursMode::Us,
        },
        ..sim::Options::default()
    };
    options.finnhub.symbols = flags.symbol_limit;
    options.finnhub.calls_per_minute = flags.calls_per_minute;
    options.quote_listen = flags.quote_server;
    options.quotes.crowd = flags.quote_crowd;
    options.quotes.delays = match flags.quote_delays {
        SimDelays::Real => Delays::Measured { percent: 100 },
        SimDelays::None => Delays::None,
    };
    runtime()?.block_on(async {
        let server = match sim::serve(options).await {
            Ok(server) => server,
            Err(error @ (sim::ServeError::Listen { .. } | sim::ServeError::EmptyKey)) => {
                let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
                return Err(usage(format!(
                    "{error}{cause}; choose another with --listen, --quote-server or --key"
                )));
            }
            Err(error) => return Err(Failure::Failed(error.into())),
        };
        let signals = Signals::catch();
        println!("finnhub  {}", server.finnhub_url());
        println!("finnhub  {}", server.finnhub_stream_url());
        println!("quotes   {}", server.quote_url());
        if let Some(port) = server.quote_port() {
            println!("quotes   {}", port.url());
        }
        signals.one().await;
        server.stop().await;
        Ok(())
    })
}
