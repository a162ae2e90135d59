//! Which ID tokens are good (OpenID Connect Core, 3.1.3.7). Pure: the time is an argument.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Deserialize;

use crate::keys::{Algorithm, Keys, Signed};

/// How far our clock and the provider's may be apart, in seconds.
const LEEWAY_S: f64 = 60.0;
/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 32 * 1024;
/// The longest subject, by the standard; it says ASCII characters.
const SUBJECT_BYTES_MAX: usize = 255;

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is no signed token of three parts.
    #[error("it cannot be read")]
    Unreadable,
    /// It is signed in a way that proves nothing here, or not at all.
    #[error("its algorithm is {0:?}, and may be RS256 or ES256")]
    Algorithm(String),
    /// It is signed by a key that the provider does not show.
    #[error("it is signed by a key that the provider does not show")]
    UnknownKey,
    /// The signature is another's.
    #[error("its signature is wrong")]
    Signature,
    /// What it says is not for us, or not of now.
    #[error("its {claim} is {why}")]
    Claim {
        /// Which.
        claim: &'static str,
        /// In words.
        why: &'static str,
    },
}

/// What a good token says of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Names them at this provider, for good.
    pub subject: String,
    /// What they like to be called there. Anybody may have chosen it.
    pub user: Option<String>,
    /// Their address there.
    pub email: Option<String>,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a str,
    pub(crate) nonce: &'a str,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: there are none here.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Said {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    // Of other types than text they are as if not there.
    preferred_username: Option<serde_json::Value>,
    email: Option<serde_json::Value>,
}

/// Reads a token and believes it, or says why not.
pub(crate) fn read(token: &str, keys: &Keys, expected: Expected<'_>) -> Result<Claims, BadToken> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(BadToken::Unreadable);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(BadToken::Unreadable)?;
    let (header, payload) = message.split_once('.').ok_or(BadToken::Unreadable)?;
    let decoded = |part: &str| BASE64.decode(part).map_err(|_| BadToken::Unreadable);
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| BadToken::Unreadable)?;
    let algorithm = Algorithm::of(&header.alg)
        .ok_or_else(|| BadToken::Algorithm(header.alg.chars().take(20).collect()))?;
    if header.crit.is_some() {
        return Err(BadToken::Unreadable);
    }
    match keys.signed(algorithm, header.kid.as_deref(), message.as_bytes(), &decoded(signature)?) {
        Signed::Yes => {}
        Signed::No => return Err(BadToken::Signature),
        Signed::UnknownKey => return Err(BadToken::UnknownKey),
    }
    // Only what is signed is looked at.
    let said: Said = serde_json::from_slice(&decoded(payload)?).map_err(|_| BadToken::Unreadable)?;
    check(&said, expected)?;
    let text = |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    Ok(Claims { subject: said.sub, user: text(said.preferred_username), email: text(said.email) })
}

fn check(said: &Said, expected: Expected<'_>) -> Result<(), BadToken> {
    let wrong = |claim, why| Err(BadToken::Claim { claim, why });
    if said.iss != expected.issuer {
        return wrong("iss", "another issuer");
    }
    let audience = match &said.aud {
        Audience::One(one) => std::slice::from_ref(one),
        Audience::Many(many) => &many[..],
    };
    if !audience.iter().any(|one| one == expected.client) {
        return wrong("aud", "another client");
    }
    match &said.azp {
        Some(azp) if azp != expected.client => return wrong("azp", "another client"),
        None if audience.len() > 1 => return wrong("azp", "missing, though the token is for several"),
        _ => {}
    }
    let now = expected.now as f64;
    if said.exp + LEEWAY_S <= now {
        return wrong("exp", "past");
    }
    if said.iat - LEEWAY_S > now {
        return wrong("iat", "to come");
    }
    if said.nbf.is_some_and(|nbf| nbf - LEEWAY_S > now) {
        return wrong("nbf", "to come");
    }
    if said.nonce.as_deref() != Some(expected.nonce) {
        return wrong("nonce", "of another sign-in");
    }
    if said.sub.is_empty() || said.sub.len() > SUBJECT_BYTES_MAX || said.sub.chars().any(char::is_control) {
        return wrong("sub", "no name of anybody");
    }
    Ok(())
}
