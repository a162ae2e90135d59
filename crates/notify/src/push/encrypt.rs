//! Payloads that only the browser can read: RFC 8291, in the coding `aes128gcm` of RFC 8188.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf;
use ring::rand::SystemRandom;

use crate::random;

/// Octets of an uncompressed point of P-256.
const POINT: usize = 65;
/// Octets of a record, as its head says.
const RECORD: u32 = 4_096;
/// The longest that is encrypted: what push services must take, less head, tag and padding.
pub(super) const PLAIN_BYTES_MAX: usize = 3_993;
/// Payloads are filled up to a multiple of this, so that their length tells little.
const PADDED_TO: usize = 256;

/// Why a payload cannot be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unencrypted {
    /// Not 65 octets in base64url that begin with 4.
    #[error("the browser's key p256dh is no point of P-256 in base64url")]
    Key,
    /// Not 16 octets in base64url.
    #[error("the browser's secret auth is not 16 octets in base64url")]
    Secret,
    /// The payload is too long.
    #[error("the message is too long for a push")]
    TooLong,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// A browser's keys.
pub(super) struct Keys {
    point: [u8; POINT],
    secret: [u8; 16],
}

/// Of our side: made anew for each message.
struct Ours {
    public: [u8; POINT],
    salt: [u8; 16],
}

/// A length for HKDF.
struct Octets(usize);

impl hkdf::KeyType for Octets {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(salt: &[u8], key: &[u8], info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key).expand(info, Octets(N))?.fill(&mut out)?;
    Ok(out)
}

impl Keys {
    /// Reads base64url, with or without its padding.
    pub(super) fn read(p256dh: &str, auth: &str) -> Result<Self, Unencrypted> {
        let octets = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let point: [u8; POINT] = octets(p256dh).and_then(|o| o.try_into().ok()).ok_or(Unencrypted::Key)?;
        if point[0] != 4 {
            return Err(Unencrypted::Key);
        }
        let secret = octets(auth).and_then(|o| o.try_into().ok()).ok_or(Unencrypted::Secret)?;
        Ok(Self { point, secret })
    }

    /// Encrypts a payload: head and one record.
    pub(super) fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, Unencrypted> {
        if plain.len() > PLAIN_BYTES_MAX {
            return Err(Unencrypted::TooLong);
        }
        let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
        let key = key.map_err(|_| Unencrypted::Random)?;
        let public = key.compute_public_key().ok().and_then(|public| public.as_ref().try_into().ok());
        let ours = Ours {
            public: public.ok_or(Unencrypted::Random)?,
            salt: random().map_err(|_| Unencrypted::Random)?,
        };
        let filled = (plain.len() + 1).next_multiple_of(PADDED_TO).min(PLAIN_BYTES_MAX + 1);
        let theirs = UnparsedPublicKey::new(&ECDH_P256, &self.point);
        agree_ephemeral(key, &theirs, |shared| self.sealed(shared, &ours, plain, filled))
            .and_then(|sealed| sealed)
            .map_err(|Unspecified| Unencrypted::Key)
    }

    /// RFC 8291, 3.4, and RFC 8188, 2. Pure.
    fn sealed(
        &self,
        shared: &[u8],
        ours: &Ours,
        plain: &[u8],
        filled: usize,
    ) -> Result<Vec<u8>, Unspecified> {
        let input: [u8; 32] =
            derived(&self.secret, shared, &[b"WebPush: info\0", &self.point, &ours.public])?;
        let key: [u8; 16] = derived(&ours.salt, &input, &[b"Content-Encoding: aes128gcm\0"])?;
        let nonce: [u8; 12] = derived(&ours.salt, &input, &[b"Content-Encoding: nonce\0"])?;
        let mut record = Vec::with_capacity(filled + AES_128_GCM.tag_len());
        record.extend_from_slice(plain);
        // The end of the last record, and what fills it up.
        record.push(2);
        record.resize(filled.max(record.len()), 0);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
        let mut out = Vec::with_capacity(16 + 4 + 1 + POINT + record.len());
        out.extend_from_slice(&ours.salt);
        out.extend_from_slice(&RECORD.to_be_bytes());
        out.push(POINT as u8);
        out.extend_from_slice(&ours.public);
        out.extend_from_slice(&record);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use p256::{PublicKey, SecretKey};

    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 8291, appendix A.
    #[test]
    fn the_example_of_the_rfc() {
        let keys = Keys::read(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        let public =
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        let private = SecretKey::from_slice(&octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let theirs = PublicKey::from_sec1_bytes(&keys.point).unwrap();
        let shared = p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), theirs.as_affine());
        let ours = Ours {
            public: octets(public).try_into().unwrap(),
            salt: octets("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap(),
        };
        let plain = b"When I grow up, I want to be a watermelon";
        let sealed = keys.sealed(shared.raw_secret_bytes(), &ours, plain, 0).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
    }

    #[test]
    fn keys_that_are_none_are_told() {
        let point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        let told = |p256dh: &str, auth: &str| Keys::read(p256dh, auth).map(drop).unwrap_err();
        assert_eq!(told("", auth), Unencrypted::Key);
        assert_eq!(told(&point.replace("BC", "AC"), auth), Unencrypted::Key);
        assert_eq!(told(point, "BTBZ"), Unencrypted::Secret);
        assert_eq!(told(point, "~"), Unencrypted::Secret);
        // Of the right length, but on no curve.
        let off = URL_SAFE_NO_PAD.encode([4; POINT]);
        assert_eq!(Keys::read(&off, auth).unwrap().encrypt(b"x").unwrap_err(), Unencrypted::Key);
        let keys = Keys::read(point, &format!("{auth}==")).unwrap();
        assert_eq!(keys.encrypt(&[0; PLAIN_BYTES_MAX + 1]).unwrap_err(), Unencrypted::TooLong);
        // Push services must take 4,096 octets, and need take no more.
        assert!(keys.encrypt(&[0; PLAIN_BYTES_MAX]).unwrap().len() <= 4_096);
        // Lengths tell little, and no two are alike.
        let (one, other) = (keys.encrypt(b"a").unwrap(), keys.encrypt(b"another").unwrap());
        assert!(one.len() == other.len() && one[..16] != other[..16]);
    }
}
