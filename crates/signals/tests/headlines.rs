//! Articles: one row each, whatever the provider and the network do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use market::Timestamp;
use proptest::prelude::*;
use signals::headline::{Change, Headline, HeadlineId, Next, Page, Row, Settings, Watermark, collapse};

fn second(count: i64) -> Timestamp {
    Timestamp::from_seconds(count).unwrap()
}

fn article(id: u32, version: u32, time: i64) -> Headline {
    Headline {
        source: "paper".into(),
        article: format!("a{id}"),
        title: format!("title {id} version {version}"),
        summary: String::new(),
        url: format!("https://example.com/{id}"),
        published_at: second(time),
        updated_at: second(time),
        symbols: vec![],
    }
}

#[test]
fn a_live_blog_is_one_row() {
    let mut row: Option<Row> = None;
    for (version, time) in [(0, 10), (1, 20), (1, 20), (0, 10), (2, 30)] {
        match collapse(row.as_ref(), article(1, version, time)) {
            Change::New(new) | Change::Updated(new) => row = Some(new),
            Change::Unchanged => {}
        }
    }
    let row = row.unwrap();
    assert_eq!((row.updates, row.headline.title.as_str()), (2, "title 1 version 2"));
    assert_eq!((row.headline.published_at, row.headline.updated_at), (second(10), second(30)));
}

proptest! {
    #[test]
    fn the_newest_version_wins_in_any_order(versions in proptest::collection::vec((0u32..5, 0i64..4), 1..12)) {
        let all: Vec<Headline> = versions.iter().map(|(version, time)| article(1, *version, *time)).collect();
        let last = |list: &[Headline]| {
            let mut row: Option<Row> = None;
            for version in list {
                match collapse(row.as_ref(), version.clone()) {
                    Change::New(new) | Change::Updated(new) => row = Some(new),
                    Change::Unchanged => {}
                }
            }
            let shown = row.unwrap().headline;
            (shown.updated_at, shown.title, shown.published_at)
        };
        let backwards: Vec<Headline> = all.iter().rev().cloned().collect();
        prop_assert_eq!(last(&all).0, last(&backwards).0);
        prop_assert_eq!(last(&all).1, last(&backwards).1);
    }
}

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Event {
    /// Articles appear, all in one second, listed so many seconds late.
    Publish(u32, i64),
    /// An article is edited.
    Edit(prop::sample::Index),
    /// An article is withdrawn.
    Withdraw(prop::sample::Index),
    Wait(i64),
    /// The next page comes.
    Page,
    /// The next page fails; the round is begun anew.
    Fail,
    /// The process ends after the page was stored, or before.
    Crash(bool),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1u32..5, prop_oneof![4 => Just(0i64), 1 => 1i64..60]).prop_map(|(n, late)| Event::Publish(n, late)),
        3 => any::<prop::sample::Index>().prop_map(Event::Edit),
        1 => any::<prop::sample::Index>().prop_map(Event::Withdraw),
        3 => (1i64..100).prop_map(Event::Wait),
        1 => (1_000i64..5_000).prop_map(Event::Wait),
        14 => Just(Event::Page),
        1 => Just(Event::Fail),
        1 => any::<bool>().prop_map(Event::Crash),
    ]
}

#[derive(Debug, Default)]
struct Provider {
    /// Article, and when it is listed.
    articles: Vec<(Headline, i64)>,
    n_made: u32,
    versions: u32,
}

impl Provider {
    /// A page of what is listed, newest first.
    fn page(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        page: u32,
        size: usize,

        now: i64,
    ) -> (Vec<Headline>, bool, u64) {
        let in_span = |h: &Headline| h.updated_at >= from && to.is_none_or(|to| h.updated_at < to);
        let mut found: Vec<&Headline> =
            self.articles.iter().filter(|(h, listed)| *listed <= now && in_span(h)).map(|(h, _)| h).collect();
        found.sort_by_key(|h| (h.updated_at, h.article.clone()));
        found.reverse();
        let begin = (page as usize - 1) * size;
        let list = found.iter().skip(begin).take(size).map(|h| (*h).clone()).collect();
        (list, begin + size >= found.len(), found.len() as u64)
    }
}

