//! The shape that every way of delivery has, and all of them together.

use std::future::Future;

use serde::de::DeserializeOwned;
use store::records::channel::Channel;
use store::records::delivery::{Due, Notice};

use crate::email::Email;
use crate::push::Push;
use crate::webhook::Webhook;
use crate::{Fault, Web};

/// What is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same at every attempt, and no other delivery's: by it a receiver knows what it has had already.
    pub id: String,
    /// What to tell.
    pub notice: Notice,
    /// The page's address for it, where the server knows its own.
    pub url: Option<String>,
}

/// A way of delivery. What it keeps of a channel are its settings; what it does is one attempt. When to try again,
/// and what is told to whom, is not its business.
pub trait Adapter: Send + Sync {
    /// What a channel of this kind has, secrets among it; stored as JSON.
    type Settings: DeserializeOwned + Send + Sync;

    /// The word for it in the records and the protocol.
    const KIND: &'static str;

    /// Makes one attempt, which the caller gives up when it takes too long.
    fn deliver(
        &self,
        settings: &Self::Settings,
        message: &Message,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// All ways of delivery.
#[derive(Debug)]
pub struct Adapters {
    /// HTTP requests with a body by template.
    pub webhook: Webhook,
    /// Web Push.
    pub push: Push,
    /// E-mail, where a server for it is set.
    pub email: Option<Email>,
    /// Address of the page, without a slash at its end, where it is known.
    pub page: Option<String>,
}

impl Adapters {
    /// All that go over the web, and e-mail if a server is set.
    pub fn new(web: Web, push: Push, email: Option<Email>, page: Option<String>) -> Self {
        Self { webhook: Webhook::new(web), push, email, page }
    }

    /// The message of a delivery.
    pub fn message(&self, due: &Due) -> Message {
        let url = self.page.as_ref().map(|page| format!("{page}{}", due.notice.link));
        Message { id: format!("msg_{}", due.id), notice: due.notice.clone(), url }
    }

    /// Makes one attempt at a channel.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn deliver(&self, channel: &Channel, message: &Message) -> Result<(), Fault> {
        match channel.kind.as_str() {
            Webhook::KIND => attempt(&self.webhook, channel, message).await,
            Push::KIND => attempt(&self.push, channel, message).await,
            Email::KIND => match &self.email {
                Some(email) => attempt(email, channel, message).await,
                None => Err(Fault::never("this server sends no e-mail: its operator has set no SMTP server")),
            },
            other => Err(Fault::never(format!("this server does not know channels of the kind {other}"))),
        }
    }
}

async fn attempt<A: Adapter>(adapter: &A, channel: &Channel, message: &Message) -> Result<(), Fault> {
    let settings = serde_json::from_str(&channel.settings).map_err(|error| {
        tracing::error!(channel = channel.id, %error, "the settings of a channel cannot be read");
        Fault::never("the settings of this channel cannot be read; make it anew")
    })?;
    adapter.deliver(&settings, message).await
}

#[cfg(test)]
pub(crate) mod tests {
    use market::Timestamp;

    use super::*;

    /// Any message.
    pub(crate) fn message() -> Message {
        Message {
            id: "msg_7".into(),
            url: Some("https://bell.example/symbol/AAPL".into()),
            notice: Notice {
                owner: 1,
                dedupe: "alert:1:2".into(),
                kind: "alert".into(),
                title: "AAPL above 231".into(),
                body: "AAPL traded at 231.40".into(),
                symbol: Some("AAPL".into()),
                price: Some("231.40".into()),
                link: "/symbol/AAPL".into(),
                happened_at: Timestamp::from_nanos(1_763_735_400_000_000_000),
                details: Some(r#"{"alert_id":"1","rule":{"type":"price_above","price":"231"}}"#.into()),
                channels: Vec::new(),
            },
        }
    }
}
