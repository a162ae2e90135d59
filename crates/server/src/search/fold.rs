//! Splits texts into the words that are compared: lower case, without accents.

/// Longest word kept, in bytes; what follows is cut off. Company names have none as long.
pub(super) const WORD_BYTES_MAX: usize = 48;

/// Calls `word` with each word of `text`: runs of letters and digits, folded. A token with
/// punctuation inside gives its pieces and the whole: `AT&T` is `at`, `t` and `att`;
/// `McDonald's` is `mcdonalds` only, since nobody looks for `s`.
pub(super) fn words(text: &str, mut word: impl FnMut(&str)) {
    let (mut whole, mut piece) = (String::new(), String::new());
    for token in text.split_whitespace() {
        whole.clear();
        piece.clear();
        let mut pieces = 0;
        for c in token.chars() {
            if matches!(c, '\'' | '’' | '‘' | '`') {
                continue;
            }
            let before = whole.len();
            fold(c, &mut whole);
            if whole.len() > before {
                let start = before;
                piece.push_str(&whole[start..]);
            } else if !piece.is_empty() {
                word(cut(&piece));
                piece.clear();
                pieces += 1;
            }
        }
        if !piece.is_empty() {
            word(cut(&piece));
            pieces += 1;
        }
        if pieces > 1 {
            word(cut(&whole));
        }
    }
}

/// Initials written apart from what follows them, joined: `J P Morgan` and `JP Morgan` are both
/// `jpmorgan` as well, which is how many type it.
pub(super) fn joined_initials(text: &str, mut word: impl FnMut(&str)) {
    let mut run = String::new();
    let mut initials = 0;
    for piece in query_words(text) {
        if piece.len() <= 2 {
            initials += 1;
            run.push_str(&piece);
            continue;
        }
        if initials > 0 {
            run.push_str(&piece);
            word(cut(&run));
            run.clear();
            initials = 0;
        }
    }
}

/// The words somebody typed: the pieces alone, since each must be found.
pub(super) fn query_words(text: &str) -> Vec<String> {
    let mut words = vec![];
    let mut piece = String::new();
    for c in text.chars() {
        if matches!(c, '\'' | '’' | '‘' | '`') {
            continue;
        }
        let before = piece.len();
        fold(c, &mut piece);
        if piece.len() == before && !piece.is_empty() {
            words.push(cut(&piece).to_owned());
            piece.clear();
        }
    }
    if !piece.is_empty() {
        words.push(cut(&piece).to_owned());
    }
    words
}

/// Letters and digits alone, folded: `BRK.B` and `brk b` are both `brkb`.
pub(super) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| fold(c, &mut out));
    out
}

fn cut(word: &str) -> &str {
    let mut end = word.len().min(WORD_BYTES_MAX);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    &word[..end]
}

/// Appends the letter or digit in lower case without its accent; nothing for anything else.
fn fold(c: char, out: &mut String) {
    if c.is_ascii() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
        return;
    }
    for c in c.to_lowercase() {
        let plain = match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
            'æ' => "ae",
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
            'ď' | 'đ' | 'ð' => "d",
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
            'ĥ' | 'ħ' => "h",
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
            'ĵ' => "j",
            'ķ' => "k",
            'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
            'ñ' | 'ń' | 'ņ' | 'ň' => "n",
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
            'œ' => "oe",
            'ŕ' | 'ŗ' | 'ř' => "r",
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
            'ß' => "ss",
            'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
            'þ' => "th",
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
            'ŵ' => "w",
            'ý' | 'ÿ' | 'ŷ' => "y",
            'ź' | 'ż' | 'ž' => "z",
            other => {
                if other.is_alphanumeric() {
                    out.push(other);
                }
                continue;
            }
        };
        out.push_str(plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut found = vec![];
        words(text, |w| found.push(w.to_owned()));
        found
    }

    #[test]
    fn splits_and_folds() {
        assert_eq!(split("General Motors Company"), ["general", "motors", "company"]);
        assert_eq!(split("AT&T Inc."), ["at", "t", "att", "inc"]);
        assert_eq!(split("McDonald's"), ["mcdonalds"]);
        assert_eq!(split("Société Générale ŁÓDŹ Groß"), ["societe", "generale", "lodz", "gross"]);
        assert_eq!(split(" -- "), [""; 0]);
        assert_eq!(query_words("at&t, inc"), ["at", "t", "inc"]);
        assert_eq!(compact("BRK.B"), "brkb");
        let mut joined = vec![];
        joined_initials("J P Morgan Chase & Co", |w| joined.push(w.to_owned()));
        joined_initials("T. Rowe Price", |w| joined.push(w.to_owned()));
        assert_eq!(joined, ["jpmorgan", "trowe"]);
    }

    #[test]
    fn cuts_at_a_character() {
        let long = "日".repeat(40);
        assert_eq!(split(&long), ["日".repeat(16)]);
    }
}