const SETTINGS: Settings = Settings { overlap_seconds: 120, span_seconds: 600 };
const BEGIN: i64 = 1_700_000_000;

struct Story {
    provider: Provider,
    now: i64,
    stored: Watermark,
    delivered: BTreeMap<(HeadlineId, String), u32>,
    size: usize,
}

impl Story {
    /// Asks for a page; `true` when there is nothing more.
    fn page(&mut self, round: &mut Option<signals::headline::Round>, is_stored: bool) -> bool {
        let now = second(self.now);
        let asked = round.unwrap_or_else(|| self.stored.begin(SETTINGS, now));
        let (articles, is_last, total) =
            self.provider.page(asked.from, asked.to, asked.page, self.size, self.now);
        let mut watermark = self.stored.clone();
        let page = Page { articles: &articles, is_last, total: Some(total) };
        let step = watermark.take(SETTINGS, asked, page);
        if !is_stored {
            *round = None;
            return false;
        }
        self.stored = watermark;
        for fresh in step.fresh {
            *self.delivered.entry((fresh.id(), fresh.title)).or_default() += 1;
        }
        *round = match step.next {
            Next::Page(next) | Next::Anew(next) => Some(next),
            Next::Later | Next::Complete => None,
        };
        step.next == Next::Complete
    }

    fn happen(&mut self, event: &Event, round: &mut Option<signals::headline::Round>) {
        match event {
            Event::Publish(n, late) => {
                for _ in 0..*n {
                    self.provider.n_made += 1;
                    let made = article(self.provider.n_made, 0, self.now);
                    self.provider.articles.push((made, self.now + late));
                }
            }
            Event::Edit(which) if !self.provider.articles.is_empty() => {
                self.provider.versions += 1;
                let at = which.index(self.provider.articles.len());
                let (known, _) = &mut self.provider.articles[at];
                known.title = format!("{} edit {}", known.article, self.provider.versions);
                known.updated_at = second(self.now);
            }
            Event::Withdraw(which) if !self.provider.articles.is_empty() => {
                let at = which.index(self.provider.articles.len());
                self.provider.articles.remove(at);
            }
            Event::Edit(_) | Event::Withdraw(_) => {}
            Event::Wait(seconds) => self.now += seconds,
            Event::Page => {
                self.page(round, true);
            }
            Event::Fail => *round = None,
            Event::Crash(is_stored) => {
                self.page(round, *is_stored);
                *round = None;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_version_comes_once_and_none_is_missed(
        events in proptest::collection::vec(any_event(), 1..120),
        size in 1usize..5,
        are_withdrawn in any::<bool>(),
    ) {
        let mut story = Story {
            provider: Provider::default(),
            now: BEGIN,
            stored: Watermark::starting_at(second(BEGIN)),
            delivered: BTreeMap::new(),
            size,
        };
        let mut round = None;
        for event in &events {
            // A provider withdraws articles or lists them late; both at once is not promised.
            let event = match event {
                Event::Withdraw(_) if !are_withdrawn => &Event::Page,
                Event::Publish(n, _) if are_withdrawn => &Event::Publish(*n, 0),
                event => event,
            };
            story.happen(event, &mut round);
        }
        // Everything is listed by now; a quiet provider is read to its end.
        story.now += 100;
        let mut pages = 0;
        round = None;
        while !story.page(&mut round, true) {
            pages += 1;
            prop_assert!(pages < 10_000, "never done");
        }
        prop_assert!(story.delivered.values().all(|n| *n == 1), "twice: {:?}", story.delivered);
        for (article, _) in &story.provider.articles {
            let key = (article.id(), article.title.clone());
            prop_assert!(story.delivered.contains_key(&key), "missed {:?}", article);
        }
        prop_assert!(story.stored.seen.len() <= story.provider.n_made as usize);
    }
}
