//! E-mail, to an SMTP server that reads what arrives.

use std::sync::Arc;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use store::records::delivery::State;
use tokio_rustls::TlsAcceptor;

use crate::smtp::{Encryption, SmtpServer};
use crate::world::{Setting, World, notice};

const ADA: i64 = 7;

async fn with(replies: &[&'static str]) -> (World, SmtpServer, i64) {
    let server = SmtpServer::new(replies).await;
    let world = World::new(Setting { smtp: Some(server.url()), ..Setting::default() }).await;
    let channel = world.channel(ADA, "email", r#"{"address": "ada@example.org"}"#.into()).await.id;
    (world, server, channel)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_arrives() {
    let (world, mut server, channel) = with(&[]).await;
    world.put(ADA, "a").await;
    let letter = server.next().await;
    assert_eq!(
        (letter.from.as_str(), letter.to.as_slice()),
        ("bell@example.com", &["ada@example.org".to_owned()][..])
    );
    assert_eq!(letter.header("Subject"), "AAPL above 231");
    assert_eq!(letter.header("From"), "Bellwether <bell@example.com>");
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.header("Date"), "Fri, 21 Nov 2025 14:30:00 +0000");
    let text = letter.text();
    for part in [notice(ADA, "").body.as_str(), "Price: 231.40", "https://bell.example/symbol/AAPL"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(world.settled(ADA, channel).await[0].state, State::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again_with_the_same_letter() {
    let (world, mut server, channel) = with(&["451 later", "RCPT 450 greylisted"]).await;
    world.put(ADA, "a").await;
    let letter = server.next().await;
    let entry = world.settled(ADA, channel).await.remove(0);
    assert_eq!((entry.state, entry.tries), (State::Sent, 3));
    assert!(letter.header("Message-ID").starts_with(&format!("<msg_{}.", entry.id)));
    assert!(server.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_who_is_not_there_is_told_as_such() {
    let (world, mut server, channel) = with(&["RCPT 550 nobody of this name"]).await;
    world.put(ADA, "a").await;
    let entry = world.settled(ADA, channel).await.remove(0);
    assert_eq!((entry.state, entry.tries), (State::Dead, 1));
    assert!(entry.why.as_deref().unwrap().contains("550"), "{entry:?}");
    // Its channel goes on with the next.
    world.put(ADA, "b").await;
    server.next().await;
    assert_eq!(world.settled(ADA, channel).await[0].state, State::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_letters_are_given_up_with_a_word() {
    let world = World::new(Setting::default()).await;
    let channel = world.channel(ADA, "email", r#"{"address": "ada@example.org"}"#.into()).await.id;
    world.put(ADA, "a").await;
    let entry = world.settled(ADA, channel).await.remove(0);
    assert!(entry.state == State::Dead && entry.why.as_deref().unwrap().contains("operator"), "{entry:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_waited_for() {
    let gone = SmtpServer::new(&[]).await.url();
    let world = World::new(Setting { smtp: Some(gone), ..Setting::default() }).await;
    let channel = world.channel(ADA, "email", r#"{"address": "ada@example.org"}"#.into()).await.id;
    world.put(ADA, "a").await;
    let entry = world.settled(ADA, channel).await.remove(0);
    assert_eq!((entry.state, entry.tries), (State::Dead, 3));
    assert!(entry.why.as_deref().unwrap().contains("cannot be reached"), "{entry:?}");
}

/// An authority's certificate (PEM), and a server's end of TLS with a certificate it signed.
fn certified() -> (String, TlsAcceptor) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let signed = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &issuer).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    (signed.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_and_passwords_travel_encrypted() {
    let (ca, tls) = certified();
    let folder = tempfile::tempdir().unwrap();
    let authorities = folder.path().join("ca.pem");
    std::fs::write(&authorities, ca).unwrap();
    for (scheme, encryption) in
        [("smtps", Encryption::AtOnce(tls.clone())), ("smtp", Encryption::WhenAsked(tls.clone()))]
    {
        let mut server = SmtpServer::with(&[], encryption).await;
        let url = format!("{scheme}://bell:hush%40hush@localhost:{}", server.address.port());
        let authorities = Some(authorities.clone());
        let world = World::new(Setting { smtp: Some(url), authorities, ..Setting::default() }).await;
        let channel = world.channel(ADA, "email", r#"{"address": "ada@example.org"}"#.into()).await.id;
        // The second goes over the connection of the first.
        for dedupe in ["a", "b"] {
            world.put(ADA, dedupe).await;
            let letter = server.next().await;
            assert!(letter.is_encrypted, "{scheme}");
            let login = base64::engine::general_purpose::STANDARD.decode(letter.login.unwrap()).unwrap();
            assert_eq!(login, b"\0bell\0hush@hush");
        }
        assert_eq!(world.settled(ADA, channel).await[0].state, State::Sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_vouches_or_no_tls_is_offered_nothing_is_sent() {
    let (_, tls) = certified();
    for (scheme, encryption) in [("smtps", Encryption::AtOnce(tls)), ("smtp", Encryption::Never)] {
        let mut server = SmtpServer::with(&[], encryption).await;
        let url = format!("{scheme}://bell:hush@localhost:{}", server.address.port());
        let world = World::new(Setting { smtp: Some(url), ..Setting::default() }).await;
        let channel = world.channel(ADA, "email", r#"{"address": "ada@example.org"}"#.into()).await.id;
        world.put(ADA, "a").await;
        let entry = world.settled(ADA, channel).await.remove(0);
        assert_ne!(entry.state, State::Sent);
        assert!(entry.why.as_deref().unwrap().contains("TLS"), "{scheme}: {entry:?}");
        assert!(server.is_quiet());
    }
}
