//! Reaching people: the queue of notices and what empties it.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ledger::Dollars;
use notify::email::Email;
use notify::policy::Policy;
use notify::push::{Push, VapidKey};
use notify::{Adapters, Courier, CourierParts, Metrics, Outbox, PutError, Web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use server::alerts::Firing;
use server::http::channels::NotifyState;
use server::people::People;
use store::records::delivery::Notice;

use super::{House, clock};
use crate::config::NotifyConfig;
use crate::{Failure, usage};

/// Opens what delivers, and the queue. Blocks: at the first start a key is made and kept. The courier is to be run.
pub(super) fn start(
    house: &House,
    address: SocketAddr,
    people: &People,
    (outbox, metrics): (Outbox, Metrics),
) -> Result<(Arc<NotifyState>, Courier), Failure> {
    let NotifyConfig { page, smtp, push_contact, reach } = house.config.notify.clone();
    let records = Arc::clone(&people.records);
    let failed = |error: &dyn std::error::Error| Failure::Failed(anyhow::anyhow!("{error}"));
    let key = VapidKey::of(&records).map_err(|error| failed(&error))?;
    let web = Web::new(reach).map_err(|error| failed(&error))?;
    let authorities = house.config.ca.as_deref();
    let email = smtp.map(|smtp| Email::new(&smtp, authorities)).transpose().map_err(usage)?;
    // An address that is everybody's names no machine, so nobody could follow it.
    let own = (!address.ip().is_unspecified()).then(|| format!("http://{address}"));
    let push = Push::new(web.clone(), key, push_contact);
    let adapters = Arc::new(Adapters::new(web, push, email, page.or(own)));
    let courier = Courier::new(CourierParts {
        records,
        outbox: outbox.clone(),
        adapters: Arc::clone(&adapters),
        policy: Policy::default(),
        name: house.config.instance.clone(),
        // Records in a data folder are one process's.
        is_alone: house.config.desk_database.is_none(),
        clock: clock(),
        metrics,
    });
    Ok((Arc::new(NotifyState { outbox, adapters }), courier))
}

/// What alerts have to say goes to the channels of their owners.
pub(super) struct Alerts(pub(super) Outbox);

impl server::alerts::Outbox for Alerts {
    fn put(&self, firings: Vec<Firing>) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            for firing in firings {
                match self.0.put(notice(firing)).await {
                    Ok(_) => {}
                    // It would never be taken, and must not hold up the others.
                    Err(PutError::Bad(error)) => tracing::error!(%error, "an alert could not be told"),
                    Err(PutError::Records(error)) => return Err(error.to_string()),
                }
            }
            Ok(())
        })
    }
}

/// One crossing, one message: its name tells two of the same.
fn notice(Firing { owner, body, channels }: Firing) -> Notice {
    let words: Vec<&str> =
        [&*body.note, &*body.rule_text].into_iter().filter(|words| !words.is_empty()).collect();
    let details = json!({
        "alert_id": body.alert,
        "rule": body.rule,
        "trade_time": body.trade.map(|trade| trade.timestamp.to_string()),
        "source": body.source,
    });
    Notice {
        owner,
        dedupe: format!("alert {}", body.name),
        kind: "alert".into(),
        title: body.text,
        body: words.join("\n"),
        link: format!("/symbol/{}", utf8_percent_encode(&body.symbol, NON_ALPHANUMERIC)),
        symbol: Some(body.symbol),
        price: body.trade.map(|trade| Dollars(trade.price).to_string()),
        happened_at: body.at,
        details: Some(details.to_string()),
        channels,
    }
}
