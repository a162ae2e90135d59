//! Passwords: which are too weak, and how they are hashed.
//!
//! The hash is argon2id with 19 MiB of memory, 2 passes and 1 lane, which is what OWASP's cheat sheet on password
//! storage asks for at least. It is slow on purpose: see [`Hasher`] for how many are made at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use store::records::person::NO_PASSWORD;
use tokio::sync::Semaphore;

/// Memory of a hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// Hashes that wait for their turn.
const WAITING_MAX: usize = 64;

/// The shortest password, in characters.
const CHARACTERS_MIN: usize = 8;
/// The longest, in bytes.
const BYTES_MAX: usize = 1_024;
/// Different characters it must have, those of the user name left out.
const DIFFERENT_MIN: usize = 5;

/// Passwords of eight characters and more that are tried first, in lower case.
const COMMON: &str = include_str!("common-passwords.txt");

/// Why a password is too weak for somebody, in words for them; `None` where it is not.
pub fn weakness(password: &str, user: &str) -> Option<&'static str> {
    if password.chars().count() < CHARACTERS_MIN {
        return Some("a password must have at least 8 characters");
    }
    if password.len() > BYTES_MAX {
        return Some("a password must have at most 1024 bytes");
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Some("this password is one of those that are tried first; choose another");
    }
    let rest = lower.replace(&user.to_lowercase(), "");
    let mut different: Vec<char> = rest.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT_MIN {
        return Some("a password must have at least 5 different characters, those of the user name left out");
    }
    if is_run(&lower) {
        return Some("a password must not be a row of neighbouring characters");
    }
    None
}

/// `12345678`, `hgfedcba`: each character is the neighbour of the one before.
fn is_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let steps = |by: i64| codes.windows(2).all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == by);
    steps(1) || steps(-1)
}

/// More wait to be hashed than may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign in at this moment")]
pub struct Busy;

/// Hashes passwords on threads that may block, a few at a time: each takes a core and 19 MiB for tens of
/// milliseconds.
#[derive(Debug)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

fn argon2() -> Argon2<'static> {
    // The parameters are constants within the bounds.
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The PHC string of a password. Blocks for tens of milliseconds.
pub fn hash(password: &str) -> Option<String> {
    // Fails only where the system gives no random numbers.
    argon2().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

/// A hash for names nobody has: it takes as long as any, and no password is known to have it.
fn nobodys() -> String {
    // Sixteen and thirty-two bytes in base64.
    let (salt, digest) = ("bm9ib2R5IGhhcyB0aGlzIQ", "A".repeat(43));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}")
}

/// Whether this is the password of a hash. Blocks.
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether a hash was made with other parameters than are used now.
pub fn is_outdated(hash: &str) -> bool {
    !hash.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

impl Hasher {
    /// So many at a time.
    pub fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))), waiting: AtomicUsize::new(0) }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn hash(&self, password: String) -> Result<String, Busy> {
        self.in_turn(move || hash(&password)).await?.ok_or(Busy)
    }

    /// Whether this is the password of a hash. Takes as long where there is no hash, or none of a password, so that
    /// nobody learns from the time which names there are.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        self.in_turn(move || match hash.filter(|hash| hash != NO_PASSWORD) {
            Some(hash) => verify(&password, &hash),
            None => verify(&password, &nobodys()) & false,
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= WAITING_MAX {
            return Err(Busy);
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Busy)?;
        // The turn goes with the work: who goes away does not let another in early.
        let worked = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        worked.await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_told_why() {
        let cases = [
            ("", "8 characters"),
            ("short", "8 characters"),
            ("Password", "tried first"),
            ("PASSWORD123", "tried first"),
            ("qwertyuiop", "tried first"),
            ("aaaaaaaaaa", "5 different"),
            ("adaadaada1", "5 different"),
            ("abababababab", "5 different"),
            ("abcdefghij", "neighbouring"),
            ("zyxwvutsrq", "neighbouring"),
        ];
        for (password, told) in cases {
            let weakness = weakness(password, "ada").unwrap_or_else(|| panic!("{password:?} is taken"));
            assert!(weakness.contains(told), "{password:?}: {weakness}");
        }
        assert!(weakness(&"long enough ".repeat(100), "ada").is_some());
        for good in ["correct horse battery staple", "8Zeichen", "ada-likes-tea", "größeres Café"] {
            assert_eq!(weakness(good, "ada"), None, "{good}");
        }
        assert!(COMMON.lines().all(|line| line.len() >= CHARACTERS_MIN && line == line.to_lowercase()));
    }

    #[test]
    fn a_hash_fits_its_password_only() {
        let hashed = hash("correct horse").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("correct horse", &hashed) && !verify("correct horsf", &hashed));
        assert_ne!(hash("correct horse").unwrap(), hashed);
        // It is read as a hash, so that to refuse it takes as long.
        let nobodys = nobodys();
        assert!(PasswordHash::new(&nobodys).is_ok_and(|hash| hash.hash.is_some()) && !is_outdated(&nobodys));
        assert!(!verify("correct horse", &nobodys));
        assert!(!verify("", "") && !verify("x", "$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!is_outdated(&hashed) && is_outdated(&hashed.replace("t=2", "t=1")));
    }

    #[test]
    fn who_waits_behind_too_many_is_sent_away() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let hasher = Arc::new(Hasher::new(1));
            let (hold, held) = std::sync::mpsc::channel::<()>();
            let mut calls = tokio::task::JoinSet::new();
            let first = Arc::clone(&hasher);
            calls.spawn(async move { first.in_turn(move || held.recv().is_err()).await.map(drop) });
            while hasher.waiting.load(Ordering::Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
            for _ in 1..WAITING_MAX {
                let hasher = Arc::clone(&hasher);
                calls.spawn(async move { hasher.in_turn(|| ()).await });
            }
            while hasher.waiting.load(Ordering::Relaxed) < WAITING_MAX {
                tokio::task::yield_now().await;
            }
            assert_eq!(hasher.verify("x".into(), None).await, Err(Busy));
            drop(hold);
            while let Some(done) = calls.join_next().await {
                assert_eq!(done.unwrap(), Ok(()));
            }
            assert_eq!(hasher.verify("x".into(), None).await, Ok(false));
        });
    }
}
