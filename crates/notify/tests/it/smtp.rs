//! A small SMTP server (RFC 5321, what a client needs of it).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// No letter takes so long unless it never comes.
const LONG: Duration = Duration::from_secs(60);

/// A letter as it came.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
    /// It came over TLS.
    pub(crate) is_encrypted: bool,
    /// What the client showed of itself.
    pub(crate) login: Option<String>,
}

impl Letter {
    /// A header, unfolded.
    pub(crate) fn header(&self, name: &str) -> String {
        let head = self.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name}: {head}")).to_owned()
    }

    /// The text, decoded.
    pub(crate) fn text(&self) -> String {
        let body = self.data.split_once("\r\n\r\n").unwrap().1;
        match self.header("Content-Transfer-Encoding").as_str() {
            "quoted-printable" => {
                let joined = body.replace("=\r\n", "");
                let mut out = Vec::new();
                let mut bytes = joined.bytes();
                while let Some(byte) = bytes.next() {
                    if byte == b'=' {
                        let hex: String =
                            [bytes.next().unwrap(), bytes.next().unwrap()].map(char::from).iter().collect();
                        out.push(u8::from_str_radix(&hex, 16).unwrap());
                    } else {
                        out.push(byte);
                    }
                }
                String::from_utf8(out).unwrap()
            }
            _ => body.to_owned(),
        }
    }
}

/// When a server begins with TLS.
#[derive(Clone)]
pub(crate) enum Encryption {
    Never,
    AtOnce(TlsAcceptor),
    WhenAsked(TlsAcceptor),
}

type Replies = Arc<Mutex<VecDeque<&'static str>>>;

/// The server, on a free loopback port.
pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    letters: mpsc::UnboundedReceiver<Letter>,
    server: JoinHandle<()>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl SmtpServer {
    /// Answers the ends of letters (or, where they begin with `RCPT`, receivers) so, in this order, and then takes all.
    pub(crate) async fn new(replies: &[&'static str]) -> Self {
        Self::with(replies, Encryption::Never).await
    }

    /// One with TLS.
    pub(crate) async fn with(replies: &[&'static str], encryption: Encryption) -> Self {
        let (sent, letters) = mpsc::unbounded_channel();
        let replies: Replies = Arc::new(Mutex::new(replies.iter().copied().collect()));
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = door.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = door.accept().await {
                // A client that goes away is no matter of ours.
                tokio::spawn(serve(socket, encryption.clone(), Arc::clone(&replies), sent.clone()));
            }
        });
        Self { address, letters, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp+plain://{}", self.address)
    }

    pub(crate) async fn next(&mut self) -> Letter {
        tokio::time::timeout(LONG, self.letters.recv()).await.expect("a letter comes").unwrap()
    }

    pub(crate) fn is_quiet(&mut self) -> bool {
        self.letters.try_recv().is_err()
    }
}

fn path(line: &str) -> String {
    line.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned()
}

async fn serve(
    mut socket: TcpStream,
    encryption: Encryption,
    replies: Replies,
    sent: mpsc::UnboundedSender<Letter>,
) -> std::io::Result<()> {
    let tls = match encryption {
        Encryption::Never => return talk(socket, (false, false), true, &replies, &sent).await.map(drop),
        Encryption::AtOnce(tls) => {
            let socket = tls.accept(socket).await?;
            return talk(socket, (false, true), true, &replies, &sent).await.map(drop);
        }
        Encryption::WhenAsked(tls) => tls,
    };
    if let Some(asked) = talk(&mut socket, (true, false), true, &replies, &sent).await? {
        asked.write_all(b"220 go on\r\n").await?;
        talk(tls.accept(socket).await?, (false, true), false, &replies, &sent).await?;
    }
    Ok(())
}

/// Talks with a client, until it ends or, where that is offered, asks for TLS: then the socket is given back.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    (offers_tls, is_encrypted): (bool, bool),
    greets: bool,
    replies: &Replies,
    sent: &mpsc::UnboundedSender<Letter>,
) -> std::io::Result<Option<S>> {
    let (read, mut write) = tokio::io::split(socket);
    let mut lines = BufReader::new(read);
    if greets {
        write.write_all(b"220 test ESMTP\r\n").await?;
    }
    let mut login = None;
    let empty =
        || Letter { from: String::new(), to: Vec::new(), data: String::new(), is_encrypted, login: None };
    let mut letter = empty();
    let next = |is_receiver: bool| {
        let mut replies = replies.lock().unwrap();
        let fits = replies.front().is_some_and(|reply| reply.starts_with("RCPT") == is_receiver);
        if fits { replies.pop_front().map(|reply| reply.trim_start_matches("RCPT ")) } else { None }
    };
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" if offers_tls => "250-test\r\n250 STARTTLS".to_owned(),
            "EHLO" => "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned(),
            "STAR" if offers_tls => return Ok(Some(lines.into_inner().unsplit(write))),
            "AUTH" => {
                login = line.trim_end().strip_prefix("AUTH PLAIN ").map(str::to_owned);
                "235 welcome".into()
            }
            "MAIL" => {
                letter = Letter { from: path(&line), login: login.clone(), ..empty() };
                "250 ok".into()
            }
            "RCPT" => match next(true) {
                Some(reply) => reply.into(),
                None => {
                    letter.to.push(path(&line));
                    "250 ok".into()
                }
            },
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                loop {
                    let mut line = String::new();
                    lines.read_line(&mut line).await?;
                    if line == ".\r\n" {
                        break;
                    }
                    letter.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                match next(false) {
                    Some(reply) => reply.into(),
                    None => {
                        let _ = sent.send(std::mem::replace(&mut letter, empty()));
                        "250 taken".into()
                    }
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(None);
            }
            _ => "250 ok".into(),
        };
        write.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}
