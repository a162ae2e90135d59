//! Finds what is new in the records and tells it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use market::SymbolId;
use store::records::RecordError;
use store::records::article::{self, Article};
use tokio::sync::watch;
use wire::frames::{NewsFrame, ServerFrame};
use wire::news::ArticleChange;

use super::News;
use super::article::article_body;
use crate::alerts::{Alerting, NewsItem};
use crate::hub::Hub;
use crate::hub::block::Block;

/// How often the records are looked at where another server may write them.
const SHARED_EVERY: Duration = Duration::from_millis(500);
/// And where it is only us.
const OWN_EVERY: Duration = Duration::from_secs(5);
/// Articles read at once.
const PAGE: usize = 200;
/// A start tells what changed so shortly before again: alerts may not have been told of it. Each crossing is recorded once.
const AGAIN_NANOS: i64 = 600_000_000_000;
/// Articles remembered as told, so that one that is found again is no news.
const TOLD_MAX: usize = 4_096;

#[derive(Debug, Default)]
struct Told {
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Told {
    /// Whether this is the first time.
    fn is_first(&mut self, id: u64) -> bool {
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > TOLD_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl News {
    /// Shows what comes in to those who watch, and tells it to the alerts, until `stop` turns true.
    pub async fn follow(
        self: Arc<Self>,
        hub: Arc<Hub>,
        alerting: Arc<Alerting>,
        is_shared: bool,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut ticks = tokio::time::interval(if is_shared { SHARED_EVERY } else { OWN_EVERY });
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut after, mut told) = (None, Told::default());
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick() => {}
                () = self.stored.notified() => {}
            }
            self.minutes.forget_old(self.live.now());
            if let Err(error) = self.look(&mut after, &mut told, &hub, &alerting).await {
                tracing::warn!(%error, "news could not be looked at; it is tried again");
            }
        }
    }

    async fn look(
        &self,
        after: &mut Option<i64>,
        told: &mut Told,
        hub: &Hub,
        alerting: &Alerting,
    ) -> Result<(), RecordError> {
        let mut revision = match *after {
            Some(revision) => revision,
            None => {
                let again = self.live.now().saturating_add_nanos(-AGAIN_NANOS);
                self.records.run(move |sql| article::revision_before(sql, again)).await?
            }
        };
        loop {
            let from = revision;
            let changes = self.records.run(move |sql| article::changes(sql, from, PAGE)).await?;
            let is_all = changes.len() < PAGE;
            for article in changes {
                revision = article.revision;
                let is_new = told.is_first(article.id) && article.updates == 0;
                if is_new {
                    alerting.mention(self.item(&article)).await;
                }
                hub.publish(self.block(article, is_new));
            }
            *after = Some(revision);
            if is_all {
                return Ok(());
            }
        }
    }

    fn item(&self, article: &Article) -> NewsItem {
        let universe = self.live.universe();
        let id = |text: &String| -> Option<SymbolId> { universe.id(&text.parse().ok()?) };
        NewsItem {
            id: article.id,
            symbols: article.symbols.iter().filter_map(id).collect(),
            title: article.title.clone(),
            summary: article.summary.clone(),
            at: article.published_at,
        }
    }

    fn block(&self, article: Article, is_new: bool) -> Block {
        let change = if is_new { ArticleChange::New } else { ArticleChange::Updated };
        let frame = ServerFrame::News(NewsFrame { change, article: article_body(article, None) }).to_json();
        self.live.news_block(&frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_remembered_for_a_while() {
        let mut told = Told::default();
        assert!(told.is_first(1) && !told.is_first(1));
        for id in 0..2 * TOLD_MAX as u64 {
            told.is_first(id);
        }
        assert_eq!((told.known.len(), told.order.len()), (TOLD_MAX, TOLD_MAX));
        assert!(told.is_first(1) && !told.is_first(2 * TOLD_MAX as u64 - 1));
    }
}
