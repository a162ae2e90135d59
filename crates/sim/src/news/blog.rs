//! A live blog about the markets, every day from seven in the morning to eight in the evening (UTC): one article whose
//! title and time change every half hour or so.

use market::Timestamp;

use super::{Article, Truth, id, number, text};
use crate::hash::{below, draw};
use crate::market::{Market, second_start};

const DAY: i64 = 86_400;
const BEGINS: i64 = 7 * 3_600;
const UPDATES: i64 = 26;
const UPDATE_SECONDS: i64 = 1_800;
/// No listing has this number.
const INDEX: u32 = 32_767;
/// It talks of the companies that people know best.
const COMPANIES: u64 = 40;

const TITLES: &[&str] = &[
    "Markets open as investors look at {n} – business live",
    "Traders wait for figures; {n} in focus – business live",
    "{n} on investors' minds as trading goes on – business live",
    "Quiet hours on the markets, talk of {n} – business live",
];

/// Appends the versions that appear in a span.
pub(super) fn versions(market: &Market, (from, to): (Timestamp, Timestamp), out: &mut Vec<Article>) {
    let known: Vec<u32> = market.newsworthy().take(COMPANIES as usize).map(|(index, _)| index).collect();
    let key = draw(market.config().seed, 0xb106);
    for day in from.seconds().div_euclid(DAY)..=to.seconds().div_euclid(DAY) {
        let begins = day * DAY + BEGINS;
        let published_at = second_start(begins);
        let number = number(begins, INDEX);
        for update in 0..UPDATES {
            let random = draw(key ^ day as u64, update as u64);
            let later = if update == 0 { 0 } else { below(random, 1_200) as i64 };
            let updated_at = second_start(begins + update * UPDATE_SECONDS + later);
            if !(from..to).contains(&updated_at) {
                continue;
            }
            let company = known.get(below(draw(random, 1), COMPANIES) as usize).copied();
            let Some((company, listing)) = company.and_then(|c| Some((c, market.universe().get(c)?))) else {
                continue;
            };
            let n = text::name(listing);
            let title = TITLES[below(draw(random, 2), TITLES.len() as u64) as usize].replace("{n}", &n);
            let summary = format!(
                "Rolling coverage of the markets, update {}. Shares of {n} are being discussed. [Simulated]",
                update + 1
            );
            out.push(Article {
                id: id("business/live", published_at, "business-live", number),
                number,
                section: "business",
                category: "general",
                title,
                summary,
                published_at,
                updated_at,
                version: update as u32,
                is_live: true,
                companies: vec![company],
                truth: Truth::Noise,
            });
        }
    }
}
