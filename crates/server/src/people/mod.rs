//! People: who asks, what that allows, and what becomes of logins, keys and connections when it ends.
//!
//! | what | says |
//! | --- | --- |
//! | `identity` | who asks and what that allows; pure |
//! | `lockout` | who has guessed wrong too often; pure |
//! | `password` | which are too weak, and how they are hashed |
//! | `peer` | where a request comes from, also behind a proxy |
//! | `People` | all of it over the [records](store::records) |
//!
//! While there is nobody and only this machine reaches the server, a request that shows nothing is the local
//! user's. With the first person that ends: everything personal wants a sign-in.

pub mod identity;
mod key;
pub mod lockout;
pub mod password;
pub mod peer;
mod seen;
mod sockets;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::UserName;
use market::Timestamp;
use store::records::{RecordError, Records, Secret, SecretHash, alert, api_key, login, person, watchlist};
use wire::alerts::AlertsData;
use wire::lists::{ListHead, ListsData};

use self::identity::{By, Scopes, Who};
use self::lockout::Lockout;
use self::password::Hasher;
use self::peer::Proxies;
use self::seen::Seen;
use crate::hub::Hub;
use crate::hub::guest::Tie;
use crate::hub::topic::Owner;
use crate::live::Live;

pub use key::OperatorKey;
pub use sockets::Socket;

/// A login ends when it was not used for so long.
const LOGIN_UNUSED_MAX: Duration = Duration::from_secs(30 * 86_400);
/// And so long after its beginning in any case.
const LOGIN_AGE_MAX: Duration = Duration::from_secs(180 * 86_400);
/// How often [`People::keep_house`] is to be called.
pub const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// What API keys begin with, so that they are found where they do not belong.
const KEY_PREFIX: &str = "bwk_";

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the service is made of.
pub struct Parts {
    /// Where people are kept.
    pub records: Arc<Records>,
    /// What makes a request the operator's.
    pub operator: OperatorKey,
    /// The account of the local user and of the operator's key.
    pub local: UserName,
    /// Whose word on where a request comes from is taken.
    pub proxies: Proxies,
    /// The server listens on a loopback address only.
    pub is_loopback: bool,
    /// Prices are for those who signed in.
    pub requires_sign_in: bool,
    /// Ends connections.
    pub hub: Arc<Hub>,
    /// Shows accounts.
    pub live: Arc<Live>,
    /// The time.
    pub clock: Clock,
    /// Passwords hashed at a time.
    pub hashed_at_once: usize,
}

/// Everything about people that a server does.
pub struct People {
    /// Where people are kept.
    pub records: Arc<Records>,
    /// Whose word on where a request comes from is taken.
    pub proxies: Proxies,
    /// Prices are for those who signed in.
    pub requires_sign_in: bool,
    /// Hashes passwords.
    pub hasher: Hasher,
    live: Arc<Live>,
    hub: Arc<Hub>,
    operator: OperatorKey,
    local: UserName,
    is_loopback: bool,
    clock: Clock,
    seen: Seen,
    lockout: Mutex<Lockout>,
    sockets: Arc<sockets::Sockets>,
    /// Nobody was added yet.
    is_empty: AtomicBool,
    /// Whose account the local user's is now; 0 is nobody's.
    local_owner: AtomicI64,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").field("records", &self.records).finish_non_exhaustive()
    }
}

/// Why nothing can be begun.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The records say no.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// 256 random bits behind a prefix.
///
/// # Errors
/// [`PeopleError::Random`].
pub fn new_secret(prefix: &str) -> Result<Secret, PeopleError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| PeopleError::Random)?;
    Ok(Secret::new(prefix, random))
}

impl People {
    /// Reads whether there is anybody. Blocks.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub fn start(parts: Parts) -> Result<Self, PeopleError> {
        let hasher = Hasher::new(parts.hashed_at_once);
        let people = Self {
            records: parts.records,
            proxies: parts.proxies,
            requires_sign_in: parts.requires_sign_in,
            hasher,
            live: parts.live,
            hub: parts.hub,
            operator: parts.operator,
            local: parts.local,
            is_loopback: parts.is_loopback,
            clock: parts.clock,
            seen: Seen::default(),
            lockout: Mutex::default(),
            sockets: Arc::default(),
            is_empty: AtomicBool::new(true),
            local_owner: AtomicI64::new(0),
        };
        let local = people.local;
        let found = people.records.run_blocking(move |sql| look(sql, local))?;
        people.note(found);
        Ok(people)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The account of the local user, which the first operator takes over.
    pub fn local(&self) -> UserName {
        self.local
    }

    /// A request that shows nothing is the local user's.
    pub fn is_local(&self) -> bool {
        self.is_loopback && self.proxies.is_empty() && self.is_empty.load(Ordering::Relaxed)
    }

    /// There is nobody yet.
    pub fn is_empty(&self) -> bool {
        self.is_empty.load(Ordering::Relaxed)
    }

    fn acting(&self, by: By) -> Who {
        let owner = self.local_owner.load(Ordering::Relaxed);
        Who { by, owner, name: self.local, account: self.local, is_operator: by == By::OperatorKey }
    }

