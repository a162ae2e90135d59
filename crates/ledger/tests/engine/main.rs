//! The engine against the rule book: rule by rule, against a model, and over itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod clocks;
mod desk;
mod keys;
mod limits;
mod model;
mod precedence;
mod random;
mod replay;
mod rules;
mod table;
mod workload;
