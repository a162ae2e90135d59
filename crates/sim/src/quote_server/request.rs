//! What a client asks: `SYMBOL,USER` and a line feed.

/// The longest request with its line end, in bytes.
pub(super) const BYTES_MAX: usize = 256;

/// Characters of a symbol that the server looks at.
const SYMBOL_CHARACTERS: usize = 3;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// At most three characters, in capitals, whatever was asked.
    pub(super) symbol: String,
    /// As it came.
    pub(super) user: String,
}

impl Request {
    /// Reads a line, with or without its line end; `None` when it is none of these: printable ASCII, one
    /// comma, something on both sides.
    ///
    /// Only the line end is taken off: clients that send spaces get them back.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let text = str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
        let (symbol, user) = text.split_once(',')?;
        let printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !printable || symbol.is_empty() || user.is_empty() || user.contains(',') {
            return None;
        }
        let symbol = symbol.chars().take(SYMBOL_CHARACTERS).collect::<String>().to_ascii_uppercase();
        Some(Self { symbol, user: user.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_and_raises_the_symbol() {
        let read = |line: &str| Request::parse(line.as_bytes()).map(|r| (r.symbol, r.user));
        let pair = |symbol: &str, user: &str| Some((symbol.to_owned(), user.to_owned()));
        assert_eq!(read("ABC,oY01WVirLr\n"), pair("ABC", "oY01WVirLr"));
        assert_eq!(read("oY01WVirLr,S\r\n"), pair("OY0", "S"));
        assert_eq!(read("s,user "), pair("S", "user "));
        for bad in ["", "\n", "ABC", "ABC,\n", ",user\n", "A,b,c\n", "A\0,b\n", "Ä,b\n", "A\n,b\n"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn survives_anything(line in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(request) = Request::parse(&line) {
                prop_assert!((1..=3).contains(&request.symbol.len()));
                prop_assert!(!request.user.is_empty() && !request.user.contains(','));
            }
        }
    }
}
