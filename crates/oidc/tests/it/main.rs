//! A sign-in against a provider of our own, which is good or bad in every way we know of.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod provider;

use std::time::Duration;

use oidc::{BadToken, Claims, Fault, Provider, Settings};
use provider::{Key, LookAlike, Mischief};

/// Where browsers come back to.
const BACK: &str = "http://127.0.0.1:1/api/v1/oidc/callback";

fn settings(look_alike: &LookAlike) -> Settings {
    Settings {
        issuer: look_alike.issuer(),
        client_id: provider::CLIENT.into(),
        client_secret: Some(provider::SECRET.into()),
        authorities: None,
    }
}

fn provider(look_alike: &LookAlike) -> Provider {
    Provider::new(settings(look_alike)).unwrap()
}

/// A whole sign-in, as the browser of who is at the look-alike.
async fn sign_in(provider: &Provider, look_alike: &LookAlike) -> Result<Claims, Fault> {
    let (url, attempt) = provider.begin(BACK.into()).await?;
    let back = look_alike.visit(&url).await;
    assert!(back.starts_with(BACK), "{back}");
    let answer = provider::query(&back);
    assert_eq!(answer["state"], attempt.state);
    provider.finish(&attempt, &answer["code"], provider::now()).await
}

#[tokio::test]
async fn a_good_provider_says_who_somebody_is() {
    for key in [Key::ec(), Key::rsa()] {
        let look_alike = LookAlike::start(key).await;
        let provider = provider(&look_alike);
        let ada = Claims {
            subject: "sub-1".into(),
            user: Some("ada".into()),
            email: Some("ada@example.com".into()),
        };
        assert_eq!(sign_in(&provider, &look_alike).await.unwrap(), ada);
        assert_eq!(sign_in(&provider, &look_alike).await.unwrap(), ada);
        // What it says of itself is asked for once.
        assert_eq!((look_alike.asked("discovery"), look_alike.asked("keys")), (1, 1));
        assert_eq!(look_alike.asked("token"), 2);
    }
}

#[tokio::test]
async fn no_token_is_believed_that_is_not_good() {
    let claim = |claim| move |bad: &BadToken| matches!(bad, BadToken::Claim { claim: c, .. } if *c == claim);
    type Told = Box<dyn Fn(&BadToken) -> bool>;
    let cases: [(Mischief, Told); 15] = [
        (Mischief::Nonce, Box::new(claim("nonce"))),
        (Mischief::NoNonce, Box::new(claim("nonce"))),
        (Mischief::Audience, Box::new(claim("aud"))),
        (Mischief::SecondAudience, Box::new(claim("azp"))),
        (Mischief::Party, Box::new(claim("azp"))),
        (Mischief::Issuer, Box::new(claim("iss"))),
        (Mischief::Expired, Box::new(claim("exp"))),
        (Mischief::FromTheFuture, Box::new(claim("iat"))),
        (Mischief::NotYet, Box::new(claim("nbf"))),
        (Mischief::NoSubject, Box::new(claim("sub"))),
        (Mischief::Unsigned, Box::new(|bad| matches!(bad, BadToken::Algorithm(a) if a == "none"))),
        (Mischief::SharedSecret, Box::new(|bad| matches!(bad, BadToken::Algorithm(a) if a == "HS256"))),
        (Mischief::ForeignKey, Box::new(|bad| *bad == BadToken::Signature)),
        (Mischief::Critical, Box::new(|bad| *bad == BadToken::Unreadable)),
        (Mischief::Garbage, Box::new(|bad| *bad == BadToken::Unreadable)),
    ];
    for key in [Key::ec, Key::rsa] {
        let look_alike = LookAlike::start(key()).await;
        let provider = provider(&look_alike);
        for (mischief, is_told) in &cases {
            look_alike.does(Some(*mischief));
            match sign_in(&provider, &look_alike).await {
                Err(Fault::Token(bad)) => assert!(is_told(&bad), "{mischief:?}: {bad}"),
                other => panic!("{mischief:?}: {other:?}"),
            }
        }
        look_alike.does(None);
        sign_in(&provider, &look_alike).await.unwrap();
    }
}

