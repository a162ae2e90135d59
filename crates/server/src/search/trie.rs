//! Words within a number of typing errors.
//!
//! A trie laid out flat in the order of a walk: children follow their parent, and each node knows
//! where its subtree ends. Looking for near words is one pass over the nodes with a row of the
//! distance table for each depth, in which a hopeless node is stepped over with all below it.

use super::fold::WORD_BYTES_MAX;

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

/// Width of a row of the table: one more than the longest query.
const ROW: usize = WORD_BYTES_MAX + 1;

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
            for (depth, &byte) in word.iter().enumerate().skip(shared) {
                open.push(nodes.len());
                nodes.push(Node { end: 0, word: len, byte, depth: depth as u8, terminal: false });
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
        Self { nodes, len }
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }

    /// Reports words within `errors` of `query`: letters missing, added, changed, or two neighbours
    /// exchanged, each one error. With `prefixes`, also words that begin so.
    pub(super) fn near(&self, query: &str, errors: u8, prefixes: bool, mut report: impl FnMut(Near)) {
        let query = query.as_bytes();
        let n = query.len();
        if n == 0 || n > WORD_BYTES_MAX {
            return;
        }
        let far = errors + 1;
        // Row d is the distance of the first d letters of the word from each beginning of the query.
        // Only cells within `errors` of the diagonal can count; the rest stay at `far`.
        let mut rows = [[far; ROW]; ROW];
        for (j, cell) in rows[0].iter_mut().enumerate().take(usize::from(errors) + 1) {
            *cell = j as u8;
        }
        let mut path = [0u8; ROW];
        let mut at = 0usize;
        while let Some(node) = self.nodes.get(at) {
            let i = usize::from(node.depth) + 1;
            path[i] = node.byte;
            let low = i.saturating_sub(usize::from(errors));
            let high = (i + usize::from(errors)).min(n);
            if low > n {
                at = node.end as usize;
                continue;
            }
            let best = self.row(&mut rows, &path, query, i, low.max(1), high, far);
            if best > errors {
                at = node.end as usize;
                continue;
            }
            let here = if high == n { rows[i][n] } else { far };
            if here <= errors {
                if node.terminal {
                    report(Near::Word(node.word, here));
                }
                if prefixes {
                    report(Near::Prefix(node.word, self.words_end(node)));
                    // All below is reported with it.
                    at = node.end as usize;
                    continue;
                }
            }
            at += 1;
        }
    }

    /// The word after those at or below a node.
    fn words_end(&self, node: &Node) -> u32 {
        self.nodes.get(node.end as usize).map_or(self.len, |next| next.word)
    }

    /// Fills row `i` from `low` to `high` and gives back its least value.
    #[allow(clippy::too_many_arguments)]
    #[inline]
    fn row(
        &self,
        rows: &mut [[u8; ROW]; ROW],
        path: &[u8; ROW],
        query: &[u8],
        i: usize,
        low: usize,
        high: usize,
        far: u8,
    ) -> u8 {
        let byte = path[i];
        let first = if i < usize::from(far) { i as u8 } else { far };
        // The cell before the band: the real first column, or too far.
        let mut left = if low == 1 { first } else { far };
        rows[i][low - 1] = left;
        let mut best = left;
        for j in low..=high {
            let letter = query[j - 1];
            let changed = rows[i - 1][j - 1] + u8::from(letter != byte);
            let mut cell = changed.min(rows[i - 1][j] + 1).min(left + 1);
            if i > 1 && j > 1 && byte == query[j - 2] && path[i - 1] == letter {
                cell = cell.min(rows[i - 2][j - 2] + 1);
            }
            cell = cell.min(far);
            rows[i][j] = cell;
            left = cell;
            best = best.min(cell);
        }
        if high < query.len() {
            // The next row reads one cell further.
            rows[i][high + 1] = far;
        }
        best
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
            trie.near(&query, errors, false, |near| if let Near::Word(word, d) = near {
                found.push((word, usize::from(d)));
            });
            let expected: Vec<_> = (0..)
                .zip(&words)
                .map(|(at, word)| (at, distance(word.as_bytes(), query.as_bytes())))
                .filter(|(_, d)| *d <= usize::from(errors))
                .collect();
            prop_assert_eq!(found, expected);

            let mut below = std::collections::BTreeSet::new();
            trie.near(&query, errors, true, |near| if let Near::Prefix(from, to) = near {
                below.extend(from..to);
            });
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
            trie.near(query, 2, true, |_| ());
        }
        Trie::build(std::iter::empty()).near("abcd", 1, true, |_| ());
    }
}
