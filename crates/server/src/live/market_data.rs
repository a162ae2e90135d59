//! The live view as HTTP sees it, with the store and the providers behind it.

use std::sync::Arc;

use bus::Bus;
use market::bar::Window;
use market::tape::{Class, Span, merge_by_start};
use market::{Bar, HistoryRequest, Interval, SessionFilter, SymbolId, Timestamp, Universe};
use store::Store;
use tokio::sync::mpsc;
use wire::encode;
use wire::frames::BarChange;
use wire::http::{Card, Sparkline, StatusAnswer, SymbolGapBody};
use wire::quote::QuoteRow;

use super::Live;
use crate::http::source::{Answer, BarsError, BarsPage, BarsQuery, MarketData};
use crate::hub::{BarsRequest, Reply};

/// Symbols asked for over HTTP count as watched for so long.
const LEASE_SECONDS: i64 = 60;
/// Points of a small line.
const SPARKLINE_POINTS: usize = 78;
/// Bars sent at most to a returning client; more than a day of one-second bars.
const BARS_SINCE_MAX: usize = 20_000;
/// Requests for stored bars carried out at once.
const READS_AT_ONCE: usize = 4;

/// Answers from memory, then the store, then a provider's own history.
#[derive(Debug, Clone)]
pub struct Reader {
    live: Arc<Live>,
    store: Arc<Store>,
    bus: Bus,
}

impl Reader {
    /// A reader of these three.
    pub fn new(live: Arc<Live>, store: Arc<Store>, bus: Bus) -> Self {
        Self { live, store, bus }
    }

    /// Own bars of a symbol, ascending: those of the store with those of memory over them.
    async fn own_bars(&self, query: BarsQuery) -> Result<Vec<Bar>, BarsError> {
        let BarsQuery { symbol, interval, session, from, to, limit } = query;
        let (lower, upper) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        let store = Arc::clone(&self.store);
        let newest = from.is_none();
        let stored = tokio::task::spawn_blocking(move || {
            let mut found: Vec<Window> = Vec::new();
            for class in Class::ALL {
                if class.is_of(session) {
                    found.extend(store.windows(
                        symbol,
                        Span::Bar(interval),
                        class,
                        lower,
                        upper,
                        limit,
                        newest,
                    )?);
                }
            }
            Ok::<_, store::StoreError>(merge_by_start(found))
        });
        let stored = match stored.await {
            Ok(Ok(stored)) => stored,
            Ok(Err(error)) => return Err(BarsError::Unavailable(error.to_string())),
            Err(error) => return Err(BarsError::Unavailable(error.to_string())),
        };
        let fresh = self.live.read().tape.windows(symbol, interval, session, lower, upper);
        let mut merged: Vec<Window> = Vec::with_capacity(stored.len() + fresh.len());
        let mut fresh = fresh.into_iter().peekable();
        for window in stored {
            while let Some(newer) = fresh.next_if(|f| f.start <= window.start) {
                merged.push(newer);
            }
            // Memory knows more of a window than the store, which was told of it earlier.
            if merged.last().is_none_or(|last| last.start != window.start) {
                merged.push(window);
            }
        }
        merged.extend(fresh);
        let mut bars: Vec<Bar> = merged.iter().filter_map(Window::bar).collect();
        if newest {
            bars.drain(..bars.len().saturating_sub(limit));
        } else {
            bars.truncate(limit);
        }
        Ok(bars)
    }

    /// What the provider knows of the time before our own first bar.
    async fn history(&self, query: BarsQuery, own: &[Bar]) -> Vec<Bar> {
        let BarsQuery { symbol, interval, session, from, to, limit } = query;
        let Some(symbol) = self.live.universe().symbol(symbol) else { return Vec::new() };
        let now = self.live.now();
        let end = own.first().map(|b| b.start).or(to).unwrap_or(now).min(now);
        let wanted = limit.saturating_sub(own.len());
        let reach = interval.nanos().saturating_mul(2 * i64::try_from(wanted).unwrap_or(i64::MAX));
        let begin = from.unwrap_or_else(|| end.saturating_add_nanos(-reach));
        if wanted == 0 || begin >= end {
            return Vec::new();
        }
        let request = HistoryRequest { symbol, interval, session, from: begin, to: end };
        match self.bus.history(request).await {
            Ok(Ok(mut bars)) => {
                if from.is_none() {
                    bars.drain(..bars.len().saturating_sub(wanted));
                } else {
                    bars.truncate(wanted);
                }
                bars
            }
            // Nobody has history of this: what we saw ourselves is what there is.
            Ok(Err(refusal)) => {
                tracing::debug!(%symbol, %refusal, "no history");
                Vec::new()
            }
            Err(error) => {
                tracing::debug!(%symbol, %error, "no history");
                Vec::new()
            }
        }
    }

