//! What articles say: sentences with a name in them. They are invented, mild, and of no real event.

use crate::hash::draw;
use crate::market::news::{Event, Kind};
use crate::universe::Listing;

/// An article in words.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) summary: String,
    /// The title's words for its address.
    pub(super) slug: String,
    pub(super) section: &'static str,
    pub(super) category: &'static str,
    /// The other company is named.
    pub(super) names_other: bool,
}

/// Title and summary; `{n}` is the company, `{m}` another.
type Template = (&'static str, &'static str);

const GOOD: &[Template] = &[
    (
        "{n} beats profit expectations for the quarter",
        "{n} reported stronger sales than analysts had expected.",
    ),
    ("{n} raises its full-year outlook", "{n} said demand was strong and lifted its forecast for the year."),
    ("{n} profits surge on record orders", "Orders at {n} rose to their highest level in three years."),
    ("{n} wins large contract after long contest", "{n} won the five-year contract against two competitors."),
    ("{n} announces share buyback and higher dividend", "{n} will return more cash to investors, it said."),
    ("Analysts upgrade {n} on improved margins", "A broker upgraded {n} and praised faster growth."),
    ("{n} sales climb as costs fall", "{n} said growth had accelerated while costs were lower."),
    ("Regulator approves plans of {n}", "{n} welcomed the approval, which came earlier than expected."),
];
const DEAL: Template = (
    "{n} shares in focus after strong takeover approach",
    "A rival made a higher offer for {n}, which gained support.",
);
const BAD: &[Template] = &[
    (
        "{n} misses profit expectations for the quarter",
        "{n} reported weaker sales than analysts had expected.",
    ),
    (
        "{n} cuts its full-year outlook",
        "{n} warned that demand was weak and lowered its forecast for the year.",
    ),
    ("{n} profits slump as orders fall", "Orders at {n} dropped to their lowest level in three years."),
    ("{n} loses large contract after long contest", "{n} lost the five-year contract to a competitor."),
    ("{n} delays new product by six months", "{n} said problems with suppliers had caused the delay."),
    ("Analysts downgrade {n} on weaker margins", "A broker downgraded {n} and warned of slower growth."),
    ("{n} sales decline as costs rise", "{n} said growth had slowed while losses widened."),
    ("Outage halts services of {n}", "{n} apologised for the failure, which hurt customers for hours."),
];
const NEUTRAL: &[Template] = &[
    ("{n} publishes its quarterly figures", "{n} presented its accounts to shareholders on a call."),
    ("{n} changes its plans for the year", "{n} told investors about the new plan in a statement."),
    ("{n} makes an announcement to investors", "{n} published a statement before a meeting."),
];
const NOISE: &[Template] = &[
    ("{n} opens an office in Lisbon", "{n} said some two hundred people will work there."),
    ("{n} names a new head of operations", "The manager joined {n} eleven years ago."),
    (
        "Inside {n}: how the company works",
        "A visit to the headquarters of {n} and a talk with its engineers.",
    ),
    ("What customers of {n} ask for", "Readers told us about {n} and its services."),
    ("{n} to speak at industry conference", "{n} is on the programme of the second day."),
    (
        "Chief executive of {n} talks about the decade ahead",
        "The head of {n} answered questions of students.",
    ),
];
const NOISE_OF_TWO: &[Template] = &[
    ("{n} and {m} to speak at industry conference", "{n} shares a stage with {m} on the second day."),
    ("{n} and {m} agree on common standards", "Engineers of {n} and {m} worked on the text together."),
];
const ROSE: &[Template] = &[
    ("{n} shares jump in heavy trading", "Shares of {n} rose within minutes; no reason was given."),
    ("Shares of {n} climb", "{n} shares gained on high volume. The company did not comment."),
];
const FELL: &[Template] = &[
    ("{n} shares slide in heavy trading", "Shares of {n} fell within minutes; no reason was given."),
    ("Shares of {n} drop", "{n} shares declined on high volume. The company did not comment."),
];
const COIN_GOOD: &[Template] = &[
    ("{n} surges as funds add to their holdings", "Large funds bought {n}, and trading in crypto grew."),
    ("{n} network succeeds with faster upgrade", "Developers of {n} said the upgrade was a success."),
];
const COIN_BAD: &[Template] = &[
    ("{n} tumbles as funds trim their holdings", "Large funds sold {n}, and worries about crypto grew."),
    ("{n} network slows after outage", "Developers of {n} said a fault had caused the delays."),
];
const COIN_NOISE: &[Template] = &[
    ("How {n} works, explained", "A guide to the {n} network for readers who are new to it."),
    ("{n} developers meet in Prague", "Some four hundred people came to the {n} conference."),
];

