//! Words within a number of typing errors.
//!
//! A trie laid out flat in the order of a walk: children follow their parent, and each node knows
//! where its subtree ends. Looking for near words is one pass over the nodes, in which a hopeless
//! node is stepped over with all below it. How far a word has come is kept in bits: bit `j` of row
//! `e` is set when the letters so far are within `e` errors of the first `j` letters of the query
//! (Wu and Manber's automaton), so that a node costs a few instructions whatever the query's length.

use super::fold::WORD_BYTES_MAX;

/// Most typing errors that can be asked for.
pub(super) const ERRORS_MAX: usize = 2;

// A query and the bit before its first letter fit a word of the machine.
const _: () = assert!(WORD_BYTES_MAX < 64);

/// One letter of a word.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// The node after everything below this one.
    end: u32,
    /// The first word at or below this node; the words below are consecutive.
    word: u32,
    byte: u8,
    /// Letters before this one.
    depth: u8,
    /// Letters of the longest word at or below this node.
    reach: u8,
    /// A word ends here: the one called `word`.
    terminal: bool,
}

/// Words, known by their place in the sorted list.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    len: u32,
}

/// What a search for near words reports.
pub(super) enum Near {
    /// This word, with so many errors.
    Word(u32, u8),
    /// All words from the first up to but not the second begin with something near.
    Prefix(u32, u32),
}

/// For each number of errors, which beginnings of the query are so near.
type Row = [u64; ERRORS_MAX + 1];

impl Trie {
    /// Of sorted, distinct words of at most [`WORD_BYTES_MAX`] bytes.
    pub(super) fn build<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut previous: &[u8] = b"";
        let mut len = 0u32;
        for word in words {
            let word = word.as_bytes();
            debug_assert!(previous < word && word.len() <= WORD_BYTES_MAX);
            let shared = previous.iter().zip(word).take_while(|(a, b)| a == b).count();
            for closed in open.drain(shared..) {
                nodes[closed].end = nodes.len() as u32;
            }
            let reach = word.len() as u8;
            for &above in &open {
                nodes[above].reach = nodes[above].reach.max(reach);
            }
            for (depth, &byte) in word.iter().enumerate().skip(shared) {
                open.push(nodes.len());
                nodes.push(Node { end: 0, word: len, byte, depth: depth as u8, reach, terminal: false });
            }
            if let Some(&last) = open.last() {
                nodes[last].terminal = true;
            }
            previous = word;
            len += 1;
        }
        let end = nodes.len() as u32;
        for closed in open {
            nodes[closed].end = end;
        }
        nodes.shrink_to_fit();
        Self { nodes, len }
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }

    /// Reports words within `errors` (1 or 2) of `query`, and words that begin so: letters missing,
    /// added, changed, or two neighbours exchanged, each one error. A beginning is reported once, for
    /// its shortest form.
    pub(super) fn near(&self, query: &str, errors: u8, report: impl FnMut(Near)) {
        match errors {
            1 => self.walk::<1>(query.as_bytes(), report),
            2 => self.walk::<2>(query.as_bytes(), report),
            _ => debug_assert!(false, "1 or 2 errors, not {errors}"),
        }
    }

    fn walk<const ERRORS: usize>(&self, query: &[u8], mut report: impl FnMut(Near)) {
        let n = query.len();
        if n == 0 || n > WORD_BYTES_MAX {
            return;
        }
        let mut letters = [0u64; 256];
        for (j, &byte) in query.iter().enumerate() {
            letters[usize::from(byte)] |= 1 << j;
        }
        let (all, last) = ((2u64 << n) - 1, 1u64 << n);
        let mut rows: [Row; WORD_BYTES_MAX + 1] = [[0; ERRORS_MAX + 1]; WORD_BYTES_MAX + 1];
        // Without a letter read, the first `e` letters of the query may be missing.
        rows[0] = std::array::from_fn(|e| ((2 << e) - 1) & all);
        let mut path = [0u8; WORD_BYTES_MAX + 1];
        let (mut at, mut covered) = (0usize, 0u32);
        while let Some(node) = self.nodes.get(at) {
            // Too short to be near, all of them.
            if usize::from(node.reach) + ERRORS < n {
                at = node.end as usize;
                continue;
            }
            let i = usize::from(node.depth) + 1;
            path[i] = node.byte;
            let here = letters[usize::from(node.byte)];
            let before = rows[i - 1];
            let mut row: Row = [0; ERRORS_MAX + 1];
            row[0] = (before[0] & here) << 1;
            for e in 1..=ERRORS {
                let right = (before[e] & here) << 1;
                let (added, changed, missing) = (before[e - 1], before[e - 1] << 1, row[e - 1] << 1);
                row[e] = right | added | changed | missing;
                if i > 1 {
                    let exchanged = rows[i - 2][e - 1] & here & (letters[usize::from(path[i - 1])] >> 1);
                    // The query has this letter first and the one before it second.
                    row[e] |= exchanged << 2;
                }
                row[e] &= all;
            }
            if row[ERRORS] == 0 {
                at = node.end as usize;
                continue;
            }
            rows[i] = row;
            if row[ERRORS] & last != 0 {
                if node.terminal {
                    let errors = row.iter().position(|bits| bits & last != 0).unwrap_or(ERRORS);
                    report(Near::Word(node.word, errors as u8));
                }
                if at as u32 >= covered {
                    report(Near::Prefix(node.word, self.words_end(node)));
                    covered = node.end;
                }
            }
            at += 1;
        }
    }

    /// The word after those at or below a node.
    fn words_end(&self, node: &Node) -> u32 {
        self.nodes.get(node.end as usize).map_or(self.len, |next| next.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The textbook table, whole.
    fn distance(a: &[u8], b: &[u8]) -> usize {
        let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                d[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let mut cell = (d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]))
                        .min(d[i - 1][j] + 1)
                        .min(d[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        cell = cell.min(d[i - 2][j - 2] + 1);
                    }
                    cell
                };
            }
        }
        d[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn finds_the_same_as_the_whole_table(
            words in prop::collection::btree_set("[abc]{1,6}", 0..40),
            query in "[abc]{1,6}",
            errors in 1u8..3,
        ) {
            let trie = Trie::build(words.iter().map(String::as_str));
            let mut found = vec![];
            let mut below = std::collections::BTreeSet::new();
            trie.near(&query, errors, |near| match near {
                Near::Word(word, d) => found.push((word, usize::from(d))),
                Near::Prefix(from, to) => below.extend(from..to),
            });
            let expected: Vec<_> = (0..)
                .zip(&words)
                .map(|(at, word)| (at, distance(word.as_bytes(), query.as_bytes())))
                .filter(|(_, d)| *d <= usize::from(errors))
                .collect();
            prop_assert_eq!(found, expected);

            let expected: std::collections::BTreeSet<u32> = (0..)
                .zip(&words)
                .filter(|(_, word)| (1..=word.len())
                    .any(|end| distance(&word.as_bytes()[..end], query.as_bytes()) <= usize::from(errors)))
                .map(|(at, _)| at)
                .collect();
            prop_assert_eq!(below, expected);
        }
    }

    #[test]
    fn odd_queries_are_harmless() {
        let trie = Trie::build(["a", "ab", "b"].into_iter());
        for query in ["", &"x".repeat(WORD_BYTES_MAX), &"x".repeat(500), "é"] {
            trie.near(query, 2, |_| ());
        }
        Trie::build(std::iter::empty()).near("abcd", 1, |_| ());
    }
}
