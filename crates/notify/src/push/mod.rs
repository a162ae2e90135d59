//! Web Push: a message to a browser whose page is closed, by way of its maker's push service (RFC 8030).
//!
//! | what | rule |
//! | --- | --- |
//! | `encrypt` | the payload, which the push service cannot read: RFC 8291 in RFC 8188's `aes128gcm` |
//! | `vapid` | who sends, which the push service checks: RFC 8292 |

mod encrypt;
mod vapid;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::encrypt::Unencrypted;
pub use self::vapid::{BadKey, VapidKey};
use crate::{Adapter, Fault, Message, Web};

/// How long a push service keeps a message for a browser that is away. What is older is no news of a price.
const KEPT_SECONDS: &str = "14400";
/// The longest text of a push, in bytes, so that it fits with all else into one record of 4,096.
const TEXT_BYTES_MAX: usize = 1_800;

/// A browser's subscription, as its page tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where to: an address of the browser's push service.
    pub endpoint: String,
    /// The browser's public key, P-256, in base64url.
    pub p256dh: String,
    /// Its authentication secret, 16 octets in base64url.
    pub auth: String,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription(***)")
    }
}

impl Subscription {
    /// The push service's host, which is all of the address that is shown.
    pub fn host(&self) -> String {
        let url = reqwest::Url::parse(&self.endpoint).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Checks what somebody gave.
    ///
    /// # Errors
    /// The member that is wrong, and what is wrong with it.
    pub fn check(&self, web: &Web) -> Result<(), (&'static str, String)> {
        web.read_url(&self.endpoint).map_err(|told| ("endpoint", told))?;
        let keys =
            encrypt::Keys::read(&self.p256dh, &self.auth).map_err(|error| ("keys", error.to_string()))?;
        // A point that is on no curve is found when something is encrypted for it.
        keys.encrypt(b"").map(drop).map_err(|error| ("keys", error.to_string()))
    }
}

/// Web Push.
#[derive(Debug)]
pub struct Push {
    web: Web,
    key: VapidKey,
    contact: String,
}

impl Push {
    /// Over these clients, signing with this key; `contact` is a `mailto:` or `https:` address at which push services find the
    /// operator.
    pub fn new(web: Web, key: VapidKey, contact: String) -> Self {
        Self { web, key, contact }
    }

    /// Checks a subscription that somebody gave.
    ///
    /// # Errors
    /// As [`Subscription::check`].
    pub fn check(&self, subscription: &Subscription) -> Result<(), (&'static str, String)> {
        subscription.check(&self.web)
    }

    /// The public key, as browsers want it: base64url of the uncompressed point.
    pub fn public_key(&self) -> String {
        self.key.public_text()
    }
}

/// What the service worker is given. Of a body that would not fit the end is left out.
fn payload(message: &Message) -> Vec<u8> {
    let notice = &message.notice;
    let with_body = |bytes: usize| {
        json!({
            "id": message.id,
            "kind": notice.kind,
            "title": cut(&notice.title, 300),
            "body": cut(&notice.body, bytes),
            "symbol": notice.symbol,
            "price": notice.price,
            "link": notice.link,
            "time": notice.happened_at.to_string(),
        })
        .to_string()
        .into_bytes()
    };
    let mut bytes = TEXT_BYTES_MAX;
    loop {
        let payload = with_body(bytes);
        // What must be escaped takes more room than it has bytes.
        if payload.len() <= encrypt::PLAIN_BYTES_MAX || bytes == 0 {
            return payload;
        }
        bytes /= 2;
    }
}

/// At most so many bytes of a text, whole characters.
fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// What makes a push service put a message in the place of an older one of the same topic: 32 characters of base64url.
/// A message that was sent twice, since its answer was lost, is so shown once.
fn topic(message: &Message) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, message.id.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..24).unwrap_or_default())
}

impl Adapter for Push {
    type Settings = Subscription;

    const KIND: &'static str = "web_push";

    async fn deliver(&self, settings: &Subscription, message: &Message) -> Result<(), Fault> {
        let url = self.web.read_url(&settings.endpoint).map_err(Fault::never)?;
        let keys = encrypt::Keys::read(&settings.p256dh, &settings.auth)
            .map_err(|error| Fault::never(error.to_string()))?;
        let body = keys.encrypt(&payload(message)).map_err(|error| Fault::never(error.to_string()))?;
        let authorization = self
            .key
            .authorization(&url.origin().ascii_serialization(), &self.contact, std::time::SystemTime::now())
            .map_err(|error| Fault::later(error.to_string()))?;
        let mut headers = HeaderMap::new();
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|_| Fault::never("no header can hold the key"));
        headers.insert(AUTHORIZATION, header(&authorization)?);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert("ttl", HeaderValue::from_static(KEPT_SECONDS));
        headers.insert("urgency", HeaderValue::from_static("high"));
        headers.insert("topic", header(&topic(message))?);
        match self.web.post(&url, headers, body).await {
            // RFC 8030, 7.3: a subscription that has expired is no more.
            Err(Fault::Gone { .. }) => Err(gone()),
            Err(Fault::Never { why }) if why.contains(" 404") => Err(gone()),
            done => done,
        }
    }
}

fn gone() -> Fault {
    Fault::Gone { why: "the browser has ended its subscription".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::tests::message;

    #[test]
    fn the_longest_payload_fits_into_a_record() {
        let mut message = message();
        message.notice.title = "\"".repeat(200);
        message.notice.link = "/x".repeat(250);
        for body in ["é".repeat(2_000), "\"".repeat(2_000), "\u{1}".repeat(2_000), String::new()] {
            message.notice.body = body;
            assert!(payload(&message).len() <= encrypt::PLAIN_BYTES_MAX, "{}", payload(&message).len());
        }
        assert_eq!((cut("abc", 3), cut("abcd", 3), cut("éé", 4)), ("abc".into(), "…".into(), "éé".into()));
        assert_eq!(cut("aéaaaa", 5), "a…");
        assert_eq!(topic(&message).len(), 32);
    }
}
