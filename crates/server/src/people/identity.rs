//! Who asks, and what that allows. Pure.

use ledger::UserName;
use store::records::person::{Person, Role};
use wire::people::ScopeName;

/// One thing a request may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Reading what is one's own.
    Read,
    /// Paper money.
    Trade,
    /// Watch lists and alerts.
    Alerts,
    /// Passwords, logins and keys. No key allows it, so that a key cannot make itself another.
    Own,
}

impl Scope {
    /// The word of the protocol; [`Own`](Self::Own) has none, since no key may have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Trade => "trade",
            Self::Alerts => "alerts",
            Self::Own => "own",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Trade => Self::Trade,
            ScopeName::Alerts => Self::Alerts,
        }
    }
}

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// The words, and those in the order of the protocol.
    const NAMES: [ScopeName; 3] = [ScopeName::Read, ScopeName::Trade, ScopeName::Alerts];

    /// Some of them.
    pub fn of(names: &[ScopeName]) -> Self {
        Self(names.iter().fold(0, |bits, name| bits | Scope::from(*name).bit()))
    }

    /// As they are stored: words with commas. An unknown word allows nothing.
    pub fn read(text: &str) -> Self {
        let names =
            Self::NAMES.iter().filter(|name| text.split(',').any(|word| word == Scope::from(**name).name()));
        Self::of(&names.copied().collect::<Vec<_>>())
    }

    /// As they are stored.
    pub fn text(self) -> String {
        self.names().into_iter().map(|name| Scope::from(name).name()).collect::<Vec<_>>().join(",")
    }

    /// As they are told.
    pub fn names(self) -> Vec<ScopeName> {
        Self::NAMES.into_iter().filter(|name| self.has(Scope::from(*name))).collect()
    }

    /// Whether this is one of them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

/// How a request showed whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Not at all: there are no people yet, and only this machine reaches the server.
    Local,
    /// By the operator's key.
    OperatorKey,
    /// By the cookie of a login, which this is the id of.
    Login(i64),
    /// By an API key.
    Key {
        /// Its id.
        id: i64,
        /// What it allows.
        scopes: Scopes,
    },
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// How they showed it.
    pub by: By,
    /// Whose records: a person's id, or 0 for those of the local user.
    pub owner: i64,
    /// What they sign in as.
    pub name: UserName,
    /// Their account at the desk.
    pub account: UserName,
    /// They may do what concerns everybody. No key allows it but the operator's.
    pub is_operator: bool,
}

impl Who {
    /// A person who showed it like this.
    pub fn of(person: &Person, by: By) -> Option<Self> {
        let is_operator = person.role == Role::Operator && matches!(by, By::Login(_));
        // What is stored has passed the grammar.
        let (name, account) = (person.name.parse().ok()?, person.account.parse().ok()?);
        Some(Self { by, owner: person.id, name, account, is_operator })
    }
}

/// Who may use a route or a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Everybody.
    Anyone,
    /// Everybody, unless the setting `require_sign_in` closes prices to those who are nobody.
    Prices,
    /// Somebody, for what is theirs.
    User(Scope),
    /// Who may do what concerns everybody.
    Operator,
}

impl Access {
    /// As the OpenAPI document tells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Prices => "prices",
            Self::User(Scope::Read) => "user:read",
            Self::User(Scope::Trade) => "user:trade",
            Self::User(Scope::Alerts) => "user:alerts",
            Self::User(Scope::Own) => "user:own",
            Self::Operator => "operator",
        }
    }
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// They are nobody yet.
    SignIn,
    /// Their key does not allow this.
    Scope(Scope),
    /// They are not the operator, but might show that they are.
    Operator,
    /// They are not an operator.
    NotOperator,
}

