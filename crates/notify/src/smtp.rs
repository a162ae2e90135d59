//! Connections to the mail server, some kept open between letters.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::sync::Semaphore;

/// To connect.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Connections at once.
const CONNECTIONS_MAX: usize = 8;
/// One that rests longer is not used again: servers end them about then.
const REST_MAX: Duration = Duration::from_secs(60);

/// When TLS begins.
pub(crate) enum Security {
    /// With the first octet.
    Tls(TlsParameters),
    /// After `STARTTLS`, or nothing is sent.
    StartTls(TlsParameters),
    /// Never.
    Plain,
}

/// A mail server, and the connections to it.
pub(crate) struct Smtp {
    host: String,
    port: u16,
    hello: ClientId,
    security: Security,
    credentials: Option<Credentials>,
    turns: Semaphore,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A letter's text as it goes over the line: the library would send its end apart, and so wait for the acknowledgement
/// of what came before, tens of milliseconds (Nagle's rule, and the receiver's delay).
struct Content<'a>(&'a str);

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 5321, 4.5.2: a dot that begins a line is doubled, since a single one ends the letter.
        for (at, line) in self.0.split("\r\n").enumerate() {
            let end = if at == 0 { "" } else { "\r\n" };
            let dot = if line.starts_with('.') { "." } else { "" };
            write!(f, "{end}{dot}{line}")?;
        }
        f.write_str("\r\n.\r\n")
    }
}

impl Smtp {
    /// Nothing is connected yet.
    pub(crate) fn new(
        (host, port): (String, u16),
        hello: ClientId,
        security: Security,
        credentials: Option<Credentials>,
    ) -> Self {
        let (turns, idle) = (Semaphore::new(CONNECTIONS_MAX), Mutex::default());
        Self { host, port, hello, security, credentials, turns, idle }
    }

    /// Sends a letter, whose lines end with CR and LF. One that is not sent within the caller's time is given up with its
    /// connection.
    pub(crate) async fn send(&self, envelope: &Envelope, letter: &str) -> Result<(), Error> {
        // Nobody closes it.
        let _turn = self.turns.acquire().await.ok();
        let mut connection = match self.rested().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let sent = send(&mut connection, envelope, letter).await;
        match &sent {
            Ok(()) => self.idle().push((connection, Instant::now())),
            // It refused, and hears of the end; the next letter has a connection without a past.
            Err(error) if error.status().is_some() => connection.abort().await,
            Err(_) => {}
        }
        sent
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last, if the server still answers there.
    async fn rested(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.idle().pop()?;
            if since.elapsed() > REST_MAX {
                // Those below rested longer.
                self.idle().clear();
                return None;
            }
            if connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let at_once = match &self.security {
            Security::Tls(tls) => Some(tls.clone()),
            Security::StartTls(_) | Security::Plain => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_WAIT), &self.hello, at_once, None)
                .await?;
        if let Security::StartTls(tls) = &self.security {
            // An error where the server offers none.
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(connection)
    }
}

async fn send(connection: &mut AsyncSmtpConnection, envelope: &Envelope, letter: &str) -> Result<(), Error> {
    let mut parameters = Vec::new();
    let addresses = envelope.from().into_iter().chain(envelope.to());
    let needs_utf8 = addresses.into_iter().any(|address| !AsRef::<str>::as_ref(address).is_ascii());
    if needs_utf8 && connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    connection.command(Content(letter)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn a_line_of_a_dot_does_not_end_a_letter() {
        let sent = |text| Content(text).to_string();
        assert_eq!(sent("a\r\nb"), "a\r\nb\r\n.\r\n");
        assert_eq!(sent("a\r\n.\r\n.b\r\n"), "a\r\n..\r\n..b\r\n\r\n.\r\n");
        assert_eq!(sent(".\r\na.b"), "..\r\na.b\r\n.\r\n");
        assert_eq!(sent(""), "\r\n.\r\n");
    }
}
