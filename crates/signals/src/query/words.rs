//! Texts as words.

/// The words of a text in their order.
pub(super) struct Words(Vec<String>);

impl Words {
    /// Runs of letters and digits, in lower case, with the Greek sigma of word ends as any other.
    pub(super) fn of(text: &str) -> Self {
        let lower: String =
            text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        Self(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// Has these words one after the other.
    pub(super) fn have(&self, words: &[String]) -> bool {
        self.0.windows(words.len().max(1)).any(|run| run == words)
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        self.0
    }
}
