//! Connections, and what is asked of the server on each.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresConfig;
use super::fault::{Meaning, meaning, plain};
use super::tls;
use crate::journal::JournalError;

/// Read connections kept open.
const READERS: usize = 4;

/// Settings of every connection. A server that does not know one goes without.
///
/// A commit is durable whatever the server's default is. What a client that has vanished held is let go after
/// half a minute.
const SETTINGS: &str = "
    SELECT set_config(name, value, false)
    FROM (VALUES
        ('default_transaction_isolation', 'read committed'),
        ('statement_timeout', '0'),
        ('idle_session_timeout', '0'),
        ('lock_timeout', '10s'),
        ('tcp_keepalives_idle', '10'),
        ('tcp_keepalives_interval', '5'),
        ('tcp_keepalives_count', '4')
    ) AS wanted (name, value) JOIN pg_settings USING (name)
    UNION ALL
    SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = 'synchronous_commit' AND setting = 'off'";

/// A server, and connections to it that are not in use.
pub(crate) struct Server {
    config: Config,
    /// Where the connection must be encrypted.
    tls: Option<MakeRustlsConnect>,
    /// For people: never the password.
    pub(crate) place: String,
    idle: Mutex<Vec<Client>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Server {
    /// Reads a connection string.
    pub(crate) fn parse(wanted: &PostgresConfig) -> Result<Self, JournalError> {
        let unusable = |reason: String| JournalError::Unavailable {
            place: "the PostgreSQL that was named".into(),
            reason: format!("{reason}; write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE"),
        };
        let mut config =
            Config::from_str(&wanted.url).map_err(|error| unusable(super::fault::reason(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(unusable("no host is named".into()));
        }
        // "If the server likes" would be no protection: who sits between may say that it does not.
        let tls = match config.get_ssl_mode() {
            SslMode::Require => Some(
                tls::connector(wanted.ca.as_deref())
                    .map_err(|reason| JournalError::Unavailable { place: place(&config), reason })?,
            ),
            _ => None,
        };
        if tls.is_none() {
            config.ssl_mode(SslMode::Disable);
        }
        config.application_name(&format!("bellwether {}", std::process::id()));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(15));
        }
        config.keepalives_idle(Duration::from_secs(10));
        let place = place(&config);
        Ok(Self { config, tls, place, idle: Mutex::default() })
    }

    /// Connects anew.
    pub(crate) fn connect(&self) -> Result<Client, JournalError> {
        let unavailable = |error: Error| JournalError::Unavailable {
            place: self.place.clone(),
            reason: format!("{}; see that it is running", super::fault::reason(&error)),
        };
        let connected = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = connected.map_err(unavailable)?;
        client.execute(SETTINGS, &[]).map_err(unavailable)?;
        Ok(client)
    }

    /// Runs a transaction or a query on a connection of its own, so that readers wait neither for each other
    /// nor for a writer. What is run may be run twice: a kept connection may turn out to have been cut.
    pub(super) fn run<T>(
        &self,
        mut ask: impl FnMut(&mut Client) -> Result<T, Error>,
    ) -> Result<T, JournalError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut client) = kept.filter(|client| !client.is_closed()) {
            match ask(&mut client) {
                Err(error) if meaning(&error) == Meaning::Cut => {}
                answer => {
                    self.keep(client);
                    return answer.map_err(|error| plain(&error, &self.place));
                }
            }
        }
        let mut client = self.connect()?;
        let answer = ask(&mut client).map_err(|error| plain(&error, &self.place))?;
        self.keep(client);
        Ok(answer)
    }

    fn keep(&self, client: Client) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS {
            idle.push(client);
        }
    }
}

/// `USER@HOST:PORT/DATABASE`
fn place(config: &Config) -> String {
    let user = config.get_user().unwrap_or("?");
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map_or_else(|| "?".into(), ToString::to_string),
    };
    let port = config.get_ports().first().unwrap_or(&5_432);
    format!("PostgreSQL {user}@{host}:{port}/{}", config.get_dbname().unwrap_or(user))
}
