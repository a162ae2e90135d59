//! Who sends a push: a key of the server's own, and a short-lived token signed with it (RFC 8292).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use store::records::{RecordError, Records, kept};

/// Under which name the key is kept.
const NAME: &str = "vapid_key";
/// How long a token is good; services take no more than a day.
const GOOD_FOR: Duration = Duration::from_secs(12 * 3_600);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    /// The records say no.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// What is kept is no key.
    #[error(
        "the key that signs pushes, kept in the records as {NAME}, cannot be read; restore it from a copy"
    )]
    Damaged,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// The server's key. Browsers subscribe to what is signed with it, so it is made once and kept.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").field("public", &self.public_text()).finish_non_exhaustive()
    }
}

impl VapidKey {
    /// The key of these records, made at the first call. Blocks.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn of(records: &Records) -> Result<Self, BadKey> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let made = made.map_err(|_| BadKey::Random)?;
        let kept = records.run_blocking(move |sql| kept::get_or_keep(sql, NAME, made.as_ref()))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &kept, &random);
        Ok(Self { pair: pair.map_err(|_| BadKey::Damaged)?, random })
    }

    /// The public key in base64url.
    pub(super) fn public_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// The header `Authorization` for a push service.
    pub(super) fn authorization(
        &self,
        origin: &str,
        contact: &str,
        now: SystemTime,
    ) -> Result<String, BadKey> {
        let end = (now + GOOD_FOR).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = json!({"aud": origin, "exp": end, "sub": contact}).to_string();
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).map_err(|_| BadKey::Random)?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public_text()))
    }
}
