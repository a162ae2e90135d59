//! The kept corpus of a fuzzer, and a bounded amount of mutation of it, on every test run. Included by the tests of
//! the crates whose readers are fuzzed.

use std::path::PathBuf;

use proptest::prelude::*;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "fuzz", "corpus", target].iter().collect();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry of the corpus").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "the corpus of {target} is empty");
    paths.into_iter().map(|path| std::fs::read(path).expect("a readable input")).collect()
}

/// Runs the corpus, then `cases` inputs made from it by splicing, flipping, inserting and cutting.
pub(crate) fn check(target: &str, cases: u32, run: fn(&[u8])) {
    let seeds = corpus(target);
    for seed in &seeds {
        run(seed);
    }
    let index = any::<prop::sample::Index>;
    let edits = prop::collection::vec((index(), any::<u8>(), 0u8..5, index()), 1..8);
    let inputs = (prop::sample::select(seeds.clone()), prop::sample::select(seeds), edits);
    proptest!(ProptestConfig::with_cases(cases), |((mut data, other, edits) in inputs)| {
        for (at, byte, how, from) in edits {
            if data.is_empty() {
                data.push(byte);
            }
            let at = at.index(data.len());
            match how {
                0 => data[at] = byte,
                1 => data.insert(at, byte),
                2 => drop(data.remove(at)),
                3 => data.truncate(at),
                _ if !other.is_empty() => {
                    let from = from.index(other.len());
                    let piece = &other[from..(from + usize::from(byte)).min(other.len())];
                    data.splice(at..at, piece.iter().copied());
                }
                _ => {}
            }
        }
        run(&data);
    });
}
