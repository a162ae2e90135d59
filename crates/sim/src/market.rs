//! the market
mod path;
