//! Web Push: a push service that decrypts as a browser does, and checks who sent.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use notify::push::Subscription;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{hkdf, rand};
use serde_json::Value;
use store::records::delivery::State;

use crate::world::{Answer, Received, Receiver, Setting, World, notice, now};

const ADA: i64 = 7;

/// A browser with a subscription.
struct Browser {
    private: SecretKey,
    secret: [u8; 16],
}

impl Browser {
    fn new() -> Self {
        let random: rand::Random<[u8; 32]> = rand::generate(&rand::SystemRandom::new()).unwrap();
        // All but a handful of all numbers of 32 octets are private keys.
        let private = SecretKey::from_slice(&random.expose()).unwrap();
        Self { private, secret: [9; 16] }
    }

    fn public(&self) -> Vec<u8> {
        self.private.public_key().to_encoded_point(false).as_bytes().to_vec()
    }

    fn subscription(&self, endpoint: String) -> Subscription {
        Subscription {
            endpoint,
            p256dh: URL_SAFE_NO_PAD.encode(self.public()),
            auth: URL_SAFE_NO_PAD.encode(self.secret),
        }
    }

    /// RFC 8291 and RFC 8188, from the receiver's side.
    fn decrypt(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (record, rest) = rest.split_at(4);
        assert_eq!(u32::from_be_bytes(record.try_into().unwrap()), 4_096);
        assert_eq!(rest[0], 65);
        let (theirs, sealed) = rest[1..].split_at(65);
        let key = PublicKey::from_sec1_bytes(theirs).unwrap();
        let shared = p256::ecdh::diffie_hellman(self.private.to_nonzero_scalar(), key.as_affine());
        let info = [b"WebPush: info\0", self.public().as_slice(), theirs].concat();
        let input = derived(&self.secret, shared.raw_secret_bytes(), &info, 32);
        let key = derived(salt, &input, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = derived(salt, &input, b"Content-Encoding: nonce\0", 12);
        let mut sealed = sealed.to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).unwrap();
        let end = plain.iter().rposition(|octet| *octet != 0).unwrap();
        assert_eq!(plain[end], 2, "the last record ends with 2");
        plain[..end].to_vec()
    }
}

struct Octets(usize);

impl hkdf::KeyType for Octets {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived(salt: &[u8], input: &[u8], info: &[u8], octets: usize) -> Vec<u8> {
    let mut out = vec![0; octets];
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(input);
    key.expand(&[info], Octets(octets)).unwrap().fill(&mut out).unwrap();
    out
}

/// RFC 8292, from the push service's side. Returns the key that signed.
fn assert_sender(received: &Received, origin: &str) -> String {
    let header = received.header("authorization").strip_prefix("vapid ").unwrap();
    let parts: HashMap<&str, &str> =
        header.split(',').map(|part| part.trim().split_once('=').unwrap()).collect();
    let (signed, signature) = parts["t"].rsplit_once('.').unwrap();
    let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(parts["k"]).unwrap()).unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    key.verify(signed.as_bytes(), &signature).unwrap();
    let read =
        |text: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap() };
    let (head, claims) = signed.split_once('.').unwrap();
    assert_eq!(read(head)["alg"], "ES256");
    let claims = read(claims);
    assert_eq!((&claims["aud"], &claims["sub"]), (&origin.into(), &"mailto:ops@example.com".into()));
    let left = claims["exp"].as_i64().unwrap() - now().seconds();
    assert!((3_600..=86_400).contains(&left), "{left}");
    parts["k"].to_owned()
}

async fn subscribed(world: &World, browser: &Browser, endpoint: String) -> i64 {
    let settings = serde_json::to_string(&browser.subscription(endpoint)).unwrap();
    world.channel(ADA, "web_push", settings).await.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_read_by_the_browser_alone_and_says_who_sent_it() {
    let world = World::new(Setting::default()).await;
    let mut service = Receiver::new(&[], Answer::Status(201)).await;
    let browser = Browser::new();
    let channel = subscribed(&world, &browser, service.url("/send/abc")).await;
    world.put(ADA, "a").await;
    let got = service.next().await;
    assert_eq!(got.path, "/send/abc");
    assert_eq!(got.header("content-encoding"), "aes128gcm");
    assert_eq!((got.header("ttl"), got.header("urgency")), ("14400", "high"));
    let key = assert_sender(&got, &format!("http://{}", service.address));
    assert_eq!(key, world.adapters.push.public_key());
    let payload: Value = serde_json::from_slice(&browser.decrypt(&got.body)).unwrap();
    let told = notice(ADA, "");
    assert_eq!((&payload["symbol"], &payload["price"]), (&"AAPL".into(), &"231.40".into()));
    assert_eq!((&payload["title"], &payload["body"]), (&told.title.into(), &told.body.into()));
    assert_eq!(payload["link"], "/symbol/AAPL");
    assert_eq!(world.settled(ADA, channel).await[0].state, State::Sent);
    // The key is the same after a restart: a browser subscribes to it once.
    let world = world.restarted(Setting::default()).await;
    world.put(ADA, "b").await;
    let got = service.next().await;
    assert_eq!(assert_sender(&got, &format!("http://{}", service.address)), key);
    browser.decrypt(&got.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_has_expired_is_dropped_and_one_that_is_busy_is_not() {
    let world = World::new(Setting::default()).await;
    let browser = Browser::new();
    for status in [404, 410] {
        let mut service = Receiver::new(&[], Answer::Status(status)).await;
        let channel = subscribed(&world, &browser, service.url("/")).await;
        let other = Receiver::new(&[], Answer::Status(200)).await;
        let hook = world.webhook(ADA, &other.url("/"), &notify::webhook::new_secret().unwrap()).await;
        world.put(ADA, &format!("a:{status}")).await;
        world.put(ADA, &format!("b:{status}")).await;
        service.next().await;
        crate::world::soon("it is dropped", || async {
            world.get(ADA, channel).await.is_none().then_some(())
        })
        .await;
        assert!(world.history(ADA, channel).await.is_empty());
        assert_eq!(world.settled(ADA, hook.id).await.len(), 2);
        assert!(service.is_quiet());
        world.run(move |sql| store::records::channel::remove(sql, ADA, hook.id)).await;
    }
    let mut service = Receiver::new(&[Answer::With(429, "retry-after", "1")], Answer::Status(201)).await;
    let channel = subscribed(&world, &browser, service.url("/")).await;
    world.put(ADA, "c").await;
    let (first, second) = (service.next().await, service.next().await);
    assert!((second.at - first.at).as_secs() >= 1);
    // The service shows one in the place of the other.
    assert_eq!(first.header("topic"), second.header("topic"));
    assert_eq!(browser.decrypt(&first.body), browser.decrypt(&second.body));
    assert_ne!(first.body, second.body);
    assert_eq!(world.settled(ADA, channel).await[0].tries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_leads_inside_is_sent_nothing() {
    let world = World::new(Setting { networks: &[], ..Setting::default() }).await;
    let mut service = Receiver::new(&[], Answer::Status(201)).await;
    let endpoint = format!("https://localhost:{}/", service.address.port());
    let channel = subscribed(&world, &Browser::new(), endpoint).await;
    world.put(ADA, "a").await;
    let history = world.settled(ADA, channel).await;
    assert!(history[0].state == State::Dead && history[0].why.as_deref().unwrap().contains("private"));
    assert!(service.is_quiet());
}
