//! What the quotes of a run cost, as the server's metrics tell. Pure.

/// The desk's counters in `/metrics`; `None` for one that is not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct QuoteFigures {
    /// Quotes fetched from the source.
    pub(crate) fetched: Option<u64>,
    /// Quotes that were still good.
    pub(crate) hits: Option<u64>,
    /// What the fetched ones cost, in cents.
    pub(crate) cents: Option<u64>,
}

impl QuoteFigures {
    /// Reads the counters in the text form of Prometheus.
    pub(crate) fn read(text: &str) -> Self {
        Self {
            fetched: sum(text, "bellwether_desk_quotes_fetched_total"),
            hits: sum(text, "bellwether_desk_quote_hits_total"),
            cents: sum(text, "bellwether_desk_quote_cost_cents_total"),
        }
    }

    /// What was added since; not told when a counter went back, as after a restart.
    pub(crate) fn since(self, before: Self) -> Self {
        // A counter may appear with its first count.
        let less = |now: Option<u64>, before: Option<u64>| now?.checked_sub(before.unwrap_or(0));
        Self {
            fetched: less(self.fetched, before.fetched),
            hits: less(self.hits, before.hits),
            cents: less(self.cents, before.cents),
        }
    }
}

/// The sum of a counter over its labels.
fn sum(text: &str, name: &str) -> Option<u64> {
    text.lines().filter_map(|line| sample(line, name)).reduce(u64::saturating_add)
}

fn sample(line: &str, name: &str) -> Option<u64> {
    let rest = line.strip_prefix(name)?;
    let rest = match rest.strip_prefix('{') {
        Some(labelled) => labelled.rsplit_once('}')?.1,
        None => rest,
    };
    let number = rest.strip_prefix(' ')?.split(' ').next()?;
    // Counters are whole, though some write them as `12.0`.
    let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP bellwether_desk_quotes_fetched Quotes.\n\
# TYPE bellwether_desk_quotes_fetched counter\n\
bellwether_desk_quotes_fetched_total{source=\"tape\"} 40\n\
bellwether_desk_quotes_fetched_total{source=\"a } 7\"} 2.0 1700000000\n\
bellwether_desk_quotes_fetched_total_more 9\n\
bellwether_desk_quote_hits_total 7\n";

    #[test]
    fn counters_are_summed_over_labels() {
        let read = QuoteFigures::read(TEXT);
        assert_eq!(read, QuoteFigures { fetched: Some(42), hits: Some(7), cents: None });
    }

    #[test]
    fn what_was_added_is_told() {
        let figures = |fetched, hits, cents| QuoteFigures { fetched, hits, cents };
        let now = figures(Some(42), Some(7), Some(5));
        assert_eq!(now.since(figures(Some(40), None, Some(6))), figures(Some(2), Some(7), None));
        assert_eq!(QuoteFigures::default().since(now), QuoteFigures::default());
    }
}