    async fn all_bars(&self, query: BarsQuery) -> Result<BarsPage, BarsError> {
        let own = self.own_bars(query).await?;
        let mut bars = self.history(query, &own).await;
        bars.extend(own);
        let source = if bars.is_empty() { None } else { self.live.read().source(query.symbol) };
        Ok(BarsPage { source, bars })
    }

    /// Answers returning clients' requests for stored bars, a few at a time, until the hub is gone.
    pub async fn serve_stored_bars(self, mut requests: mpsc::Receiver<(BarsRequest, Reply)>) {
        let places = Arc::new(tokio::sync::Semaphore::new(READS_AT_ONCE));
        while let Some((request, reply)) = requests.recv().await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let reader = self.clone();
            tokio::spawn(async move {
                reader.send_bars_since(request, reply).await;
                drop(place);
            });
        }
    }

    async fn send_bars_since(&self, request: BarsRequest, reply: Reply) {
        let BarsRequest { symbol, interval, session, since } = request;
        // Taken before reading: what is published meanwhile is sent again rather than missed.
        let position = self.live.position();
        let from = Some(interval.start_of(since));
        let query = BarsQuery { symbol, interval, session, from, to: None, limit: BARS_SINCE_MAX };
        let bars = match self.all_bars(query).await {
            Ok(page) => page.bars,
            Err(error) => {
                tracing::warn!(%error, "a returning client gets the bars in memory only");
                self.live.read().tape.bars(symbol, interval, session, since, Timestamp::MAX)
            }
        };
        let mut messages = Vec::new();
        if let (Some(name), false) = (self.live.universe().symbol(symbol), bars.is_empty()) {
            let changes: Vec<BarChange> = bars.into_iter().map(|b| BarChange::Bar(b.into())).collect();
            let mut message = Vec::new();
            encode::bar_update(interval.into(), session.into(), &name, &changes, &mut message);
            messages.push(message);
        }
        reply.send(messages, position);
    }
}

impl MarketData for Reader {
    fn universe(&self) -> Arc<Universe> {
        self.live.universe()
    }

    fn quotes(&self, ids: &[SymbolId]) -> Vec<QuoteRow> {
        let until = self.live.now().saturating_add_nanos(LEASE_SECONDS * 1_000_000_000);
        self.live.viewers.lease(ids, until);
        let rows = ids.iter().filter_map(|id| {
            let symbol = self.live.name(*id)?;
            Some(QuoteRow { symbol, quote: self.live.quote(*id) })
        });
        rows.collect()
    }

    fn bars(&self, query: BarsQuery) -> Answer<'_, Result<BarsPage, BarsError>> {
        Box::pin(self.all_bars(query))
    }

    fn sparklines(&self, ids: &[SymbolId]) -> Answer<'_, Vec<Sparkline>> {
        let ids = ids.to_vec();
        Box::pin(async move {
            let mut lines = Vec::with_capacity(ids.len());
            for symbol in ids {
                let (interval, session) = (Interval::M5, SessionFilter::Extended);
                let query =
                    BarsQuery { symbol, interval, session, from: None, to: None, limit: SPARKLINE_POINTS };
                let bars = self.all_bars(query).await.map(|page| page.bars).unwrap_or_default();
                lines.push(Sparkline {
                    interval: interval.into(),
                    closes: bars.iter().map(|b| b.close).collect(),
                });
            }
            lines
        })
    }

    fn gaps(&self, id: SymbolId) -> Vec<SymbolGapBody> {
        self.live.gaps(id)
    }

    fn status(&self) -> StatusAnswer {
        self.live.status()
    }

    fn card(&self, id: SymbolId) -> Answer<'_, Card> {
        Box::pin(async move {
            let Some(symbol) = self.live.universe().symbol(id) else { return Card::default() };
            match self.bus.card(symbol).await {
                Ok(Ok(card)) => Card {
                    week_52_high: card.week_52_high,
                    week_52_low: card.week_52_low,
                    market_cap: card.market_cap,
                    pe_ratio: card.pe_ratio,
                    shares_outstanding: card.shares_outstanding,
                    as_of: Some(card.as_of),
                    source: Some(card.source),
                },
                Ok(Err(refusal)) => {
                    tracing::debug!(%symbol, %refusal, "no card");
                    Card::default()
                }
                Err(error) => {
                    tracing::debug!(%symbol, %error, "no card");
                    Card::default()
                }
            }
        })
    }

    fn is_ready(&self) -> Result<(), String> {
        if self.live.universe().is_empty() {
            return Err("the list of instruments has not been loaded yet".into());
        }
        if !self.live.has_feed() {
            return Err("no feed is up".into());
        }
        Ok(())
    }
}
