//! Notices from the queue to those who receive them: real servers on free ports, which check what arrives.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod email;
mod push;
mod smtp;
mod webhook;
mod world;
