//! Texts as words.

/// A word of a text.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    /// As it stands, with a possessive `'s`.
    pub(super) text: &'a str,
    /// In lower case, without the possessive.
    pub(super) word: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_possessive: bool,
    /// Begins a sentence.
    pub(super) begins: bool,
}

impl Token<'_> {
    /// Begins with a capital or a digit.
    pub(super) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
    }
}

/// Letters and digits, with what holds a name together inside it: `AT&T`, `Coca-Cola`, `Lowe's`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut begins = true;
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        if first == '&' {
            let end = start + 1;
            found.push(Token {
                text: "&",
                word: "&".into(),
                start,
                end,
                is_possessive: false,
                begins: false,
            });
            continue;
        }
        if !first.is_alphanumeric() {
            begins |= matches!(first, '.' | '!' | '?' | ':' | '|' | '“' | '"');
            continue;
        }
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = chars.peek().copied() {
            let after = text[at + c.len_utf8()..].chars().next();
            let holds = matches!(c, '&' | '-' | '\'' | '’' | '.') && after.is_some_and(char::is_alphanumeric);
            if !c.is_alphanumeric() && !holds {
                break;
            }
            end = at + c.len_utf8();
            chars.next();
        }
        found.push(token(text, start, end, begins));
        begins = false;
    }
    found
}

fn token(text: &str, start: usize, end: usize, begins: bool) -> Token<'_> {
    let text = &text[start..end];
    let bare = text.strip_suffix("'s").or_else(|| text.strip_suffix("’s"));
    let word = bare.unwrap_or(text).to_lowercase();
    Token { text, word, start, end, is_possessive: bare.is_some(), begins }
}

/// Most longer words have capitals, so capitals tell nothing.
pub(super) fn is_title_case(tokens: &[Token<'_>]) -> bool {
    let long: Vec<&Token<'_>> = tokens.iter().filter(|token| token.word.len() >= 4).collect();
    long.len() >= 4 && long.iter().filter(|token| token.is_capital()).count() * 5 >= long.len() * 4
}
