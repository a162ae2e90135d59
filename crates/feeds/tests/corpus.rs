//! The readers of what providers send, on the corpora of their fuzzers.

mod checks;
#[path = "../../../fuzz/harness.rs"]
mod harness;

use harness::check;

#[test]
fn finnhub_frames() {
    check("finnhub_frame", 5_000, checks::finnhub_frame);
}

#[test]
fn finnhub_rest_answers() {
    check("finnhub_rest", 3_000, checks::finnhub_rest);
}

#[test]
fn news_answers() {
    check("news_answer", 3_000, checks::news);
}

#[test]
fn trade_files() {
    check("trade_file", 3_000, checks::trade_file);
}

#[test]
fn quote_answers() {
    check("quote_answer", 5_000, checks::quote_answer);
}
