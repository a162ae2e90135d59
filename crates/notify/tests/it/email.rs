//! E-mail, to an SMTP server that reads what arrives.

use store::records::delivery::State;

use crate::smtp::SmtpServer;
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
