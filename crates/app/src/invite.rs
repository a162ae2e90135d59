//! `bellwether invite`: a link that makes somebody a user or an operator.

use std::time::Duration;

use store::records::person::Role;

use crate::cli::{InviteFlags, InviteRole};
use crate::config::{self, Config};
use crate::roles::people::{invited, link, records};
use crate::roles::{Roles, clock};
use crate::{Failure, usage};

/// How long the link is good.
const GOOD_FOR: Duration = Duration::from_secs(7 * 86_400);

/// Makes a link and prints it. A server may be at work meanwhile.
pub(crate) fn run(flags: InviteFlags) -> Result<(), Failure> {
    let role = match flags.role {
        InviteRole::User => Role::User,
        InviteRole::Operator => Role::Operator,
    };
    let config = config::load(flags.serve, Roles::ALL)?;
    exists(&config)?;
    let nanos = i64::try_from(GOOD_FOR.as_nanos()).unwrap_or(i64::MAX);
    let made = invited(&records(&config)?, role, clock()().saturating_add_nanos(nanos));
    let token = made.map_err(|error| Failure::Failed(error.into()))?;
    println!("{}", link(&config.listen, &token));
    Ok(())
}

/// A link into a folder that nobody serves would lead nowhere.
fn exists(config: &Config) -> Result<(), Failure> {
    if config.desk_database.is_some() || config.data.join("records.db").exists() {
        return Ok(());
    }
    Err(usage(format!(
        "there are no people in {}; name the folder of a server with --data, or its database with --desk-database",
        config.data.display()
    )))
}
