//! Out: the live view, its fan-out over WebSocket, and HTTP.

/// HTTP: search, quotes, bars, status, the description of it all, and the page.
pub mod http;
/// Fan-out: one update to everyone who asked for it.
pub mod hub;
/// The tape and what viewers are sent of it.
pub mod live;
/// Symbol search, in memory.
pub mod search;
/// Framing and handshake of the WebSocket.
pub mod ws;
