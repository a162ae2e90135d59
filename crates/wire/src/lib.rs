//! Every serialised shape: what clients send and receive, over WebSocket and HTTP.
//!
//! The types of `market` are not serialisable on purpose; their mirrors are here, with the
//! conversions. No number passes through binary floating point on the way: see [`number`].

/// Bodies of alerts, their firings and their back-test.
pub mod alerts;
/// The log of the classic rules, as XML.
pub mod audit;
/// What travels between roles: payloads and subjects.
pub mod bus;
/// Bodies of channels, over which people are reached.
pub mod channels;
/// What a client may send over the WebSocket, and the parser of it.
pub mod client;
/// Bodies of the day-trading API.
pub mod desk;
/// Hand-written encoders of the hot frames, equal to what the typed forms serialise to.
pub mod encode;
/// What the server sends over the WebSocket.
pub mod frames;
/// Bodies of HTTP answers and requests.
pub mod http;
/// What the desk's journal stores: entries and snapshots as bytes.
pub mod journal;
/// Bodies of watch lists and boards.
pub mod lists;
/// Words of the protocol: channels, intervals, sessions, states.
pub mod names;
/// Bodies of news.
pub mod news;
/// Exact decimals as JSON numbers.
pub mod number;
/// Bodies of the people's API.
pub mod people;
/// Errors as `application/problem+json`.
pub mod problem;
/// The row of day figures, shared by `GET /api/v1/quotes` and `quote_update`.
pub mod quote;
/// Bodies of streams, which are set while everything runs.
pub mod streams;
/// Symbols and other short texts as JSON strings.
pub mod text;
/// Times as RFC 3339.
pub mod time;
/// Integers of any size, few bytes for the small ones.
mod varint;

pub use client::{ClientFrame, FrameError, parse_client_frame};
pub use names::{Channel, Freshness, IntervalName, SessionName};
pub use text::SymbolName;
