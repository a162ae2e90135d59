//! A PostgreSQL server that is reached by TLS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "support/postgres.rs"]
#[allow(dead_code, reason = "each test program uses some of it")]
mod postgres_server;

use std::fs;

use postgres_server::PostgresServer;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use store::journal::{JournalError, Journals, PostgresConfig, PostgresJournals, Shard};

#[test]
fn a_connection_is_encrypted_and_the_servers_certificate_checked() {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap().pem();

    let server = PostgresServer::start(&["fsync=off"]);
    server.encrypt(&certificate, &key.serialize_pem());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, ca).unwrap();
    let url = format!("{}?sslmode=require", server.new_database());
    let with =
        |ca: Option<&std::path::Path>| PostgresConfig { ca: ca.map(Into::into), ..PostgresConfig::new(&url) };

    let journals = PostgresJournals::open(&with(Some(&path))).unwrap();
    let writer = journals.writer(Shard::new(0).unwrap()).unwrap();
    assert_eq!(writer.head().next_seq, 1);
    // The server's own word, for each connection there is.
    let plain = server.url("postgres");
    let mut asked = postgres::Client::connect(&plain, postgres::NoTls).unwrap();
    let rows = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'bellwether %'";
    let encrypted: Vec<bool> = asked.query(rows, &[]).unwrap().iter().map(|row| row.get(0)).collect();
    assert!(!encrypted.is_empty() && encrypted.iter().all(|ssl| *ssl), "{encrypted:?}");

    // Nobody vouches for it, or the file is none.
    let missing = folder.path().join("missing.pem");
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for ca in [None, Some(missing.as_path()), Some(empty.as_path())] {
        let refused = PostgresJournals::open(&with(ca)).unwrap_err();
        assert!(matches!(refused, JournalError::Unavailable { .. }), "{refused}");
    }
}
