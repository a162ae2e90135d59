//! placeholder

/// What travels between roles: payloads and subjects.
pub mod bus;