#[tokio::test]
async fn new_keys_are_asked_for_but_not_for_every_token() {
    let look_alike = LookAlike::start(Key::ec()).await;
    let provider = provider(&look_alike);
    sign_in(&provider, &look_alike).await.unwrap();
    look_alike.signs_with(Key::rsa());
    sign_in(&provider, &look_alike).await.unwrap();
    assert_eq!(look_alike.asked("keys"), 2);
    // Tokens of keys that nobody shows do not make us ask each time.
    look_alike.does(Some(Mischief::UnknownKey));
    for _ in 0..3 {
        let fault = sign_in(&provider, &look_alike).await.unwrap_err();
        assert!(matches!(fault, Fault::Token(BadToken::UnknownKey)), "{fault}");
    }
    assert_eq!(look_alike.asked("keys"), 2);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_who_asked_for_it() {
    let look_alike = LookAlike::start(Key::ec()).await;
    let provider = provider(&look_alike);
    let (url, attempt) = provider.begin(BACK.into()).await.unwrap();
    let code = provider::query(&look_alike.visit(&url).await)["code"].clone();
    // A thief of the code has another verifier.
    let (_, of_thief) = provider.begin(BACK.into()).await.unwrap();
    let fault = provider.finish(&of_thief, &code, provider::now()).await.unwrap_err();
    assert!(matches!(&fault, Fault::Refused(why) if why.contains("invalid_grant")), "{fault}");
    let fault = provider.finish(&attempt, &code, provider::now()).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused(_)), "{fault}");
    // And a client with another secret is none.
    let other = Settings { client_secret: Some("guessed".into()), ..settings(&look_alike) };
    let fault = sign_in(&Provider::new(other).unwrap(), &look_alike).await.unwrap_err();
    assert!(matches!(&fault, Fault::Refused(why) if why.contains("invalid_client")), "{fault}");
    // As the provider wants it, the secret goes in the body.
    look_alike.does(Some(Mischief::SecretInBody));
    sign_in(&self::provider(&look_alike), &look_alike).await.unwrap();
}

#[tokio::test]
async fn broken_providers_cost_bounded_time_and_memory() {
    for mischief in [
        Mischief::Slow("discovery"),
        Mischief::Slow("token"),
        Mischief::Slow("keys"),
        Mischief::Endless("discovery"),
        Mischief::Endless("token"),
        Mischief::Endless("keys"),
        Mischief::Fails("discovery"),
        Mischief::Fails("token"),
        Mischief::Fails("keys"),
        Mischief::CallsItselfOther,
        Mischief::Unencrypted,
        Mischief::Moved,
    ] {
        let look_alike = LookAlike::start(Key::ec()).await;
        let provider = provider(&look_alike);
        look_alike.does(Some(mischief));
        let tried = tokio::time::timeout(Duration::from_secs(8), sign_in(&provider, &look_alike));
        let fault = tried.await.unwrap_or_else(|_| panic!("{mischief:?} takes too long")).unwrap_err();
        let is_told = match mischief {
            Mischief::Slow(_) | Mischief::Fails(_) => matches!(fault, Fault::Away(_)),
            _ => matches!(fault, Fault::Answer(_)),
        };
        assert!(is_told, "{mischief:?}: {fault}");
        assert!(!fault.to_string().contains(provider::SECRET), "{fault}");
    }
}

#[tokio::test]
async fn a_provider_that_failed_is_left_alone_for_a_moment() {
    let look_alike = LookAlike::start(Key::ec()).await;
    let provider = provider(&look_alike);
    look_alike.does(Some(Mischief::Fails("discovery")));
    for _ in 0..5 {
        provider.begin(BACK.into()).await.unwrap_err();
    }
    assert_eq!(look_alike.asked("discovery"), 1);
    look_alike.does(None);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    provider.begin(BACK.into()).await.unwrap();
}

#[test]
fn only_encrypted_providers_are_taken_or_those_of_this_machine() {
    let of = |issuer: &str| {
        Provider::new(Settings {
            issuer: issuer.into(),
            client_id: "us".into(),
            client_secret: None,
            authorities: None,
        })
    };
    for good in
        ["https://login.example.com", "https://a.example/realms/x/", "http://[::1]:9", "http://localhost"]
    {
        of(good).unwrap();
    }
    for bad in
        ["", "login.example.com", "http://login.example.com", "ftp://a.example", "https://a.example/?b=c"]
    {
        assert!(of(bad).is_err(), "{bad}");
    }
}
