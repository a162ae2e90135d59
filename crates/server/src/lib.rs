//! Out: HTTP and WebSocket; hub, subscription, conflation.

/// HTTP: search, quotes, bars, status, the description of it all, and the page.
pub mod http;
/// Symbol search, in memory.
pub mod search;
