//! What a connection may watch, decided once, at its handshake.

use super::topic::{Owner, Viewer};

/// What ends a connection before it ends itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tie {
    /// Nobody has signed in, as before there are people: it ends when the first person is added.
    Local,
    /// The login it came with.
    Login(i64),
    /// The API key it came with.
    Key(i64),
}

/// What a connection may watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guest {
    /// Prices, rows, bars and the status.
    pub sees_prices: bool,
    /// Whose account it may watch.
    pub account: Option<Viewer>,
    /// Whose watch lists and alerts it may watch.
    pub owner: Option<Owner>,
    /// What ends it.
    pub tie: Option<Tie>,
}

impl Guest {
    /// Nobody: prices and nothing else.
    pub const VISITOR: Self = Self { sees_prices: true, account: None, owner: None, tie: None };
}
