//! A small SMTP server (RFC 5321, what a client needs of it).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// No letter takes so long unless it never comes.
const LONG: Duration = Duration::from_secs(60);

/// A letter as it came.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
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
        let (sent, letters) = mpsc::unbounded_channel();
        let replies: Replies = Arc::new(Mutex::new(replies.iter().copied().collect()));
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = door.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = door.accept().await {
                // A client that goes away is no matter of ours.
                tokio::spawn(talk(socket, Arc::clone(&replies), sent.clone()));
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

async fn talk(
    socket: TcpStream,
    replies: Replies,
    sent: mpsc::UnboundedSender<Letter>,
) -> std::io::Result<()> {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 test ESMTP\r\n").await?;
    let mut letter = Letter { from: String::new(), to: Vec::new(), data: String::new() };
    let next = |is_receiver: bool| {
        let mut replies = replies.lock().unwrap();
        let fits = replies.front().is_some_and(|reply| reply.starts_with("RCPT") == is_receiver);
        if fits { replies.pop_front().map(|reply| reply.trim_start_matches("RCPT ")) } else { None }
    };
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => "250-test\r\n250 8BITMIME".to_owned(),
            "MAIL" => {
                letter = Letter { from: path(&line), to: Vec::new(), data: String::new() };
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
                        let empty = Letter { from: String::new(), to: Vec::new(), data: String::new() };
                        let _ = sent.send(std::mem::replace(&mut letter, empty));
                        "250 taken".into()
                    }
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".into(),
        };
        write.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}
