//! Signing in with an OpenID Connect provider: the half of whoever relies on it.
//!
//! | what | says |
//! | --- | --- |
//! | [`Provider`] | one provider: where a browser is sent, and what its answer is worth |
//! | [`Attempt`] | what must be remembered between the two |
//! | [`Seal`] | lets a browser keep such things without reading or changing them |
//! | `token` | which ID tokens are good; pure |
//! | `keys` | the provider's keys, and what they have signed; pure |
//!
//! The authorization code flow with PKCE, and nothing else of the standard. It knows nothing of people: that is the
//! server's. A provider that is slow, broken or malicious costs bounded time and memory, and no more than the sign-in.

mod keys;
mod provider;
mod seal;
mod token;
mod web;

pub use provider::{Attempt, Provider, SetUpError, Settings};
pub use seal::Seal;
pub use token::{BadToken, Claims};

/// Why nobody is known by what a provider answered.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The provider cannot be reached, or says that it cannot answer now.
    #[error("the provider cannot be reached: {0}")]
    Away(String),
    /// What it answered is not what the standard says.
    #[error("the provider's answer cannot be used: {0}")]
    Answer(String),
    /// It does not take the code or this client.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// Its token proves nothing.
    #[error("the provider's token is not good: {0}")]
    Token(#[from] BadToken),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}
