//! Out: the live view, its fan-out over WebSocket, and HTTP.

/// Alerts: decided on the log, made durable, shown, handed on.
pub mod alerts;
/// HTTP: search, quotes, bars, status, the description of it all, and the page.
pub mod http;
/// Fan-out: one update to everyone who asked for it.
pub mod hub;
/// The tape and what viewers are sent of it.
pub mod live;
/// Articles: kept, tied to symbols, shown, and set beside what the price did.
pub mod news;
/// People: who asks, and what that allows.
pub mod people;
/// Symbol search, in memory.
pub mod search;
/// Framing and handshake of the WebSocket.
pub mod ws;
