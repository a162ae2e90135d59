//! In: one folder a provider, and one supervisor that owns the sockets.
//!
//! What enters here is a provider's wire; what leaves is `market::MarketEvent` and a feed's
//! status. Adapters do no I/O and read no clock. Nothing outside is trusted: whatever cannot
//! be read is counted and left out, and costs no more than itself.

/// The shape every adapter has.
pub mod adapter;
/// How many calls a plan still allows.
pub mod budget;
/// The one place that reads the wall clock.
pub mod clock;
mod error;
/// Finnhub.
pub mod finnhub;
/// The Guardian.
pub mod guardian;
/// Calls to a provider over HTTP.
mod http;
/// What viewers watch, counted, and what of it the provider is asked for.
pub mod interest;
/// The legacy quote server of the day-trading courses.
pub mod legacy_quotes;
/// What the feeds count.
pub mod metrics;
/// Articles, and the loop that reads them.
pub mod news;
/// A past day as a feed.
pub mod replay;
/// One connection to a provider, kept up for as long as the process lives.
pub mod supervisor;
mod symbols;

pub use adapter::Adapter;
pub use clock::Clock;
pub use error::{Cause, ErrorKind, Fault, FeedError, Retry};
pub use interest::{Demand, Interest};
pub use metrics::{FeedMetrics, Metrics};
pub use supervisor::Supervisor;
pub use symbols::SymbolMap;
