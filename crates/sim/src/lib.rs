//! The simulated market and the providers' look-alikes: what the demonstration and the tests run on.
//!
//! Everything comes from a seed: the same seed gives the same instruments, prices and trades on
//! every machine, at any moment, in any order of asking. Nothing here reads a clock except at the
//! rim ([`serve`]), where the wall clock is the default.

/// Random numbers without state.
mod hash;
/// m
pub mod market;
/// What the simulated market trades.
pub mod universe;