/// Whether somebody may, or nobody.
///
/// # Errors
/// [`Denied`].
pub fn permit(access: Access, who: Option<&Who>, requires_sign_in: bool) -> Result<(), Denied> {
    match (access, who) {
        (Access::Anyone, _) => Ok(()),
        (Access::Prices, None) if requires_sign_in => Err(Denied::SignIn),
        (Access::Prices, _) => Ok(()),
        (Access::User(_), None) => Err(Denied::SignIn),
        (Access::User(scope), Some(Who { by: By::Key { scopes, .. }, .. })) => {
            if scopes.has(scope) {
                Ok(())
            } else {
                Err(Denied::Scope(scope))
            }
        }
        (Access::User(_), Some(_)) => Ok(()),
        (Access::Operator, Some(who)) if who.is_operator => Ok(()),
        (Access::Operator, None | Some(Who { by: By::Local, .. })) => Err(Denied::Operator),
        (Access::Operator, Some(_)) => Err(Denied::NotOperator),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(by: By, is_operator: bool) -> Who {
        let name: UserName = "ada".parse().unwrap();
        Who { by, owner: 1, name, account: name, is_operator }
    }

    #[test]
    fn who_may_do_what() {
        use Access::{Anyone, Operator, Prices, User};
        let key = |names: &[ScopeName]| who(By::Key { id: 1, scopes: Scopes::of(names) }, false);
        let (user, operator) = (who(By::Login(1), false), who(By::Login(1), true));
        let (local, master) = (who(By::Local, false), who(By::OperatorKey, true));
        let reads = key(&[ScopeName::Read]);
        let all = key(&[ScopeName::Read, ScopeName::Trade, ScopeName::Alerts]);
        let scope = |scope| Err(Denied::Scope(scope));
        let cases = [
            (Anyone, None, true, Ok(())),
            (Prices, None, false, Ok(())),
            (Prices, None, true, Err(Denied::SignIn)),
            (Prices, Some(&local), true, Ok(())),
            (Prices, Some(&reads), true, Ok(())),
            (User(Scope::Read), None, false, Err(Denied::SignIn)),
            (User(Scope::Trade), Some(&local), false, Ok(())),
            (User(Scope::Own), Some(&user), false, Ok(())),
            (User(Scope::Own), Some(&master), false, Ok(())),
            (User(Scope::Read), Some(&reads), false, Ok(())),
            (User(Scope::Trade), Some(&reads), false, scope(Scope::Trade)),
            (User(Scope::Alerts), Some(&reads), false, scope(Scope::Alerts)),
            (User(Scope::Alerts), Some(&all), false, Ok(())),
            (User(Scope::Own), Some(&all), false, scope(Scope::Own)),
            (Operator, None, false, Err(Denied::Operator)),
            (Operator, Some(&local), false, Err(Denied::Operator)),
            (Operator, Some(&user), false, Err(Denied::NotOperator)),
            (Operator, Some(&all), false, Err(Denied::NotOperator)),
            (Operator, Some(&operator), false, Ok(())),
            (Operator, Some(&master), false, Ok(())),
        ];
        for (access, who, requires_sign_in, told) in cases {
            assert_eq!(permit(access, who, requires_sign_in), told, "{access:?} {who:?}");
        }
    }

    #[test]
    fn a_key_never_makes_an_operator() {
        let epoch = market::Timestamp::EPOCH;
        let person = Person {
            id: 7,
            name: "ada".into(),
            role: Role::Operator,
            account: "local".into(),
            created_at: epoch,
            password_changed_at: epoch,
            disabled_at: None,
        };
        assert!(Who::of(&person, By::Login(1)).unwrap().is_operator);
        let scopes = Scopes::read("read,trade,alerts");
        let by_key = Who::of(&person, By::Key { id: 2, scopes }).unwrap();
        assert!(!by_key.is_operator && by_key.account.as_str() == "local" && by_key.owner == 7);
    }

    #[test]
    fn scopes_are_stored_as_words() {
        for text in ["", "read", "trade", "read,alerts", "read,trade,alerts"] {
            assert_eq!(Scopes::read(text).text(), text);
        }
        assert_eq!(Scopes::read("own,admin,READ").text(), "");
    }
}
