//! What is bounded, and by how much. Part of the rules: a replay needs the same bounds.

/// Pending tickets of one user, buys and sells together; beyond, `too_many_tickets`.
pub const TICKETS_PER_USER_MAX: usize = 10_000;

/// Pending tickets of one ledger, about 160 MB; beyond, `too_many_tickets`.
pub const TICKETS_MAX: usize = 1_000_000;

/// Symbols one user has, had or has set; beyond, a BUY or automatic buy of a further one is
/// refused with `too_many_symbols`. Tickets that are open then may still be committed.
pub const SYMBOLS_PER_USER_MAX: usize = 10_000;

/// Users of one ledger; beyond, `too_many_users`.
pub const USERS_MAX: usize = 4_000_000;

/// Idempotency keys remembered of one user, the newest; a repeat of an older one is a new command.
pub const KEYS_PER_USER_MAX: usize = 1_024;

/// Tickets of one user whose end is remembered, the newest, so that a second commit is told
/// what became of the first.
pub const ENDED_PER_USER_MAX: usize = 32;

/// Entries of one call that expires tickets or fires triggers; then it is called again. So what
/// waits to be stored is bounded however many fall due at once.
pub const BATCH_MAX: usize = 4_096;
