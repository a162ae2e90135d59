//! The executable from outside: what people, clients and operators rely on, and what it must survive.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod abuse;
mod apart;
mod bars;
mod command_line;
mod finnhub;
mod house;
mod up;
