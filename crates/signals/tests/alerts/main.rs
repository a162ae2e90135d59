//! Alerts: rule by rule, against a model that looks at every alert at every trade, and over themselves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod backtest;
mod market_day;
mod model;
mod random;
mod rules;
