//! How often an article's symbols are right, and how many are found.
//!
//! The headlines are made up, and one person wrote and labelled them and chose the rules; see `sentiment.rs`
//! for what the three sets are. Those of `later.txt` give the figure to believe.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod labelled;

use labelled::Set;
use market::{Symbol, Universe};
use signals::linking::{Field, LinkRule, Linker};

fn told(linker: &Linker, universe: &Universe, title: &str) -> Vec<String> {
    let links = linker.link(title, "", &[]);
    let mut symbols: Vec<String> =
        links.iter().map(|link| universe.symbol(link.symbol).unwrap().to_string()).collect();
    symbols.sort();
    symbols
}

/// Right, wrong and missed symbols.
fn measure(set: Set) -> (usize, usize, usize) {
    let universe = labelled::universe();
    let linker = Linker::new(&universe);
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for row in labelled::headlines().iter().filter(|row| row.set == set) {
        let told = told(&linker, &universe, &row.title);
        right += told.iter().filter(|symbol| row.symbols.contains(symbol)).count();
        wrong += told.iter().filter(|symbol| !row.symbols.contains(symbol)).count();
        missed += row.symbols.iter().filter(|symbol| !told.contains(symbol)).count();
        if told != row.symbols && set == Set::Tuned {
            println!("{:?} told {told:?}: {}", row.symbols, row.title);
        }
    }
    (right, wrong, missed)
}

#[test]
fn precision_and_recall_are_as_we_say() {
    let [tuned, aside, later] = [Set::Tuned, Set::Aside, Set::Later].map(measure);
    println!("right, wrong, missed: tuned {tuned:?}, set aside {aside:?}, later {later:?}");
    assert!(labelled::headlines().len() >= 200);
    for ((right, wrong, missed), recall) in [(tuned, 95), (aside, 95), (later, 75)] {
        assert!(right * 100 >= (right + wrong) * 95, "precision");
        assert!(right * 100 >= (right + missed) * recall, "recall");
    }
}

#[test]
fn the_evidence_is_kept() {
    let universe = labelled::universe();
    let linker = Linker::new(&universe);
    let title = "Apple Inc. (NASDAQ: AAPL) rises; $AAPL";
    let links =
        linker.link(title, "The maker of phones. Apple shares gained.", &[Symbol::new("AAPL").unwrap()]);
    assert_eq!((links.len(), links[0].confidence), (1, LinkRule::ExchangeTicker.confidence()));
    let found: Vec<_> = links[0].evidence.iter().map(|e| (e.matched.as_str(), e.field, e.rule)).collect();
    assert_eq!(
        found,
        [
            ("NASDAQ: AAPL", Field::Title, LinkRule::ExchangeTicker),
            ("AAPL", Field::Title, LinkRule::Cashtag),
            ("Apple Inc", Field::Title, LinkRule::FullName),
            ("AAPL", Field::Provider, LinkRule::Provider),
            ("Apple", Field::Summary, LinkRule::NameInContext),
        ]
    );
    for evidence in &links[0].evidence {
        let text = if evidence.field == Field::Title { title } else { continue };
        assert!(text[evidence.at..].starts_with(&evidence.matched));
    }
}

#[test]
fn of_two_classes_the_better_known_is_meant_and_odd_texts_do_no_harm() {
    let universe = labelled::universe();
    let linker = Linker::new(&universe);
    assert_eq!(told(&linker, &universe, "Alphabet Inc. reports"), ["GOOGL"]);
    for odd in
        ["", "$", "$$$", "(NASDAQ:", "&", "’s", "NYSE: ", "日本 Apple株", "Ünïcödé … $ÄAPL", "$5 a share"]
    {
        assert_eq!(told(&linker, &universe, odd), Vec::<String>::new(), "{odd:?}");
    }
}
