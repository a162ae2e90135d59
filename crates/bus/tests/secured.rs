//! A NATS server that wants TLS, a name and a password.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::fs;

use bus::{Bus, BusError, LogStart, NatsBus, NatsConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use support::{NatsServer, batch, nats_config, soon, universe};

/// An authority's certificate, and the certificate and key of a server it signed.
fn certificates() -> (String, String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let signed = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    (signed.pem(), server.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
}

#[tokio::test]
async fn the_log_travels_encrypted_and_only_for_those_who_know_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, certificate, key) = certificates();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let ca = file("ca.pem", &ca);
    let (certificate, key) = (file("cert.pem", &certificate), file("key.pem", &key));
    let secured = ["--user", "desk", "--pass", "hush@hush", "--tls", "--tlscert"].map(str::to_owned);
    let paths = [certificate.display().to_string(), "--tlskey".into(), key.display().to_string()];
    let nats = NatsServer::start_with(secured.into_iter().chain(paths).collect()).await;
    let with = |login: &str, ca: Option<&std::path::Path>| {
        let url = nats.url().replace("nats://", &format!("tls://{login}@"));
        let ca = ca.map(Into::into);
        NatsConfig { ca, owns_universe: true, ..nats_config(&url, "feeds-1") }
    };

    let bus = NatsBus::connect(with("desk:hush%40hush", Some(&ca))).await.unwrap();
    let feeds = Bus::Nats(bus);
    feeds.publish_universe(universe()).await.unwrap();
    let mut reader = feeds.events(LogStart::New).await.unwrap();
    feeds.publish_events(batch(0, 1)).await.unwrap();
    soon("an event arrives", reader.next()).await.unwrap();

    // Nobody vouches for the certificate, or the password is another one.
    let (_, stranger, _) = certificates();
    let stranger = file("stranger.pem", &stranger);
    for config in [
        with("desk:hush%40hush", None),
        with("desk:hush%40hush", Some(&stranger)),
        with("desk:guessed-it", Some(&ca)),
        with("desk:hush%40hush", Some(&folder.path().join("missing.pem"))),
    ] {
        let refused = soon("it is refused", NatsBus::connect(config)).await.unwrap_err();
        assert!(matches!(refused, BusError::Connect { .. }), "{refused:?}");
        let told = format!("{refused} {refused:?}");
        assert!(told.contains("127.0.0.1") && !told.contains("hush") && !told.contains("guessed"), "{told}");
    }
}

#[tokio::test]
async fn a_token_opens_the_door() {
    let nats = NatsServer::start_with(vec!["--auth".into(), "sesame".into()]).await;
    let url = nats.url().replace("nats://", "nats://sesame@");
    NatsBus::connect(nats_config(&url, "feeds-1")).await.unwrap();
    let refused = NatsBus::connect(nats_config(&nats.url(), "feeds-1")).await.unwrap_err();
    assert!(matches!(refused, BusError::Connect { .. }), "{refused:?}");
}
