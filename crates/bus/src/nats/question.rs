//! Questions and answers over NATS.

use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{Request, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;
use wire::bus::{Answer, Question, Refusal};

use super::link::{Link, MESSAGE_BYTES_MAX, State};
use crate::error::BusError;
use crate::question::{Asked, Reply};
use crate::zip::{unzip, zip};

/// Of all readers of the group, one gets a question.
const GROUP: &str = "feeds";

pub(super) async fn ask(link: &Link, question: &Question, timeout: Duration) -> Result<Answer, BusError> {
    let payload = wire::bus::encode_question(question)?;
    let request = Request::new().payload(payload.into()).timeout(Some(timeout));
    // Beside the client's own limit, which begins only when its queue has taken the request.
    let round = tokio::time::timeout(timeout, link.client.send_request(link.subjects.question(), request));
    match round.await {
        Ok(Ok(message)) => Ok(wire::bus::decode_answer(&unzip(&message.payload)?)?),
        Ok(Err(error)) => Err(match error.kind() {
            RequestErrorKind::NoResponders => BusError::NobodyAnswers,
            RequestErrorKind::TimedOut => BusError::AnswerLate,
            _ => BusError::NoAnswer { what: "asking the feeds role", source: Some(error.into()) },
        }),
        Err(_) => Err(BusError::AnswerLate),
    }
}

/// Hears questions.
#[derive(Debug)]
pub(crate) struct NatsQuestions {
    link: Link,
    questions: Subscriber,
    state: watch::Receiver<State>,
}

/// Where an answer goes.
#[derive(Debug)]
pub(crate) struct NatsReply {
    link: Link,
    subject: Subject,
}

impl NatsQuestions {
    pub(super) async fn new(link: Link) -> Result<Self, BusError> {
        let questions =
            link.client.queue_subscribe(link.subjects.question(), GROUP.into()).await.map_err(|source| {
                BusError::NoAnswer { what: "listening for questions", source: Some(source.into()) }
            })?;
        let state = link.state();
        Ok(Self { link, questions, state })
    }

    pub(crate) async fn next(&mut self) -> Option<Asked> {
        loop {
            let message = tokio::select! {
                message = self.questions.next() => message?,
                _ = self.state.wait_for(|s| s.closed) => return None,
            };
            let Some(subject) = message.reply else { continue };
            let reply = NatsReply { link: self.link.clone(), subject };
            match wire::bus::decode_question(&message.payload) {
                Ok(question) => return Some(Asked::new(question, Reply::Nats(Box::new(reply)))),
                Err(error) => {
                    self.link.counts.unreadable();
                    reply.send(Answer::Refused(Refusal::Failed(error.to_string()))).await;
                }
            }
        }
    }
}

impl NatsReply {
    pub(crate) async fn send(self, answer: Answer) {
        let payload = match wire::bus::encode_answer(&answer).map(zip) {
            Ok(payload) if payload.len() <= MESSAGE_BYTES_MAX => payload,
            Ok(_) | Err(_) => {
                let refused =
                    Answer::Refused(Refusal::Failed("the answer is too large, ask for less".into()));
                wire::bus::encode_answer(&refused).unwrap_or_default()
            }
        };
        // While the server is away the asker is cut off as well, and waiting here would help nobody.
        if self.link.is_connected()
            && let Err(error) = self.link.client.publish(self.subject, Bytes::from(payload)).await
        {
            tracing::debug!(%error, "sending an answer failed");
        }
    }
}
