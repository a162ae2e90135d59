//! People: where they are kept, the operator's key, and the link for the first operator.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use bus::LogPosition;
use ledger::UserName;
use server::http::Oidc;
use server::hub::Hub;
use server::live::Live;
use server::people::{HOUSEKEEPING, OperatorKey, Parts, People, new_secret};
use store::journal::PostgresConfig;
use store::records::person::Role;
use store::records::{RecordError, Records, invite, person};

use super::{House, clock};
use crate::config::Config;
use crate::{Failure, usage};

/// Who everybody is until there are people.
const LOCAL_USER: &str = "local";
/// Characters of a key that is made.
const KEY_CHARACTERS: usize = 43;

/// Opens the records where the settings say.
pub(crate) fn records(config: &Config) -> Result<Records, Failure> {
    let opened = match &config.desk_database {
        Some(url) => {
            Records::in_postgres(&PostgresConfig { ca: config.ca.clone(), ..PostgresConfig::new(&**url) })
        }
        None => Records::in_folder(&config.data),
    };
    opened.map_err(usage)
}

/// The same, from asynchronous code.
pub(super) async fn open(config: &Config) -> Result<Arc<Records>, Failure> {
    let config = config.clone();
    let opened = tokio::task::spawn_blocking(move || records(&config)).await;
    opened.map_err(anyhow::Error::from)?.map(Arc::new)
}

/// This server's name among those that share the records. Where they are a file of its own, it is the only one, whatever
/// its address.
pub(super) fn reader(config: &Config) -> String {
    match config.desk_database {
        Some(_) => config.instance.clone(),
        None => "own".to_owned(),
    }
}

/// Up to where this server has decided alerts.
pub(super) async fn decided(config: &Config, records: &Arc<Records>) -> Result<Option<LogPosition>, Failure> {
    let (reader, records) = (reader(config), Arc::clone(records));
    let found = tokio::task::spawn_blocking(move || server::alerts::position(&records, &reader)).await;
    Ok(found.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?)
}

/// Has the link for the first operator said where there is none yet. Blocks.
pub(super) fn start(
    house: &House,
    records: Arc<Records>,
    address: SocketAddr,
    live: &Arc<Live>,
    hub: &Arc<Hub>,
) -> Result<Arc<People>, Failure> {
    let config = &house.config;
    let local: UserName = LOCAL_USER.parse().map_err(anyhow::Error::from)?;
    let operator = operator_key(config)?;
    if let Some(said) = welcome(&records, address).map_err(|error| Failure::Failed(error.into()))? {
        // Set once, here.
        let _ = house.greeting.set(said);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let people = People::start(Parts {
        records,
        operator,
        local,
        proxies: config.proxies.clone(),
        is_loopback: address.ip().is_loopback(),
        requires_sign_in: config.require_sign_in,
        hub: Arc::clone(hub),
        live: Arc::clone(live),
        clock: clock(),
        // Half of the machine at most, so that prices go on while many sign in.
        hashed_at_once: cores.div_ceil(2),
    });
    Ok(Arc::new(people.map_err(|error| Failure::Failed(error.into()))?))
}

/// The provider people may sign in with, if one is set.
pub(super) async fn oidc(config: &Config, people: &Arc<People>) -> Result<Option<Arc<Oidc>>, Failure> {
    let Some(given) = config.oidc.clone() else { return Ok(None) };
    let provider = given.provider(config.ca.clone())?;
    let (page, records) = (config.notify.page.clone(), Arc::clone(&people.records));
    let made = move || Oidc::new(provider, given.name, given.creates, page, &records);
    let made = tokio::task::spawn_blocking(made).await.map_err(anyhow::Error::from)?;
    Ok(Some(Arc::new(made.map_err(anyhow::Error::from)?)))
}

/// Keeps house until the end begins, and then writes what is unwritten.
pub(super) async fn keep_house(people: Arc<People>, mut stop: tokio::sync::watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(HOUSEKEEPING);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => {}
        }
        if let Err(error) = people.keep_house().await {
            tracing::warn!(%error, "the records of people could not be looked after; it is tried again");
        }
    }
    if let Err(error) = people.write_uses(true).await {
        tracing::warn!(%error, "when logins were last used could not be written");
    }
}

