//! Every serialised shape: what clients send and receive, over WebSocket and HTTP.
//!
//! The types of `market` are not serialisable on purpose; their mirrors are here, with the
//! conversions. No number passes through binary floating point on the way: see [`number`].

/// What travels between roles: payloads and subjects.
pub mod bus;
/// What a client may send over the WebSocket, and the parser of it.
pub mod client;
/// Hand-written encoders of the hot frames, equal to what the typed forms serialise to.
pub mod encode;
/// What the server sends over the WebSocket.
pub mod frames;
/// Bodies of HTTP answers and requests.
pub mod http;
/// Words of the protocol: channels, intervals, sessions, states.
pub mod names;
/// Exact decimals as JSON numbers.
pub mod number;
/// Errors as `application/problem+json`.
pub mod problem;
/// The row of day figures, shared by `GET /api/v1/quotes` and `quote_update`.
pub mod quote;
/// Symbols and other short texts as JSON strings.
pub mod text;
/// Times as RFC 3339.
pub mod time;

pub use client::{ClientFrame, FrameError, parse_client_frame};
pub use names::{Channel, Freshness, IntervalName, SessionName};
pub use text::SymbolName;
