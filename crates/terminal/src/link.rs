//! The connection: one WebSocket that comes back by itself.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::AUTHORIZATION;
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use crate::message::{Article, Message};

/// The pause before the first new try; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Nothing for so long means that the connection is dead: the status comes every 5 s.
const SILENCE: Duration = Duration::from_secs(20);

/// What the connection tells.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It stands: subscriptions are to be sent.
    Up,
    /// It was lost, or could not be made; why.
    Lost(String),
    /// A frame.
    Message(Box<Message>),
    /// Stored articles of a symbol, or of all, or why there are none.
    Articles(Option<String>, Result<Vec<Article>, String>),
}

/// Where, and who asks.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Such as `http://127.0.0.1:8080`, without a slash at the end.
    pub(crate) url: String,
    pub(crate) key: Option<String>,
}

impl Server {
    fn request(&self) -> Result<tungstenite::handshake::client::Request> {
        let (scheme, rest) =
            self.url.split_once("://").context("the address must begin with http:// or https://")?;
        let scheme = match scheme {
            "http" | "ws" => "ws",
            "https" | "wss" => "wss",
            other => anyhow::bail!("the address must begin with http:// or https://, not {other}://"),
        };
        let mut request =
            format!("{scheme}://{rest}/ws").into_client_request().context("the address is none")?;
        if let Some(key) = &self.key {
            request
                .headers_mut()
                .insert(AUTHORIZATION, format!("Bearer {key}").parse().context("the key is none")?);
        }
        Ok(request)
    }
}

/// Stays connected until `send` is closed. What is sent while there is no connection is left out: the subscriptions
/// made on [`Heard::Up`] hold all of it.
pub(crate) async fn run(server: Server, mut send: mpsc::Receiver<String>, tell: mpsc::Sender<Heard>) {
    let mut pause = PAUSE;
    loop {
        let why = match connect(&server).await {
            Ok(socket) => {
                pause = PAUSE;
                // What was meant for a connection before is in the subscriptions of this one.
                while send.try_recv().is_ok() {}
                if tell.send(Heard::Up).await.is_err() {
                    return;
                }
                match talk(socket, &mut send, &tell).await {
                    Some(why) => why,
                    None => return,
                }
            }
            Err(why) => why,
        };
        if tell.send(Heard::Lost(why)).await.is_err() {
            return;
        }
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < pause {
            match tokio::time::timeout(pause.saturating_sub(begun.elapsed()), send.recv()).await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => break,
            }
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(server: &Server) -> Result<Socket, String> {
    let request = server.request().map_err(|error| format!("{error:#}"))?;
    match tokio::time::timeout(SILENCE, connect_async(request)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(tungstenite::Error::Http(answer))) => Err(match answer.status().as_u16() {
            401 => "the key is not good".to_owned(),
            429 => "the server has too many connections from here".to_owned(),
            status => format!("the server answered {status}"),
        }),
        Ok(Err(tungstenite::Error::Io(error))) => Err(format!("{error}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}

/// Talks until the connection ends; why, or `None` when nobody is left to talk to.
async fn talk(
    mut socket: Socket,
    send: &mut mpsc::Receiver<String>,
    tell: &mpsc::Sender<Heard>,
) -> Option<String> {
    loop {
        let frame = tokio::select! {
            text = send.recv() => {
                let Some(text) = text else {
                    // It ends with the program anyway.
                    let _ = socket.close(None).await;
                    return None;
                };
                if let Err(error) = socket.send(Frame::text(text)).await {
                    return Some(error.to_string());
                }
                continue;
            }
            frame = tokio::time::timeout(SILENCE, socket.next()) => frame,
        };
        match frame {
            Ok(Some(Ok(Frame::Text(text)))) => {
                // A newer server may send what this one cannot read.
                let Ok(message) = serde_json::from_str(&text) else { continue };
                if tell.send(Heard::Message(Box::new(message))).await.is_err() {
                    return None;
                }
            }
            Ok(Some(Ok(Frame::Close(Some(close))))) if !close.reason.is_empty() => {
                return Some(close.reason.to_string());
            }
            Ok(Some(Ok(Frame::Close(_))) | None) => {
                return Some("the server closed the connection".to_owned());
            }
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Some(error.to_string()),
            Err(_) => return Some("the server says nothing".to_owned()),
        }
    }
}
