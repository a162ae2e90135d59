//! The WebSocket protocol (RFC 6455), as far as a server that sends shared frames needs it.
//!
//! Framing is our own because the hub's speed comes from it: an update is framed once and the same
//! bytes go to every client that wants it. The handshake is HTTP and is left to the HTTP stack.

pub mod deflate;
pub mod frame;
pub mod upgrade;