    /// The local user, while there is one.
    pub fn local_user(&self) -> Option<Who> {
        self.is_local().then(|| self.acting(By::Local))
    }

    /// Whether this text is the operator's key.
    pub fn is_operator_key(&self, text: &str) -> bool {
        self.operator.is(text)
    }

    /// Who shows this text as their key; `None` where nobody does.
    ///
    /// # Errors
    /// What the records say.
    pub async fn by_key(&self, text: &str) -> Result<Option<Who>, RecordError> {
        if self.operator.is(text) {
            return Ok(Some(self.acting(By::OperatorKey)));
        }
        if !text.starts_with(KEY_PREFIX) {
            return Ok(None);
        }
        let (hash, now) = (SecretHash::of(text), self.now());
        if let Some(who) = self.seen.get(&hash, now) {
            return Ok(Some(who));
        }
        let question = self.seen.ask();
        let found = self.records.run(move |sql| api_key::find(sql, &hash)).await?;
        let Some((key, person)) = found.filter(|(_, person)| person.disabled_at.is_none()) else {
            return Ok(None);
        };
        let scopes = Scopes::read(&key.scopes);
        let Some(who) = Who::of(&person, By::Key { id: key.id, scopes }) else { return Ok(None) };
        self.seen.put(question, hash, who, key.last_used_at.unwrap_or(Timestamp::EPOCH), now);
        Ok(Some(who))
    }

    /// Whose login this text is the cookie of; `None` where it has ended.
    ///
    /// # Errors
    /// What the records say.
    pub async fn by_login(&self, text: &str) -> Result<Option<Who>, RecordError> {
        let (hash, now) = (SecretHash::of(text), self.now());
        if let Some(who) = self.seen.get(&hash, now) {
            return Ok(Some(who));
        }
        let question = self.seen.ask();
        let found = self.records.run(move |sql| login::find(sql, &hash)).await?;
        let Some((login, person)) = found.filter(|(_, person)| person.disabled_at.is_none()) else {
            return Ok(None);
        };
        if login.created_at < before(now, LOGIN_AGE_MAX) || login.last_used_at < before(now, LOGIN_UNUSED_MAX)
        {
            return Ok(None);
        }
        let Some(who) = Who::of(&person, By::Login(login.id)) else { return Ok(None) };
        self.seen.put(question, hash, who, login.last_used_at, now);
        Ok(Some(who))
    }

    /// Begins a login, and returns its cookie's text. The one it follows, told by its owner and its id, ends.
    ///
    /// # Errors
    /// [`PeopleError`].
    pub async fn sign_in(
        &self,
        person: i64,
        before: Option<(i64, i64)>,
        (address, agent): (IpAddr, String),
    ) -> Result<Secret, PeopleError> {
        let secret = new_secret("")?;
        let (hash, now, address) = (secret.hash(), self.now(), address.to_string());
        let over = self.records.run(move |sql| {
            if let Some((owner, id)) = before {
                login::remove(sql, owner, id)?;
            }
            login::insert(sql, person, &hash, (&address, &agent), now).map(|(_, over)| over)
        });
        let over = over.await?;
        self.ended_logins(&[over, before.map(|(_, id)| id).into_iter().collect()].concat());
        Ok(secret)
    }

    /// Logins have ended: nobody is taken for theirs any more, and their connections end.
    pub fn ended_logins(&self, ids: &[i64]) {
        if ids.is_empty() {
            return;
        }
        self.seen.revoke(|who| matches!(who.by, By::Login(id) if ids.contains(&id)));
        self.hub.end(&ids.iter().map(|id| Tie::Login(*id)).collect::<Vec<_>>());
    }

    /// A key has ended, and so do its connections.
    pub fn ended_key(&self, id: i64) {
        self.seen.revoke(|who| matches!(who.by, By::Key { id: theirs, .. } if theirs == id));
        self.hub.end(&[Tie::Key(id)]);
    }

    /// Something about a person has changed that the answers of before do not say. Connections of logins and
    /// keys that are gone end with the next [`keep_house`](Self::keep_house), or at once by
    /// [`look_at_sockets`](Self::look_at_sockets).
    pub fn changed_person(&self, person: i64) {
        self.seen.revoke(|who| who.owner == person);
    }

    /// Somebody was added: requests that show nothing are nobody's from now on.
    pub fn added_person(&self, added: &person::Person) {
        self.is_empty.store(false, Ordering::Relaxed);
        if added.account == self.local.as_str() {
            self.local_owner.store(added.id, Ordering::Relaxed);
        }
        self.hub.end(&[Tie::Local]);
    }

    /// Counts an attempt to sign in, or tells how long is to be waited.
    ///
    /// # Errors
    /// The time to wait.
    pub fn attempt(&self, user: &str, address: &str) -> Result<(), Duration> {
        self.lockout().attempt(user, address, self.now())
    }

