//! Names that come from outside: users and the files of DUMPLOG.

use std::fmt;
use std::sync::Arc;

/// The longest user name, in bytes.
pub const USER_BYTES_MAX: usize = 64;

/// The longest file name of DUMPLOG, in bytes, without a leading `./`.
pub const FILE_BYTES_MAX: usize = 64;

/// Who acts: 1 to 64 visible ASCII characters (`!` to `~`) except the comma, which parts
/// the arguments of a line. Case matters.
///
/// Unused bytes are zero, so that the derived equality and order are those of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserName {
    bytes: [u8; USER_BYTES_MAX],
    len: u8,
}

/// Why a text is not a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// The text is empty.
    #[error("a user name cannot be empty")]
    Empty,
    /// The text has more than [`USER_BYTES_MAX`] bytes.
    #[error("a user name has at most 64 characters")]
    TooLong,
    /// A space, a comma, a control character or anything beyond ASCII.
    #[error("a user name has visible ASCII characters only, and no comma")]
    Character,
}

impl UserName {
    /// Nobody's name: who a DUMPLOG of everything, or a line without a usable name, is entered
    /// under. Its text is empty, which no user's is.
    pub const SYSTEM: Self = Self { bytes: [0; USER_BYTES_MAX], len: 0 };

    /// Reads a name, refusing what the grammar does not allow.
    pub fn new(text: &str) -> Result<Self, UserNameError> {
        let text = text.as_bytes();
        if text.is_empty() {
            return Err(UserNameError::Empty);
        }
        if text.len() > USER_BYTES_MAX {
            return Err(UserNameError::TooLong);
        }
        if !text.iter().all(|b| b.is_ascii_graphic() && *b != b',') {
            return Err(UserNameError::Character);
        }
        let mut bytes = [0; USER_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text);
        // The length fits: it is at most 64.
        Ok(Self { bytes, len: text.len() as u8 })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // The constructor admits ASCII only.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::hash::Hash for UserName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // The text only: the padding says nothing more.
        self.as_bytes().hash(state);
    }
}

impl std::str::FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        Self::new(text)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserName({})", self.as_str())
    }
}

/// A user's place in one ledger's table: dense, so that tables are vectors.
///
/// It means nothing outside the ledger that gave it out; in any journal or answer the name
/// stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u32);

impl UserId {
    /// The id of [`UserName::SYSTEM`], in every ledger.
    pub const SYSTEM: Self = Self(0);

    /// The index into a dense table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The file a DUMPLOG names, as it was given: an optional `./`, then 1 to 64 letters, digits,
/// `.`, `-` or `_`, not beginning with a point and without two points in a row.
///
/// So no path leads out of the one folder the logs go to (section 3.7 of the rules). Shared
/// text, so that copying an entry does not copy it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName(Arc<str>);

/// Why a text is not a file name for DUMPLOG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a file name has at most 64 letters, digits and . - _ and leads nowhere: no / and no ..")]
pub struct FileNameError;

impl FileName {
    /// Reads a file name, refusing what the grammar does not allow.
    pub fn new(text: &str) -> Result<Self, FileNameError> {
        let bare = text.strip_prefix("./").unwrap_or(text);
        let letters = bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        let length = (1..=FILE_BYTES_MAX).contains(&bare.len());
        if !letters || !length || bare.starts_with('.') || bare.contains("..") {
            return Err(FileNameError);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The text as it was given, with its `./` if it had one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the file itself.
    pub fn bare(&self) -> &str {
        self.0.strip_prefix("./").unwrap_or(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_visible_ascii() {
        for good in ["oY01WVirLr", "a", "someone@example.org", "x<y>&\"z\""] {
            assert_eq!(UserName::new(good).map(|n| n.to_string()), Ok(good.to_owned()));
        }
        assert!(UserName::new(&"x".repeat(64)).is_ok());
        assert_eq!(UserName::new(""), Err(UserNameError::Empty));
        assert_eq!(UserName::new(&"x".repeat(65)), Err(UserNameError::TooLong));
        for bad in ["a b", " a", "a,b", "a\n", "a\0", "é", "日本"] {
            assert_eq!(UserName::new(bad), Err(UserNameError::Character), "{bad:?}");
        }
    }

    #[test]
    fn file_names_lead_nowhere() {
        for good in ["testLOG", "./testLOG", "./finalLOG", "a.b-c_d.xml"] {
            assert_eq!(FileName::new(good).map(|f| f.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(FileName::new("./testLOG").unwrap().bare(), "testLOG");
        for bad in
            ["", "./", ".", "..", "../x", "a/b", "/etc/passwd", "./../x", "a..b", ".x", "a b", "a\\b", "é"]
        {
            assert_eq!(FileName::new(bad), Err(FileNameError), "{bad:?}");
        }
        assert_eq!(FileName::new(&"x".repeat(65)), Err(FileNameError));
    }
}
