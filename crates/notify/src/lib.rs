//! Reaching people: notices go into a durable queue, and from there to each channel of the person they are for.
//!
//! | what | says |
//! | --- | --- |
//! | [`Outbox`] | where a notice is put; durable when that is answered |
//! | [`Courier`] | takes what is due, delivers it, tries again |
//! | [`Adapter`] | what each way of delivery is: settings, and one attempt. [`webhook`], [`push`], [`email`] |
//! | [`policy`] | when it is tried again and when it is given up; pure |
//! | [`reach`] | to which addresses anything is sent; pure |
//!
//! Promises: a notice that was put is tried until it is delivered, given up with a reason, or removed by its owner,
//! over restarts; a notice is queued once by its key; a delivery that was in flight when the process ended is tried
//! again, with the same id, by which receivers know it; a channel that fails or is slow holds up no other.

mod adapter;
mod courier;
pub mod email;
mod fault;
mod metrics;
mod outbox;
pub mod policy;
pub mod push;
pub mod reach;
mod recorder;
mod smtp;
mod template;
mod web;
pub mod webhook;

pub use adapter::{Adapter, Adapters, Message};
pub use courier::{Courier, CourierParts};
pub use fault::Fault;
pub use metrics::Metrics;
pub use outbox::{BadNotice, Outbox, PutError};
pub use store::records::delivery::{Notice, Put};
pub use web::{Web, WebError};

use std::sync::Arc;

use market::Timestamp;

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system gives no random numbers, without which no secret can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

/// A text's SHA-256 in hexadecimal digits: by it a browser's page knows its own endpoint, which is not shown.
pub fn hash_text(text: &str) -> String {
    use std::fmt::Write as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut out, octet| {
        let _ = write!(out, "{octet:02x}");
        out
    })
}

/// A code of eight digits, to be sent to an address and typed in.
///
/// # Errors
/// [`NoRandom`].
pub fn new_code() -> Result<String, NoRandom> {
    let number = u64::from_le_bytes(random()?) % 100_000_000;
    Ok(format!("{number:08}"))
}

/// Random octets.
///
/// # Errors
/// [`NoRandom`].
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    use ring::rand::SecureRandom as _;
    let mut octets = [0; N];
    ring::rand::SystemRandom::new().fill(&mut octets).map_err(|_| NoRandom)?;
    Ok(octets)
}
