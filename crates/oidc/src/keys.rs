//! The provider's keys (JWKS), and what they have signed. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// Most keys of a provider that are kept.
const KEYS_MAX: usize = 100;

/// How a token may be signed. Whatever else a token names is refused: `none`, and above all what is computed with a
/// shared secret, for which a provider's public key might be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
}

impl Algorithm {
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, uncompressed.
    P256(Vec<u8>),
}

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    public: Public,
}

/// The keys by which a provider signs now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64.decode(text?.trim_end_matches('=')).ok()
}

impl Key {
    /// `None` for one that no token may be signed with here.
    fn read(value: serde_json::Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (algorithm, public) = match (&*jwk.kty, jwk.crv.as_deref()) {
            ("RSA", _) => ("RS256", Public::Rsa { n: bytes(jwk.n.as_ref())?, e: bytes(jwk.e.as_ref())? }),
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(jwk.x.as_ref())?, bytes(jwk.y.as_ref())?);
                if (x.len(), y.len()) != (32, 32) {
                    return None;
                }
                ("ES256", Public::P256([&[4], &x[..], &y[..]].concat()))
            }
            _ => return None,
        };
        if jwk.alg.is_some_and(|alg| alg != algorithm) {
            return None;
        }
        Some(Self { id: jwk.kid, public })
    }

    fn is_for(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.public, algorithm),
            (Public::Rsa { .. }, Algorithm::Rs256) | (Public::P256(_), Algorithm::Es256)
        )
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            Public::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

/// What the keys say of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Yes,
    No,
    /// None of the keys may have made it: there may be newer ones.
    UnknownKey,
}

impl Keys {
    /// Reads a JWKS. Keys of other kinds are passed over.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let set: Set = serde_json::from_slice(json).map_err(|error| format!("no set of keys: {error}"))?;
        Ok(Self(set.keys.into_iter().filter_map(Key::read).take(KEYS_MAX).collect()))
    }

    /// Whether one of the keys has signed a message. A token that names no key may only be of the one there is.
    pub(crate) fn signed(
        &self,
        algorithm: Algorithm,
        id: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Signed {
        let fit: Vec<&Key> = self
            .0
            .iter()
            .filter(|key| key.is_for(algorithm) && (id.is_none() || key.id.as_deref() == id))
            .collect();
        match fit[..] {
            [key] if key.has_signed(message, signature) => Signed::Yes,
            [_] => Signed::No,
            _ => Signed::UnknownKey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_for_signatures_we_know_are_kept() {
        let x = BASE64.encode([1; 32]);
        let set = serde_json::json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "a", "x": x, "y": x},
            {"kty": "EC", "crv": "P-256", "kid": "b", "x": x, "y": x, "use": "enc"},
            {"kty": "EC", "crv": "P-384", "kid": "c", "x": x, "y": x},
            {"kty": "EC", "crv": "P-256", "kid": "d", "x": "AQ", "y": x},
            {"kty": "oct", "kid": "e", "k": "c2VjcmV0"},
            {"kty": "RSA", "kid": "f", "n": x, "e": "AQAB", "alg": "RS512"},
            {"kty": "RSA", "kid": "g", "n": x, "e": "AQAB", "alg": "RS256", "use": "sig"},
            {"kid": "h"}, 7, null,
        ]});
        let keys = Keys::read(set.to_string().as_bytes()).unwrap();
        let ids: Vec<_> = keys.0.iter().map(|key| key.id.clone().unwrap()).collect();
        assert_eq!(ids, ["a", "g"]);
        // A key of one kind signs nothing of the other.
        assert_eq!(keys.signed(Algorithm::Rs256, Some("a"), b"", b""), Signed::UnknownKey);
        assert_eq!(keys.signed(Algorithm::Es256, Some("a"), b"", &[0; 64]), Signed::No);
        assert_eq!(keys.signed(Algorithm::Es256, None, b"", &[0; 64]), Signed::No);
        for bad in [&b""[..], b"[]", b"{}", b"{\"keys\":{}}", b"\xff"] {
            assert!(Keys::read(bad).is_err());
        }
    }

    #[test]
    fn what_is_no_signature_of_a_provider_is_none() {
        for name in ["none", "None", "NONE", "", "HS256", "HS384", "RS512", "PS256", "ES384", "rs256"] {
            assert_eq!(Algorithm::of(name), None, "{name}");
        }
    }
}
