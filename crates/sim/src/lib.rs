//! The simulated market and the providers' look-alikes: what the demonstration and the tests run on.
//!
//! Everything comes from a seed: the same seed gives the same instruments, prices and trades on
//! every machine, at any moment, in any order of asking. Nothing here reads a clock except at the
//! rim ([`serve()`]), where the wall clock is the default.

/// One port for all look-alikes.
mod door;
/// The simulated market as a feed, in process.
pub mod feed;
/// A look-alike of Finnhub.
pub mod finnhub;
/// A look-alike of The Guardian.
pub mod guardian;
/// Random numbers without state.
mod hash;
/// The simulated market: prices and trades of any moment.
pub mod market;
/// News that moves prices, with a lag that is known.
pub mod news;
/// A look-alike of the legacy quote server.
pub mod quote_server;
/// Serves the look-alikes on one port.
pub mod serve;
/// Follows some symbols of the market in time.
mod tap;
/// What the simulated market trades.
pub mod universe;

pub use serve::{Options, ServeError, Server, serve};
