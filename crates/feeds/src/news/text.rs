//! A provider's texts as plain ones: no markup, no control characters, of bounded length.

/// The longest title taken.
pub(crate) const TITLE_CHARS_MAX: usize = 300;
/// The longest summary taken.
pub(crate) const SUMMARY_CHARS_MAX: usize = 1_000;
/// The longest address taken.
const URL_CHARS_MAX: usize = 2_000;
/// The longest name of a character, as in `&thetasym;`.
const ENTITY_CHARS_MAX: usize = 10;

/// The text of a piece of HTML: tags left out, entities decoded once, blanks run together. What comes out is text, not
/// HTML: whoever puts it into a page must escape it, as any text.
pub(crate) fn plain(html: &str, chars_max: usize) -> String {
    let mut out = Plain { text: String::new(), chars: 0, chars_max, has_gap: false };
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        if out.chars >= chars_max {
            break;
        }
        if let Some(after) = after_tag(rest) {
            // Between blocks there is a blank, within a word a tag is nothing; only a block's name tells which.
            if is_block(rest) {
                out.push(' ');
            }
            rest = after;
        } else if let Some((decoded, after)) = entity(rest) {
            out.push(decoded);
            rest = after;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.text
}

struct Plain {
    text: String,
    chars: usize,
    chars_max: usize,
    has_gap: bool,
}

impl Plain {
    fn push(&mut self, c: char) {
        // Marks that turn the direction of writing, or are not seen, could make a text read as another.
        let is_hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}');
        if c.is_whitespace() || c.is_control() {
            self.has_gap = !self.text.is_empty();
        } else if !is_hidden {
            if std::mem::take(&mut self.has_gap) {
                self.text.push(' ');
                self.chars += 1;
                if self.chars >= self.chars_max {
                    self.text.pop();
                    return;
                }
            }
            self.text.push(c);
            self.chars += 1;
        }
    }
}

/// What follows the tag or comment that the text begins with. A `<` that begins neither is text.
fn after_tag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    if let Some(comment) = inner.strip_prefix("!--") {
        return Some(comment.split_once("-->").map_or("", |(_, after)| after));
    }
    let first = inner.strip_prefix('/').unwrap_or(inner).chars().next()?;
    if !(first.is_ascii_alphabetic() || matches!(first, '!' | '?')) {
        return None;
    }
    // A tag that does not end hides the rest.
    Some(inner.split_once('>').map_or("", |(_, after)| after))
}

fn is_block(tag: &str) -> bool {
    const BLOCKS: [&str; 9] = ["p", "br", "li", "ul", "ol", "div", "h2", "h3", "blockquote"];
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    BLOCKS.iter().any(|block| name[..end].eq_ignore_ascii_case(block))
}

/// The character that an entity at the beginning stands for, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(ENTITY_CHARS_MAX + 1).position(|b| b == b';')?;
    let (name, after) = (&inner[..end], &inner[end + 1..]);
    let decoded = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "hellip" => '…',
        "bull" => '•',
        "pound" => '£',
        "euro" => '€',
        "cent" => '¢',
        "yen" => '¥',
        "eacute" => 'é',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((decoded, after))
}

/// An address that a page may link to; empty for any other.
pub(crate) fn address(url: &str) -> String {
    let url = url.trim();
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    let is_clean =
        !url.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>'));
    if is_web && is_clean && url.len() <= URL_CHARS_MAX { url.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_markup_off() {
        for (html, want) in [
            ("Shares in <strong>Apple</strong> &amp; co", "Shares in Apple & co"),
            ("<p>One.</p><p>Two.</p>", "One. Two."),
            ("pre<em>fix</em>", "prefix"),
            ("3 < 4 > 2 &lt;b&gt; x<y", "3 < 4 > 2 <b> x"),
            ("&#8217;s &#x201c;q&#X201D; &hellip; &unknown; &", "’s “q” … &unknown; &"),
            ("&amp;lt;script&amp;gt;", "&lt;script&gt;"),
            ("a<!-- <b> -->c <script>x</script>", "ac x"),
            ("open <a href=\"x", "open"),
            ("a\u{0}\n\t b\u{202e}c&#0;&#xD800;", "a bc &#xD800;"),
            ("&nbsp; x &nbsp;", "x"),
        ] {
            assert_eq!(plain(html, 100), want, "{html}");
        }
        assert_eq!(plain("<b>äöü</b> xyz", 4), "äöü");
        assert_eq!(plain("äöü xyz", 5), "äöü x");
        assert_eq!(address(" https://example.com/a?b=c "), "https://example.com/a?b=c");
        for bad in ["javascript:alert(1)", "https://a b", "https://a\"onclick=", "//x", ""] {
            assert_eq!(address(bad), "", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_html_breaks_it(html in prop_oneof![any::<String>(), "[<>&;#xa-c!/ -]{0,80}"], most in 0usize..50) {
            let text = plain(&html, most);
            prop_assert!(text.chars().count() <= most);
            prop_assert!(text.trim() == text && !text.contains("  "));
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
