//! The routes against a market that is made up: what they answer, refuse, and never do.

/// A made-up market.
mod fixture;
/// The page, its files and the reference.
mod page;
/// What must not happen.
mod refusals;
/// What the routes answer.
mod routes;
