//! E-mail, over the SMTP server that the operator has set.
//!
//! Who sets the server says that it may be reached, wherever it is: a mail server beside this one is the common case. People
//! choose the address of the receiver only, and nothing but a question goes there before it was confirmed.

use std::fmt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::smtp::{self, Smtp};
use crate::{Adapter, Fault, Message};

/// The longest address, in bytes: RFC 5321, 4.5.3.1.3.
const ADDRESS_BYTES_MAX: usize = 254;

/// What an e-mail channel has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where to.
    pub address: String,
}

impl Settings {
    /// Reads an address that somebody gave.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || "the address must be like ada@example.com".to_owned();
        if text.len() > ADDRESS_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(wrong());
        }
        let address: Address = text.parse().map_err(|_| wrong())?;
        Ok(Self { address: address.to_string() })
    }
}

/// How mail is sent, as the operator sets it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<(String, String)>,
    from: Mailbox,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first octet.
    Tls,
    /// TLS after `STARTTLS`, or nothing is sent.
    StartTls,
    /// None.
    Plain,
}

impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl SmtpConfig {
    /// Reads `smtps://USER:PASSWORD@HOST:PORT` (TLS at once, port 465), `smtp://…` (`STARTTLS`, port 587) or
    /// `smtp+plain://…` (no TLS, port 25), and the sender's address.
    ///
    /// # Errors
    /// What is wrong, without the password.
    pub fn read(server: &str, from: &str) -> Result<Self, String> {
        let forms = "it must be smtps://USER:PASSWORD@HOST, smtp://USER:PASSWORD@HOST or smtp+plain://HOST";
        let url = Url::parse(server).map_err(|error| format!("{error}; {forms}"))?;
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            "smtp+plain" => (Security::Plain, 25),
            _ => return Err(forms.into()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| forms.to_owned())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let decoded = |text: &str| {
            percent_decoded(text).ok_or_else(|| "a % in user or password must be written %25".to_owned())
        };
        let credentials = match (url.username(), url.password()) {
            ("", _) => None,
            (user, password) => Some((decoded(user)?, decoded(password.unwrap_or_default())?)),
        };
        if security == Security::Plain && credentials.is_some() {
            return Err("a password is not sent without TLS: use smtps:// or smtp://".into());
        }
        let from = from
            .parse()
            .map_err(|_| format!("{from:?} is no sender; it must be like Bellwether <bell@example.com>"))?;
        Ok(Self { host, port: url.port().unwrap_or(port), security, credentials, from })
    }
}

