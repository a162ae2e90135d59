//! The executable from outside: what people, clients and operators rely on, and what it must survive.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod abuse;
mod alerts;
mod apart;
mod bars;
mod command_line;
mod contract;
mod desk;
mod fake_desk;
mod finnhub;
mod house;
mod news;
mod people;
#[allow(dead_code, reason = "others need more of it")]
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
#[allow(dead_code, reason = "the tests of `notify` use more of it")]
#[path = "../../../notify/tests/it/smtp.rs"]
mod smtp;
mod up;
mod watch;
mod workload;
