//! How often the lexicon and a person agree.
//!
//! All headlines are made up, and one person wrote and labelled them and chose the words. Those of
//! `headlines.txt` were there first: the odd rows were looked at while tuning, the even rows were not, but
//! whoever chose the words had written them. Those of `later.txt` were written in other styles when the
//! words were fixed, and nothing was changed for them. Theirs is the figure to believe, and it may still
//! flatter what it would be on a newspaper's.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod labelled;

use labelled::Set;
use signals::sentiment::{Tone, sentiment};

/// Rows, agreed, and how often the opposite tone was said.
fn measure(set: Set) -> (usize, usize, usize) {
    let (mut rows, mut agreed, mut opposite) = (0, 0, 0);
    for row in labelled::headlines().iter().filter(|row| row.set == set) {
        let told = match sentiment(&row.title).tone() {
            Tone::Positive => '+',
            Tone::Neutral => '0',
            Tone::Negative => '-',
        };
        rows += 1;
        agreed += usize::from(told == row.tone);
        opposite += usize::from(matches!((told, row.tone), ('+', '-') | ('-', '+')));
        if told != row.tone && set == Set::Tuned {
            println!("{} told {told}: {}", row.tone, row.title);
        }
    }
    (rows, agreed, opposite)
}

#[test]
fn it_agrees_as_often_as_we_say() {
    let [tuned, aside, later] = [Set::Tuned, Set::Aside, Set::Later].map(measure);
    println!("rows, agreed, opposite: tuned {tuned:?}, set aside {aside:?}, later {later:?}");
    assert!(tuned.0 + aside.0 >= 150);
    for ((rows, agreed, opposite), percent) in [(tuned, 90), (aside, 85), (later, 45)] {
        assert!(agreed * 100 >= rows * percent, "{agreed} of {rows}");
        assert!(opposite * 100 <= rows * 8, "{opposite} of {rows} the other way round");
    }
}
