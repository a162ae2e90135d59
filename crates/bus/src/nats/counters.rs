//! What the bus counts, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What happened on a bus over NATS since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NatsCounters {
    /// Messages of the log that were stored.
    pub n_log_messages: u64,
    /// Bytes waiting to be stored in the log.
    pub log_buffer_bytes: u64,
    /// Failed attempts to store a message; each was tried again.
    pub n_retries: u64,
    /// Messages of live values sent.
    pub n_live_messages: u64,
    /// Batches that the live way dropped because the server was away or too slow; they are in the log.
    pub n_live_dropped: u64,
    /// Events read that name a symbol unknown here, and were left out.
    pub n_unknown_symbols: u64,
    /// Messages received that could not be read.
    pub n_unreadable: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    log_messages: AtomicU64,
    log_buffer_bytes: AtomicU64,
    retries: AtomicU64,
    live_messages: AtomicU64,
    live_dropped: AtomicU64,
    unknown_symbols: AtomicU64,
    unreadable: AtomicU64,
}

impl Counts {
    pub(super) fn read(&self) -> NatsCounters {
        NatsCounters {
            n_log_messages: self.log_messages.load(Relaxed),
            log_buffer_bytes: self.log_buffer_bytes.load(Relaxed),
            n_retries: self.retries.load(Relaxed),
            n_live_messages: self.live_messages.load(Relaxed),
            n_live_dropped: self.live_dropped.load(Relaxed),
            n_unknown_symbols: self.unknown_symbols.load(Relaxed),
            n_unreadable: self.unreadable.load(Relaxed),
        }
    }

    pub(super) fn logged(&self) {
        self.log_messages.fetch_add(1, Relaxed);
    }

    pub(super) fn buffered(&self, bytes: usize) {
        self.log_buffer_bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn unbuffered(&self, bytes: usize) {
        self.log_buffer_bytes.fetch_sub(bytes as u64, Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(super) fn live(&self, n_messages: usize) {
        self.live_messages.fetch_add(n_messages as u64, Relaxed);
    }

    pub(super) fn live_dropped(&self) {
        self.live_dropped.fetch_add(1, Relaxed);
    }

    pub(super) fn unknown_symbols(&self, n: usize) {
        self.unknown_symbols.fetch_add(n as u64, Relaxed);
    }

    pub(super) fn unreadable(&self) {
        self.unreadable.fetch_add(1, Relaxed);
    }
}
