//! The simulated market's news, in process: invented, and known before the price moves.

use std::sync::Arc;
use std::time::Duration;

use ::feeds::news::{Ask, Batch, Calls, Provider, STREAM_SYMBOLS_MAX, Takes};
use ::feeds::{ErrorKind, FeedError};
use ::sim::market::Market;
use ::sim::news::Article;
use futures_util::future::BoxFuture;
use signals::headline::Headline;

use crate::Failure;
use crate::config::SimNewsConfig;
use crate::roles::{House, clock, feeds};

/// It costs little, so an article is here soon after it appears, and before its price moves.
const PACE: Duration = Duration::from_secs(5);
/// Articles of a page.
const PAGE_SIZE: usize = 50;
const TAKES: Takes = Takes { words: true, sections: &[], symbols: true };

/// News of a market.
pub(super) struct SimNews {
    market: Arc<Market>,
}

/// News of the market that this process plays, or of one that is the same.
pub(super) async fn start(config: &SimNewsConfig, house: &House) -> Result<SimNews, Failure> {
    let market = match house.simulated.get() {
        Some(market) => Arc::clone(market),
        None => feeds::sim::make(&config.market).await?,
    };
    Ok(SimNews { market })
}

impl Provider for SimNews {
    fn takes(&self) -> Takes {
        TAKES
    }

    fn page<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>> {
        Box::pin(async move { self.batch(ask) })
    }

    fn calls(&self) -> Calls {
        Calls::default()
    }

    fn pace(&self) -> Duration {
        PACE
    }
}

impl SimNews {
    fn batch(&self, ask: Ask<'_>) -> Result<Batch, FeedError> {
        let words = TAKES.check(ask.query, STREAM_SYMBOLS_MAX).map_err(|error| {
            FeedError::new(ErrorKind::Settings, "the simulated market cannot be asked this").caused_by(error)
        })?;
        let now = clock()();
        let to = ask.round.to.unwrap_or(now).min(now);
        let mut found: Vec<Headline> = ::sim::news::versions(&self.market, ask.round.from, to)
            .into_iter()
            .filter(|article| words.matches(&article.title, &article.summary))
            .map(|article| self.headline(article))
            .filter(|one| {
                let wanted = &ask.query.symbols;
                wanted.is_empty() || one.symbols.iter().any(|symbol| wanted.contains(symbol))
            })
            .collect();
        found.sort_by(|a, b| (b.updated_at, &b.article).cmp(&(a.updated_at, &a.article)));
        let total = found.len();
        let page = ask.round.page.max(1) as usize;
        let articles: Vec<Headline> =
            found.into_iter().skip((page - 1).saturating_mul(PAGE_SIZE)).take(PAGE_SIZE).collect();
        Ok(Batch { articles, is_last: page.saturating_mul(PAGE_SIZE) >= total, total: Some(total as u64) })
    }

    fn headline(&self, article: Article) -> Headline {
        let listings = self.market.universe().listings();
        let symbols =
            article.companies.iter().filter_map(|index| Some(listings.get(*index as usize)?.symbol));
        Headline {
            source: ::sim::feed::NAME.into(),
            url: article.url(),
            symbols: symbols.collect(),
            article: article.id,
            title: article.title,
            summary: article.summary,
            published_at: article.published_at,
            updated_at: article.updated_at,
        }
    }
}