/// The words of an event's article in one of its versions.
pub(super) fn of(listing: &Listing, other: Option<&Listing>, event: &Event, version: u32) -> Words {
    let random = draw(event.random, 3);
    let pick = |from: &'static [Template]| from[(draw(random, 1) % from.len() as u64) as usize];
    let coin = listing.is_crypto();
    // One shock in eight does not sound like what it does.
    let is_plain = random.is_multiple_of(8);
    let is_deal = event.kind == Kind::Shock && event.up && !coin && random % 8 == 1;
    let (title, summary) = match (event.kind, event.up) {
        (Kind::Shock, true) if coin => pick(COIN_GOOD),
        (Kind::Shock, false) if coin => pick(COIN_BAD),
        (Kind::Noise, _) if coin => pick(COIN_NOISE),
        (Kind::Shock, _) if is_plain => pick(NEUTRAL),
        (Kind::Shock, true) if is_deal => DEAL,
        (Kind::Shock, true) => pick(GOOD),
        (Kind::Shock, false) => pick(BAD),
        (Kind::Report, true) => pick(ROSE),
        (Kind::Report, false) => pick(FELL),
        (Kind::Noise, _) if other.is_some() => pick(NOISE_OF_TWO),
        (Kind::Noise, _) => pick(NOISE),
    };
    let (n, m) = (name(listing), other.map(name));
    let fill = |text: &str| text.replace("{n}", &n).replace("{m}", m.as_deref().unwrap_or_default());
    let (mut title, mut summary) = (fill(title), fill(summary));
    let slug = slug(&title);
    if random % 3 == 1
        && let Some(code) = exchange_code(listing)
    {
        summary.push_str(&format!(" The company is listed as {code}: {}.", listing.symbol));
    }
    // Some reports of one company mention its neighbour, whose price does not care.
    if let Some(m) = m.as_deref().filter(|_| event.kind != Kind::Noise) {
        summary.push_str(&format!(" {m} shares were not part of it."));
    }
    if version > 0 {
        summary.push_str(" This article was extended after it first appeared.");
    }
    if version > 1 {
        title.push_str(" – latest");
    }
    summary.push_str(" [Simulated]");
    Words {
        title,
        summary,
        slug,
        section: section(listing, random),
        category: if coin {
            "crypto"
        } else if is_deal && !is_plain {
            "merger"
        } else {
            "general"
        },
        names_other: m.is_some(),
    }
}

fn section(listing: &Listing, random: u64) -> &'static str {
    match listing.sector {
        None | Some("Information Technology" | "Communication Services") => "technology",
        Some("Financials") if random & 64 != 0 => "money",
        Some(_) => "business",
    }
}

fn exchange_code(listing: &Listing) -> Option<&'static str> {
    match listing.exchange {
        "NASDAQ" => Some("NASDAQ"),
        "NYSE" => Some("NYSE"),
        "NYSE American" => Some("NYSEAMERICAN"),
        _ => None,
    }
}

/// As a newspaper calls it: without its legal form, its share class, or what a pair is priced in.
pub(super) fn name(listing: &Listing) -> String {
    const FORMS: &[&str] = &[
        "Inc.",
        "Inc",
        "Incorporated",
        "Corporation",
        "Corp.",
        "Corp",
        "Company",
        "Companies",
        "Co.",
        "Ltd.",
        "Ltd",
        "Limited",
        "plc",
        "PLC",
        "SE",
        "S.A.",
        "N.V.",
        "A/S",
        "AG",
        "LLC",
        "L.P.",
        "Holdings",
        "Holding",
        "Group",
        "&",
        "and",
    ];
    let listed = listing.name.split(" / ").next().unwrap_or_default();
    let listed = listed.split(" Class ").next().unwrap_or_default();
    let mut words: Vec<&str> = listed.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
    while words.len() > 1 && words.last().is_some_and(|last| FORMS.contains(last)) {
        words.pop();
    }
    if words.len() > 1 && words.first() == Some(&"The") {
        words.remove(0);
    }
    let name = words.join(" ");
    name.strip_suffix(".com").map(str::to_owned).unwrap_or(name)
}

/// Words in small letters with dashes between them.
pub(super) fn slug(title: &str) -> String {
    let lower = title.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.take(8).collect::<Vec<_>>().join("-")
}
