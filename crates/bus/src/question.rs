//! Questions to the feeds role, one answer each.

use tokio::sync::{mpsc, oneshot};
use wire::bus::{Answer, Question};

use crate::nats::{NatsQuestions, NatsReply};

/// Yields the questions this instance is to answer. A question goes to one reader only.
#[derive(Debug)]
pub struct QuestionReader {
    source: Source,
}

#[derive(Debug)]
pub(crate) enum Source {
    Local(mpsc::Receiver<Asked>),
    Nats(Box<NatsQuestions>),
}

/// A question, waiting for its answer. Dropped unanswered, the asker is told that nobody answers, or
/// learns it by waiting.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub question: Question,
    reply: Reply,
}

#[derive(Debug)]
pub(crate) enum Reply {
    Local(oneshot::Sender<Answer>),
    Nats(Box<NatsReply>),
}

impl QuestionReader {
    pub(crate) fn new(source: Source) -> Self {
        Self { source }
    }

    /// The next question; `None` when the bus is closed. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Asked> {
        match &mut self.source {
            Source::Local(questions) => questions.recv().await,
            Source::Nats(nats) => nats.next().await,
        }
    }
}

impl Asked {
    pub(crate) fn new(question: Question, reply: Reply) -> Self {
        Self { question, reply }
    }

    /// Answers. An asker that no longer waits is no error.
    pub async fn answer(self, answer: Answer) {
        match self.reply {
            Reply::Local(reply) => {
                let _ = reply.send(answer);
            }
            Reply::Nats(reply) => reply.send(answer).await,
        }
    }
}
