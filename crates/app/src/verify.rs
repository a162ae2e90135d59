//! `bellwether verify`: proves the ledger.

use std::io::Write as _;
use std::path::Path;

use desk::{Proof, verify};

use crate::config::Config;
use crate::roles::{clock, desk::journals};
use crate::{Failure, usage};

/// Proves every shard and says what was found. A server may be at work meanwhile.
pub(crate) fn run(config: &Config) -> Result<(), Failure> {
    if config.desk_database.is_none() && !has_journal(&config.data) {
        return Err(usage(format!(
            "there is no ledger in {}; name the folder of a desk with --data, or its database with --desk-database",
            config.data.display()
        )));
    }
    let journals = journals(config)?;
    let proofs = verify(&journals, clock()()).map_err(|error| Failure::Failed(error.into()))?;
    let mut out = std::io::stdout().lock();
    for proof in &proofs {
        // A closed pipe is nobody's fault.
        let _ = writeln!(out, "{}", line(proof));
    }
    let entries: u64 = proofs.iter().map(|proof| proof.verification.entries()).sum();
    if proofs.iter().all(|proof| proof.verification.is_ok()) {
        let _ = writeln!(out, "the ledger is sound: {entries} entries in {}", journals.place());
        return Ok(());
    }
    Err(Failure::Failed(anyhow::anyhow!(
        "the ledger in {} is damaged; restore it from a copy, and keep this one for those who look for the cause",
        journals.place()
    )))
}

fn line(proof: &Proof) -> String {
    let Proof { shard, verification, users } = proof;
    let (entries, time) = (verification.entries(), verification.time);
    match &verification.damage {
        None => format!(
            "shard {shard}: {entries} entries of {users} users proved at {time}: chain, rules, balances"
        ),
        Some(damage) => format!("shard {shard}: damaged after {entries} entries, at {damage}"),
    }
}

fn has_journal(folder: &Path) -> bool {
    folder.join("journal.db").exists()
}
