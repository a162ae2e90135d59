//! Webhooks: an HTTP request with a body by template, signed.
//!
//! Each has the headers `Bellwether-Delivery`, the same at every attempt and no other message's, by which a receiver knows
//! what it has had already; and `Bellwether-Signature: t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY` under the
//! channel's secret, by which it knows whose it is and refuses what is minutes old.
//!
//! Where the secret has the form of [Standard Webhooks](https://www.standardwebhooks.com), as those made here have, it is
//! signed for the libraries of that, too: `webhook-id`, `webhook-timestamp`, and `webhook-signature`, which is `v1,` and
//! the base64 of the HMAC-SHA256 of `id.timestamp.body` under what the secret says in base64.

use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::template::Template;
pub use crate::template::{BadTemplate, Content};
use crate::{Adapter, Fault, Message, NoRandom, Web, random};

/// What secrets begin with, as Standard Webhooks has it.
const SECRET_PREFIX: &str = "whsec_";
/// Most headers of one's own.
const HEADERS_MAX: usize = 8;
/// The longest secret that somebody gives, in characters.
const SECRET_CHARACTERS_MAX: usize = 256;
/// The message, and what signs it.
const DELIVERY: &str = "bellwether-delivery";
const SIGNATURE: &str = "bellwether-signature";
/// The longest value of a header, in bytes.
const HEADER_BYTES_MAX: usize = 1_024;
/// Headers that are ours or the connection's.
const RESERVED: [&str; 18] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
    "proxy-connection",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    DELIVERY,
    SIGNATURE,
];

/// What a webhook has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where to.
    pub url: String,
    /// What the body is.
    pub content: Content,
    /// The body; without one it is all there is, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Headers of one's own, such as `Authorization`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// What signs, as its owner gave it, or `whsec_` and base64.
    pub secret: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("content", &self.content).finish_non_exhaustive()
    }
}

/// A new secret, to be shown once.
///
/// # Errors
/// [`NoRandom`].
pub fn new_secret() -> Result<String, NoRandom> {
    Ok(format!("{SECRET_PREFIX}{}", STANDARD.encode(random::<32>()?)))
}

impl Settings {
    /// Checks what somebody gave.
    ///
    /// # Errors
    /// The member that is wrong, what is wrong with it, and the mend.
    pub fn check(&self, web: &Web) -> Result<(), (&'static str, String)> {
        web.read_url(&self.url).map_err(|told| ("url", told))?;
        Template::read(self.content, self.template.as_deref())
            .map_err(|error| ("template", error.to_string()))?;
        let length = self.secret.chars().count();
        if length == 0 || length > SECRET_CHARACTERS_MAX || self.secret.chars().any(char::is_control) {
            let told =
                format!("it must have 1 to {SECRET_CHARACTERS_MAX} characters, and no control characters");
            return Err(("secret", told));
        }
        headers(&self.headers).map(drop).map_err(|told| ("headers", told))
    }