    /// Who has tried how often.
    pub fn lockout(&self) -> MutexGuard<'_, Lockout> {
        self.lockout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, (is_empty, local_owner): (bool, i64)) {
        let was_empty = self.is_empty.swap(is_empty, Ordering::Relaxed);
        self.local_owner.store(local_owner, Ordering::Relaxed);
        if was_empty && !is_empty {
            self.hub.end(&[Tie::Local]);
        }
    }

    /// Writes what was used, ends what is too old, and takes note of what other servers have changed. To be
    /// called every [`HOUSEKEEPING`].
    ///
    /// # Errors
    /// What the records say; what is left undone is done the next time.
    pub async fn keep_house(&self) -> Result<(), RecordError> {
        self.write_uses(false).await?;
        let (now, local) = (self.now(), self.local);
        let found = self.records.run(move |sql| {
            login::expire(sql, before(now, LOGIN_AGE_MAX), before(now, LOGIN_UNUSED_MAX))?;
            look(sql, local)
        });
        self.note(found.await?);
        for Owner(owner) in self.live.lists.owners() {
            self.changed_lists(owner).await;
        }
        self.look_at_sockets().await
    }

    /// Ends the connections whose login or key is gone.
    ///
    /// # Errors
    /// What the records say.
    pub async fn look_at_sockets(&self) -> Result<(), RecordError> {
        let ties = self.sockets.ties();
        let logins: Vec<i64> =
            ties.iter().filter_map(|tie| if let Tie::Login(id) = tie { Some(*id) } else { None }).collect();
        let keys: Vec<i64> =
            ties.iter().filter_map(|tie| if let Tie::Key(id) = tie { Some(*id) } else { None }).collect();
        if logins.is_empty() && keys.is_empty() {
            return Ok(());
        }
        let alive =
            self.records.run(move |sql| Ok((login::alive(sql, &logins)?, api_key::alive(sql, &keys)?)));
        let (logins, keys) = alive.await?;
        let is_gone = |tie: &Tie| match tie {
            Tie::Login(id) => !logins.contains(id),
            Tie::Key(id) => !keys.contains(id),
            Tie::Local => false,
        };
        self.hub.end(&ties.into_iter().filter(is_gone).collect::<Vec<_>>());
        Ok(())
    }

    /// Writes when logins and keys were last used: what has waited for long, or everything.
    ///
    /// # Errors
    /// What the records say.
    pub async fn write_uses(&self, is_all: bool) -> Result<(), RecordError> {
        let (logins, keys) = self.seen.take_uses(is_all);
        if logins.is_empty() && keys.is_empty() {
            return Ok(());
        }
        self.records
            .run(move |sql| {
                login::touch(sql, &logins)?;
                api_key::touch(sql, &keys)
            })
            .await
    }

    /// A connection of somebody's begins; see [`Socket`]. `lists` is whose watch lists it may watch.
    pub fn socket(&self, tie: Option<Tie>, account: Option<UserName>, lists: Option<i64>) -> Socket {
        let account = account.map(|user| self.live.watch_account(user));
        let lists = lists.map(|owner| self.live.watch_lists(Owner(owner)));
        Socket::open(&self.sockets, tie, account, lists)
    }

    /// Somebody's watch lists have changed: those who watch them are told. What cannot be read now is told by the
    /// next [`keep_house`](Self::keep_house).
    pub async fn changed_lists(&self, owner: i64) {
        let (live, hub) = (Arc::clone(&self.live), Arc::clone(&self.hub));
        // On the records' thread, so that of two changes the later is told last.
        let told = self.records.run(move |sql| {
            let head = |list: watchlist::Watchlist| ListHead {
                id: list.id.to_string(),
                name: list.name,
                version: list.version,
            };
            let watchlists = watchlist::list(sql, owner)?.into_iter().map(head).collect();
            hub.publish(live.lists_block(Owner(owner), ListsData { watchlists }));
            Ok(())
        });
        if let Err(error) = told.await {
            tracing::warn!(%error, "a change of watch lists could not be told; it is tried again");
        }
    }

    /// Tells those who watch somebody's alerts in which version they are.
    pub async fn changed_alerts(&self, owner: i64) {
        let (live, hub) = (Arc::clone(&self.live), Arc::clone(&self.hub));
        let told = self.records.run(move |sql| {
            let version = alert::newest_revision(sql, owner)?;
            hub.publish(live.alerts_block(Owner(owner), AlertsData { version }));
            Ok(())
        });
        if let Err(error) = told.await {
            tracing::warn!(%error, "a change of alerts could not be told");
        }
    }

    /// Shows an account to those who watch it.
    pub fn show_account(&self, user: &UserName, body: wire::desk::AccountBody) {
        self.live.show_account(user, body);
    }

    /// A new API key.
    ///
    /// # Errors
    /// [`PeopleError::Random`].
    pub fn new_key() -> Result<Secret, PeopleError> {
        new_secret(KEY_PREFIX)
    }
}

/// Whether there is nobody, and whose the local account is.
fn look(sql: &mut dyn store::records::Sql, local: UserName) -> Result<(bool, i64), RecordError> {
    let owner = person::by_account(sql, local.as_str())?.map_or(0, |person| person.id);
    Ok((!person::is_any(sql)?, owner))
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    now.saturating_add_nanos(-i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
}