impl SmtpConfig {
    /// The sender's address.
    pub fn sender(&self) -> String {
        self.from.email.to_string()
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            // Two hexadecimal digits are below 256.
            out.push((digit()? * 16 + digit()?) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// E-mail.
pub struct Email {
    smtp: Smtp,
    from: Mailbox,
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Email {
    /// Over this server, whose certificate well-known authorities may have signed, or those of this file (PEM). Reads the
    /// file, which blocks; nothing is connected yet.
    ///
    /// # Errors
    /// The file cannot be read, or what the TLS library says.
    pub fn new(config: &SmtpConfig, authorities: Option<&Path>) -> Result<Self, String> {
        let tls = || {
            let mut builder =
                TlsParameters::builder(config.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
            if let Some(path) = authorities {
                let unread =
                    |error: &dyn fmt::Display| format!("certificates of {}: {error}", path.display());
                let pem = std::fs::read(path).map_err(|error| unread(&error))?;
                builder = builder
                    .add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unread(&error))?);
            }
            builder.build_rustls().map_err(|error| format!("setting up TLS for e-mail: {error}"))
        };
        let security = match config.security {
            Security::Tls => smtp::Security::Tls(tls()?),
            Security::StartTls => smtp::Security::StartTls(tls()?),
            Security::Plain => smtp::Security::Plain,
        };
        let hello = ClientId::Domain(config.from.email.domain().to_owned());
        let credentials = config.credentials.clone().map(|(user, word)| Credentials::new(user, word));
        let smtp = Smtp::new((config.host.clone(), config.port), hello, security, credentials);
        Ok(Self { smtp, from: config.from.clone() })
    }

    fn letter(&self, to: &Settings, message: &Message) -> Result<lettre::Message, Fault> {
        let notice = &message.notice;
        let to: Address =
            to.address.parse().map_err(|_| Fault::never("the address of this channel cannot be read"))?;
        let happened = u64::try_from(notice.happened_at.nanos()).unwrap_or(0);
        let line: String = notice.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(line)
            .date(UNIX_EPOCH + Duration::from_nanos(happened))
            // The same at every attempt, so that mail programs show it once.
            .message_id(Some(format!("<{}.{happened}@{}>", message.id, self.from.email.domain())))
            // RFC 3834: no vacation notices, please.
            .raw_header(header::HeaderValue::new(
                header::HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ))
            .header(header::ContentType::TEXT_PLAIN)
            .body(text(message))
            .map_err(|error| {
                tracing::error!(%error, "a letter could not be written");
                Fault::never("the letter could not be written")
            })
    }
}

/// What stands in a letter.
fn text(message: &Message) -> String {
    let notice = &message.notice;
    let mut text = notice.title.clone();
    text.push('\n');
    if !notice.body.is_empty() {
        text.push_str(&format!("\n{}\n", notice.body));
    }
    let facts = [("Symbol", notice.symbol.as_deref()), ("Price", notice.price.as_deref())];
    let facts: Vec<String> =
        facts.iter().filter_map(|(name, fact)| fact.map(|fact| format!("{name}: {fact}\n"))).collect();
    if !facts.is_empty() {
        text.push_str(&format!("\n{}", facts.concat()));
    }
    text.push_str(&format!("\nTime: {}\n", notice.happened_at));
    if let Some(url) = &message.url {
        text.push_str(&format!("\n{url}\n"));
    }
    text
}

impl Adapter for Email {
    type Settings = Settings;

    const KIND: &'static str = "email";

    async fn deliver(&self, settings: &Settings, message: &Message) -> Result<(), Fault> {
        let letter = self.letter(settings, message)?;
        // The library writes a text in ASCII.
        let text = String::from_utf8(letter.formatted())
            .map_err(|_| Fault::never("the letter could not be written"))?;
        self.smtp.send(letter.envelope(), &text).await.map_err(|error| fault(&error))
    }
}

fn fault(error: &lettre::transport::smtp::Error) -> Fault {
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        // The operator's to mend, not the receiver's: letters wait for it.
        Some("530" | "534" | "535" | "538") => {
            tracing::warn!(%error, "the mail server does not let us in; look at the setting smtp");
            Fault::later("the mail server does not let this server in; its operator must mend that")
        }
        Some(code) if error.is_permanent() => {
            Fault::never(format!("the mail server refused the letter for good, with {code}"))
        }
        Some(code) => Fault::later(format!("the mail server refused the letter for now, with {code}")),
        None if error.is_timeout() => Fault::later("the mail server did not answer in time"),
        None if error.is_client() => {
            tracing::warn!(%error, "no letter could be sent; look at the setting smtp");
            Fault::later("the mail server does not offer TLS or a login, as the setting smtp wants")
        }
        None if error.is_tls() || refused_by_tls(error).is_some() => {
            let why = refused_by_tls(error).map_or_else(String::new, |why| format!(": {why}"));
            tracing::warn!(%error, "no TLS connection to the mail server; look at the settings smtp and ca");
            Fault::later(format!("no TLS connection could be made to the mail server{why}"))
        }
        None => {
            tracing::debug!(%error, "no letter could be sent");
            Fault::later("the mail server cannot be reached")
        }
    }
}

/// What TLS has against the server, which stands below errors of the connection.
fn refused_by_tls(error: &lettre::transport::smtp::Error) -> Option<&rustls::Error> {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let below = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = below.and_then(|below| below.downcast_ref()) {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::tests::message;

    #[test]
    fn settings_are_read() {
        let read = |server| SmtpConfig::read(server, "Bellwether <bell@example.com>");
        let config = read("smtps://ada%40x:p%25w@mail.example.com").unwrap();
        assert_eq!((config.port, config.security), (465, Security::Tls));
        assert_eq!(config.credentials, Some(("ada@x".into(), "p%w".into())));
        assert!(!format!("{config:?}").contains("p%w"));
        assert_eq!(read("smtp://mail.example.com").unwrap().security, Security::StartTls);
        assert_eq!(read("smtp+plain://127.0.0.1:2525").unwrap().port, 2_525);
        for bad in ["mail.example.com", "http://a", "smtp://", "smtp+plain://a:b@c", "smtps://a:%zz@c"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(SmtpConfig::read("smtp://a", "nobody").is_err());
        assert_eq!(Settings::read(" ada@example.com ").unwrap().address, "ada@example.com");
        for bad in [
            "",
            "ada",
            "a@b\r\nBcc: c@d",
            "ada@example.com, eve@example.com",
            &format!("{}@b.example", "a".repeat(300)),
        ] {
            assert!(Settings::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_letter_says_what_the_notice_says_and_no_more_headers() {
        let config = SmtpConfig::read("smtp+plain://127.0.0.1:1", "bell@example.com").unwrap();
        let mut message = message();
        message.notice.title = "AAPL\r\nBcc: eve@example.com".into();
        let email = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let letter = email.block_on(async {
            Email::new(&config, None)
                .unwrap()
                .letter(&Settings::read("ada@example.com").unwrap(), &message)
                .unwrap()
        });
        let text = String::from_utf8(letter.formatted()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.contains("\nBcc:"), "{head}");
        for part in [
            "Price: 231.40",
            "https://bell.example/symbol/AAPL",
            "Auto-Submitted: auto-generated",
            "Message-ID: <msg_7.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