    /// The host, which is all of the address that is shown.
    pub fn host(&self) -> String {
        let url = reqwest::Url::parse(&self.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, String> {
    if given.len() > HEADERS_MAX {
        return Err(format!("there may be {HEADERS_MAX} headers at most"));
    }
    let mut map = HeaderMap::new();
    for (name, value) in given {
        let shown: String = name.chars().take(40).collect();
        let name: HeaderName = name.parse().map_err(|_| format!("{shown:?} is no name of a header"))?;
        if RESERVED.contains(&name.as_str()) {
            return Err(format!("the header {shown} cannot be set"));
        }
        let value = Some(value).filter(|value| value.len() <= HEADER_BYTES_MAX);
        let value = value.and_then(|value| HeaderValue::from_str(value).ok());
        let mut value = value.ok_or_else(|| {
            format!("the value of {shown} must have at most {HEADER_BYTES_MAX} bytes, and no line ends")
        })?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

/// The signature of a body: `t=SECONDS,v1=HEX`.
fn signature(secret: &str, seconds: u64, body: &[u8]) -> String {
    let tag = tag(secret.as_bytes(), &format!("{seconds}."), body);
    let hex = tag.as_ref().iter().fold(String::with_capacity(64), |mut hex, octet| {
        let _ = write!(hex, "{octet:02x}");
        hex
    });
    format!("t={seconds},v1={hex}")
}

/// The signature of Standard Webhooks: `v1,` and base64. Nothing where the secret has another form.
fn standard_signature(secret: &str, id: &str, seconds: u64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    Some(format!("v1,{}", STANDARD.encode(tag(&key, &format!("{id}.{seconds}."), body))))
}

fn tag(key: &[u8], head: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(head.as_bytes());
    context.update(body);
    context.sign()
}

/// HTTP requests with a body by template.
#[derive(Debug, Clone)]
pub struct Webhook {
    web: Web,
}

impl Webhook {
    /// Over these clients.
    pub fn new(web: Web) -> Self {
        Self { web }
    }

    /// Checks what somebody gave.
    ///
    /// # Errors
    /// As [`Settings::check`].
    pub fn check(&self, settings: &Settings) -> Result<(), (&'static str, String)> {
        settings.check(&self.web)
    }
}

impl Adapter for Webhook {
    type Settings = Settings;

    const KIND: &'static str = "webhook";

    async fn deliver(&self, settings: &Settings, message: &Message) -> Result<(), Fault> {
        let url = self.web.read_url(&settings.url).map_err(Fault::never)?;
        let template = Template::read(settings.content, settings.template.as_deref());
        let template = template.map_err(|error| Fault::never(error.to_string()))?;
        let body = template.body(message);
        let mut map = headers(&settings.headers).map_err(Fault::never)?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        map.insert(CONTENT_TYPE, HeaderValue::from_static(settings.content.media_type()));
        let mut ours =
            vec![(DELIVERY, message.id.clone()), (SIGNATURE, signature(&settings.secret, seconds, &body))];
        if let Some(signature) = standard_signature(&settings.secret, &message.id, seconds, &body) {
            ours.extend([
                ("webhook-id", message.id.clone()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", signature),
            ]);
        }
        for (name, value) in ours {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| Fault::never("no header can hold the message's id"))?;
            map.insert(name, value);
        }
        match self.web.post(&url, map, body).await {
            // An address of somebody's own does not end for good by one answer: its owner sees that it fails.
            Err(Fault::Gone { why }) => Err(Fault::never(why)),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::Reach;

    fn settings() -> Settings {
        Settings {
            url: "https://hooks.example.com/T0/geheim".into(),
            content: Content::Json,
            template: None,
            headers: vec![("Authorization".into(), "Bearer geheim".into())],
            secret: new_secret().unwrap(),
        }
    }

    #[test]
    fn the_signature_is_over_time_and_body() {
        // By Python's hmac module.
        assert_eq!(
            signature("a secret, é", 1_763_735_400, b"{\"symbol\":\"AAPL\"}"),
            "t=1763735400,v1=c8ac819a38697763540df386ecb5897c7a3b34fdac365c01d12cd44cbdfafea3"
        );
    }

    #[test]
    fn the_standard_signature_is_that_of_its_libraries() {
        // The example of the Standard Webhooks libraries.
        let body = br#"{"test": 2432232314}"#;
        let signed = standard_signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(standard_signature("other", "a", 1, b""), None);
        assert_ne!(new_secret().unwrap(), new_secret().unwrap());
    }

    #[test]
    fn what_somebody_gives_is_checked() {
        let web = Web::new(Reach::default()).unwrap();
        assert_eq!(settings().check(&web), Ok(()));
        assert_eq!(settings().host(), "hooks.example.com");
        assert!(!format!("{:?}", settings()).contains("geheim"));
        let bad = |change: fn(&mut Settings)| {
            let mut settings = settings();
            change(&mut settings);
            settings.check(&web).unwrap_err().0
        };
        assert_eq!(bad(|s| s.url = "https://10.0.0.1/".into()), "url");
        assert_eq!(bad(|s| s.template = Some("{".into())), "template");
        assert_eq!(bad(|s| s.headers = vec![("Host".into(), "x".into())]), "headers");
        assert_eq!(bad(|s| s.headers = vec![("Webhook-Signature".into(), "x".into())]), "headers");
        assert_eq!(bad(|s| s.headers = vec![("Bellwether-Delivery".into(), "x".into())]), "headers");
        assert_eq!(bad(|s| s.secret = String::new()), "secret");
        assert_eq!(bad(|s| s.secret = "x".repeat(257)), "secret");
        assert_eq!(bad(|s| s.secret = "a\nb".into()), "secret");
        assert_eq!(bad(|s| s.headers = vec![("X".into(), "a\r\nb: c".into())]), "headers");
        assert_eq!(bad(|s| s.headers = vec![("X y".into(), "a".into())]), "headers");
        assert_eq!(bad(|s| s.headers = vec![("X".into(), "a".into()); 9]), "headers");
    }
}
