//! The executable from outside: what people, clients and operators rely on, and what it must survive.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test that cannot go on should stop; not every helper is used yet"
)]

mod abuse;
mod apart;
mod bars;
mod command_line;
mod finnhub;
mod house;
mod up;
