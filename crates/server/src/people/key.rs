//! The operator's key.

use std::fmt;

/// The key that makes a request the operator's. Compared in a time that does not depend on where it differs,
/// and never shown.
pub struct OperatorKey(String);

impl OperatorKey {
    /// This key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// Whether this text is the key.
    pub fn is(&self, other: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.as_bytes());
        let differences = ours.iter().zip(theirs).fold(0u8, |all, (a, b)| all | (a ^ b));
        !ours.is_empty() && ours.len() == theirs.len() && std::hint::black_box(differences) == 0
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::OperatorKey;

    #[test]
    fn a_key_is_itself_only() {
        let key = OperatorKey::new("geheim");
        assert!(key.is("geheim"));
        for other in ["", "geheim ", "geheiM", "geheimgeheim", "g"] {
            assert!(!key.is(other), "{other}");
        }
        assert!(!OperatorKey::new("").is(""));
        assert_eq!(format!("{key:?}"), "OperatorKey(***)");
    }
}