/// Where the page takes an invite up.
pub(crate) fn link(address: &str, token: &str) -> String {
    let address = match address.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_owned(),
    };
    format!("http://{address}/welcome#{token}")
}

/// What to say at a start without an operator: the link at the first, which is good until it is used, and a
/// reminder of it later, since only its hash is kept.
fn welcome(records: &Records, address: SocketAddr) -> Result<Option<String>, server::people::PeopleError> {
    let secret = new_secret("")?;
    let (hash, now) = (secret.hash(), clock()());
    let is_new = records.run_blocking(move |sql| {
        if person::is_any_operator(sql)? {
            return Ok(None);
        }
        let waits = |invite: &invite::Invite| invite.role == Role::Operator;
        if invite::open(sql, now)?.iter().any(waits) {
            return Ok(Some(false));
        }
        invite::insert(sql, Role::Operator, &hash, None, now).map(|_| Some(true))
    })?;
    Ok(is_new.map(|is_new| match is_new {
        true => {
            let link = link(&address.to_string(), secret.text());
            format!("bellwether has no operator yet; become it, once, at {link}")
        }
        false => "bellwether has no operator yet; the link to become it was printed at the first start, and \
                  `bellwether invite` makes another"
            .to_owned(),
    }))
}

/// Makes a link of its own, as the command line asks for.
pub(crate) fn invited(
    records: &Records,
    role: Role,
    expires_at: market::Timestamp,
) -> Result<String, server::people::PeopleError> {
    let secret = new_secret("")?;
    let (hash, now) = (secret.hash(), clock()());
    let made: Result<_, RecordError> =
        records.run_blocking(move |sql| invite::insert(sql, role, &hash, Some(expires_at), now));
    made?;
    Ok(secret.text().to_owned())
}

/// The operator's key: as set, or one that is made at the first start and kept.
fn operator_key(config: &Config) -> Result<OperatorKey, Failure> {
    if let Some(key) = &config.operator_key {
        return Ok(OperatorKey::new(&**key));
    }
    let path = config.data.join("operator.key");
    match fs::read_to_string(&path) {
        Ok(kept) if !kept.trim().is_empty() => return Ok(OperatorKey::new(kept.trim())),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(usage(format!("cannot read the operator's key in {}: {error}", path.display())));
        }
    }
    let key = make_key(&path)?;
    println!("bellwether made an operator key: {key} (kept in {})", path.display());
    Ok(OperatorKey::new(key))
}

fn make_key(path: &Path) -> Result<String, Failure> {
    let mut random = [0u8; 32];
    let read = fs::File::open("/dev/urandom")
        .and_then(|mut source| std::io::Read::read_exact(&mut source, &mut random))
        .context("the system gives no random numbers");
    read.map_err(Failure::Failed)?;
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // Six bits a character; 43 hold the 256 bits.
    let bit = |at: usize| random.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
    let letter = |at: usize| (0..6).fold(0usize, |value, n| value << 1 | usize::from(bit(at * 6 + n)));
    let key: String = (0..KEY_CHARACTERS).map(|at| char::from(letters[letter(at)])).collect();
    let write = || -> std::io::Result<()> {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        writeln!(file, "{key}")?;
        file.sync_all()
    };
    write()
        .map_err(|error| usage(format!("cannot keep the operator's key in {}: {error}", path.display())))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn a_link_leads_somewhere() {
        assert_eq!(link("127.0.0.1:80", "ab"), "http://127.0.0.1:80/welcome#ab");
        assert_eq!(link("0.0.0.0:8080", "ab"), "http://localhost:8080/welcome#ab");
        assert_eq!(link("[::]:8080", "ab"), "http://localhost:8080/welcome#ab");
        assert_eq!(link("example.com:8080", "ab"), "http://example.com:8080/welcome#ab");
    }
}
