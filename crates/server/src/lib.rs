//! Out: the live view, its fan-out over WebSocket, and HTTP.

/// Fan-out: one update to everyone who asked for it.
pub mod hub;
/// The tape and what viewers are sent of it.
pub mod live;
/// Framing and handshake of the WebSocket.
pub mod ws;
