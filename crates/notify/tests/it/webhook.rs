//! Webhooks, and what holds for every kind of channel.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use notify::{Put, webhook};
use ring::hmac;
use serde_json::{Value, json};
use store::records::delivery::{self, State};

use crate::world::{Answer, Received, Receiver, Setting, World, notice, now, quick, soon};

const ADA: i64 = 7;

/// Checks both signatures, with code of its own.
fn assert_signed(received: &Received, secret: &str) {
    assert_eq!(received.header("bellwether-delivery"), received.header("webhook-id"));
    assert_signed_by_text(received, secret);
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let (id, time) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let signed = [format!("{id}.{time}.").as_bytes(), &received.body].concat();
    let given = received.header("webhook-signature").strip_prefix("v1,").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    hmac::verify(&key, &signed, &STANDARD.decode(given).unwrap()).unwrap();
    let seconds: i64 = time.parse().unwrap();
    assert!((now().seconds() - seconds).abs() < 60, "{time}");
}

/// Checks the signature under a secret of any form.
fn assert_signed_by_text(received: &Received, secret: &str) {
    let given = received.header("bellwether-signature").strip_prefix("t=").unwrap();
    let (time, hex) = given.split_once(",v1=").unwrap();
    let tag: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let signed = [format!("{time}.").as_bytes(), &received.body].concat();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &signed, &tag).unwrap();
    assert!((now().seconds() - time.parse::<i64>().unwrap()).abs() < 60, "{time}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_ones_own_signs() {
    let world = World::new(Setting::default()).await;
    let mut receiver = Receiver::new(&[Answer::Status(500)], Answer::Status(200)).await;
    world.webhook(ADA, &receiver.url("/"), "my own: äé").await;
    world.put(ADA, "a").await;
    let (first, again) = (receiver.next().await, receiver.next().await);
    for got in [&first, &again] {
        assert_signed_by_text(got, "my own: äé");
        assert!(!got.headers.contains_key("webhook-signature"), "{got:?}");
    }
    assert_eq!(first.header("bellwether-delivery"), again.header("bellwether-delivery"));
    world.put(ADA, "b").await;
    assert_ne!(receiver.next().await.header("bellwether-delivery"), first.header("bellwether-delivery"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_arrives_once_signed_and_whole() {
    let world = World::new(Setting::default()).await;
    let mut receiver = Receiver::new(&[], Answer::Status(204)).await;
    let secret = webhook::new_secret().unwrap();
    let channel = world.webhook(ADA, &receiver.url("/hook"), &secret).await;
    assert_eq!(world.put(ADA, "a:1").await, Put::Queued { channels: 1, given_up: 0 });
    assert_eq!(world.put(ADA, "a:1").await, Put::Known);
    let got = receiver.next().await;
    assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/hook"));
    assert_eq!(got.header("content-type"), "application/json");
    assert_signed(&got, &secret);
    let body: Value = serde_json::from_slice(&got.body).unwrap();
    let told = notice(ADA, "");
    assert_eq!(
        body,
        json!({
            "alert_id": "42", "rule": {"type": "price_above", "price": "231"}, "trade_time": "2025-11-21T14:30:00Z",
            "source": "sim", "message": told.title,
            "id": got.header("bellwether-delivery"), "kind": "alert", "title": told.title, "body": told.body, "symbol": "AAPL",
            "price": "231.40", "link": "https://bell.example/symbol/AAPL", "time": told.happened_at.to_string(),
        })
    );
    let history = world.settled(ADA, channel.id).await;
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].state, history[0].tries, &history[0].why), (State::Sent, 1, &None));
    assert!(world.get(ADA, channel.id).await.unwrap().health.last_sent_at.is_some());
    // Somebody else's notices do not come here.
    assert_eq!(world.put(8, "a:1").await, Put::Queued { channels: 0, given_up: 0 });
    assert!(receiver.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_reach_what_wants_another_form() {
    let world = World::new(Setting::default()).await;
    let mut receiver = Receiver::new(&[], Answer::Status(200)).await;
    let settings = |content, template: &str| {
        let settings = webhook::Settings {
            url: receiver.url("/bot1:geheim/sendMessage"),
            content,
            template: Some(template.into()),
            headers: vec![("Authorization".into(), "Basic QUM6eA==".into())],
            secret: webhook::new_secret().unwrap(),
        };
        serde_json::to_string(&settings).unwrap()
    };
    let telegram = settings(webhook::Content::Json, r#"{"chat_id": 42, "text": "{{text}}\n{{link}}"}"#);
    let gateway = settings(webhook::Content::Form, "To=%2B4912345&Body={{title}}+{{price}}");
    world.channel(ADA, "webhook", telegram).await;
    world.channel(8, "webhook", gateway).await;
    world.put(ADA, "x").await;
    let got = receiver.next().await;
    let body: Value = serde_json::from_slice(&got.body).unwrap();
    let told = notice(ADA, "");
    assert_eq!(
        body,
        json!({"chat_id": 42, "text": format!("{}\n{}\nhttps://bell.example/symbol/AAPL", told.title, told.body)})
    );
    assert_eq!(got.header("authorization"), "Basic QUM6eA==");
    world.put(8, "x").await;
    let got = receiver.next().await;
    assert_eq!(got.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(&got.body[..], b"To=%2B4912345&Body=AAPL+above+231+231.40");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_the_channel_says_so() {
    let world = World::new(Setting::default()).await;
    let mut receiver = Receiver::new(&[Answer::Status(500), Answer::Status(503)], Answer::Status(200)).await;
    let secret = webhook::new_secret().unwrap();
    let channel = world.webhook(ADA, &receiver.url("/"), &secret).await;
    world.put(ADA, "a").await;
    let (first, second, third) = (receiver.next().await, receiver.next().await, receiver.next().await);
    // The same message at each attempt, signed anew.
    for again in [&second, &third] {
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body, first.body);
        assert_signed(again, &secret);
    }
    let history = world.settled(ADA, channel.id).await;
    assert_eq!((history[0].state, history[0].tries), (State::Sent, 3));
    let health = world.get(ADA, channel.id).await.unwrap().health;
    assert_eq!((health.failures, health.failing_since, health.why), (0, None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_obeyed() {
    let world = World::new(Setting::default()).await;
    let mut receiver = Receiver::new(&[Answer::With(429, "retry-after", "2")], Answer::Status(200)).await;
    let channel = world.webhook(ADA, &receiver.url("/"), &webhook::new_secret().unwrap()).await;
    world.put(ADA, "a").await;
    let first = receiver.next().await;
    let failing = soon("it is told that the channel fails", || async {
        world.get(ADA, channel.id).await.filter(|channel| channel.health.failing_since.is_some())
    });
    assert_eq!(failing.await.health.why.as_deref(), Some("the receiver answered 429"));
    // What comes meanwhile waits, too.
    world.put(ADA, "b").await;
    let second = receiver.next().await;
    assert!(second.at - first.at >= Duration::from_secs(2), "{:?}", second.at - first.at);
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(world.settled(ADA, channel.id).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_too_often_is_a_dead_letter_that_can_be_sent_again() {
    let world = World::new(Setting::default()).await;
    let failures = vec![Answer::Status(500); 3];
    let mut receiver = Receiver::new(&failures, Answer::Status(200)).await;
    let channel = world.webhook(ADA, &receiver.url("/"), &webhook::new_secret().unwrap()).await;
    world.put(ADA, "a").await;
    let history = world.settled(ADA, channel.id).await;
    let told = (history[0].state, history[0].tries, history[0].why.as_deref());
    assert_eq!(told, (State::Dead, 3, Some("given up after 3 attempts: the receiver answered 500")));
    let dead = world.run(|sql| delivery::dead(sql, ADA, 10)).await;
    assert_eq!(dead, history);
    let id = dead[0].id;
    // Nobody else's hand.
    assert!(!world.run(move |sql| delivery::retry(sql, 8, id, now())).await);
    assert!(world.run(move |sql| delivery::retry(sql, ADA, id, now())).await);
    world.outbox.wake();
    assert_eq!(world.settled(ADA, channel.id).await[0].state, State::Sent);
    assert!(!world.run(move |sql| delivery::retry(sql, ADA, id, now())).await);
    let ids: Vec<String> =
        [receiver.next().await, receiver.next().await, receiver.next().await, receiver.next().await]
            .iter()
            .map(|got| got.header("webhook-id").to_owned())
            .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_never_go_well_is_given_up_at_once_and_a_redirect_is_not_followed() {
    let world = World::new(Setting::default()).await;
    let mut target = Receiver::new(&[], Answer::Status(200)).await;
    let to: &'static str = Box::leak(target.url("/inside").into_boxed_str());
    for (answer, told) in [
        (Answer::Status(404), "there is nothing"),
        (Answer::Status(410), "410"),
        (Answer::Status(400), "400"),
        (Answer::With(302, "location", to), "redirect"),
        (Answer::With(307, "location", to), "redirect"),
    ] {
        let receiver = Receiver::new(&[], answer).await;
        let channel = world.webhook(ADA, &receiver.url("/"), &webhook::new_secret().unwrap()).await;
        world.put(ADA, &receiver.url("")).await;
        let history = world.settled(ADA, channel.id).await;
        assert_eq!((history[0].state, history[0].tries), (State::Dead, 1), "{told}");
        assert!(history[0].why.as_deref().unwrap().contains(told), "{:?}", history[0].why);
        let id = channel.id;
        world.run(move |sql| store::records::channel::remove(sql, ADA, id)).await;
    }
    assert!(target.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_slow_or_fails_holds_up_no_other() {
    let world = World::new(Setting::default()).await;
    let mut stuck = Receiver::new(&[], Answer::Never).await;
    let mut broken = Receiver::new(&[], Answer::Status(500)).await;
    let mut well = Receiver::new(&[], Answer::Status(200)).await;
    let secret = webhook::new_secret().unwrap();
    let slow = world.webhook(ADA, &stuck.url("/"), &secret).await;
    world.webhook(ADA, &broken.url("/"), &secret).await;
    let good = world.webhook(ADA, &well.url("/"), &secret).await;
    // Nothing listens there.
    world.webhook(ADA, "http://127.0.0.1:9/", &secret).await;
    for n in 0..40 {
        world.put(ADA, &format!("a:{n}")).await;
    }
    let mut order = Vec::new();
    for _ in 0..40 {
        let id = well.next().await.header("webhook-id").to_owned();
        order.push(id.strip_prefix("msg_").unwrap().parse::<i64>().unwrap());
    }
    // In the order in which they were put.
    assert!(order.is_sorted(), "{order:?}");
    assert!(world.settled(ADA, good.id).await.iter().all(|entry| entry.state == State::Sent));
    stuck.next().await;
    broken.next().await;
    assert!(world.history(ADA, slow.id).await.iter().all(|entry| entry.state == State::Waiting));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_flight_is_sent_again_after_a_restart() {
    let world = World::new(Setting::default()).await;
    let mut receiver = Receiver::new(&[Answer::Status(200), Answer::Never], Answer::Status(200)).await;
    let secret = webhook::new_secret().unwrap();
    let channel = world.webhook(ADA, &receiver.url("/"), &secret).await;
    for n in 0..5 {
        world.put(ADA, &format!("a:{n}")).await;
    }
    let first = receiver.next().await;
    let cut = receiver.next().await;
    let world = world.killed(Setting::default()).await;
    let again = receiver.next().await;
    assert_eq!(again.header("webhook-id"), cut.header("webhook-id"));
    assert_ne!(again.header("webhook-id"), first.header("webhook-id"));
    let rest: Vec<Received> = vec![receiver.next().await, receiver.next().await, receiver.next().await];
    assert!(rest.iter().all(|got| got.header("webhook-id") != cut.header("webhook-id")));
    let history = world.settled(ADA, channel.id).await;
    assert!(history.len() == 5 && history.iter().all(|entry| entry.state == State::Sent), "{history:?}");
    // What was put before is still known, and nothing comes twice.
    assert_eq!(world.put(ADA, "a:3").await, Put::Known);
    let world = world.restarted(Setting::default()).await;
    world.put(ADA, "b").await;
    assert_eq!(world.settled(ADA, channel.id).await.len(), 6);
    receiver.next().await;
    assert!(receiver.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_leaves_alone_what_one_has_taken() {
    let setting = |name| Setting { name, is_alone: false, ..Setting::default() };
    let world = World::new(setting("one")).await;
    let mut receiver = Receiver::new(&[Answer::Never], Answer::Status(200)).await;
    let channel = world.webhook(ADA, &receiver.url("/"), &webhook::new_secret().unwrap()).await;
    world.put(ADA, "a").await;
    receiver.next().await;
    // Another begins while one is at work: what one has is not another's.
    let world = world.killed(setting("other")).await;
    world.webhook(8, &receiver.url("/8"), &webhook::new_secret().unwrap()).await;
    world.put(8, "a").await;
    assert_eq!(receiver.next().await.path, "/8");
    assert_eq!(world.history(ADA, channel.id).await[0].state, State::Waiting);
    // One itself goes on with it after its start.
    let world = world.restarted(setting("one")).await;
    assert_eq!(receiver.next().await.path, "/");
    assert_eq!(world.settled(ADA, channel.id).await[0].state, State::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_private_addresses() {
    let mut receiver = Receiver::new(&[], Answer::Status(200)).await;
    let port = receiver.address.port();
    let secret = webhook::new_secret().unwrap();
    let cases: [(&'static [&'static str], String, &str); 6] = [
        (&[], format!("http://127.0.0.1:{port}/"), "https"),
        (&[], format!("https://127.0.0.1:{port}/"), "private"),
        // Names are judged by where they lead.
        (&[], format!("https://localhost:{port}/"), "private"),
        (&["10.0.0.0/8"], format!("https://localhost:{port}/"), "private"),
        (&["10.0.0.0/8"], format!("http://localhost:{port}/"), "TLS"),
        (&["127.0.0.1"], format!("http://127.0.0.2:{port}/"), "TLS"),
    ];
    for (networks, url, told) in cases {
        let world = World::new(Setting { networks, ..Setting::default() }).await;
        let channel = world.webhook(ADA, &url, &secret).await;
        world.put(ADA, "a").await;
        let history = world.settled(ADA, channel.id).await;
        assert_eq!(history[0].state, State::Dead, "{url}");
        let why = history[0].why.as_deref().unwrap();
        assert!(why.contains(told), "{url}: {why}");
    }
    assert!(receiver.is_quiet());
    let world = World::new(Setting { networks: &["127.0.0.1"], ..Setting::default() }).await;
    world.webhook(ADA, &format!("http://localhost:{port}/"), &secret).await;
    world.put(ADA, "a").await;
    receiver.next().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_before_all_that_waits_and_is_tried_once() {
    let policy = notify::policy::Policy { pause_first: Duration::from_secs(3_600), ..quick() };
    let policy = notify::policy::Policy { pause_max: Duration::from_secs(3_600), ..policy };
    let world = World::new(Setting { policy, ..Setting::default() }).await;
    let answers = [Answer::Status(500), Answer::Status(500), Answer::Status(200)];
    let mut receiver = Receiver::new(&answers, Answer::Status(200)).await;
    let channel = world.webhook(ADA, &receiver.url("/"), &webhook::new_secret().unwrap()).await;
    world.put(ADA, "a").await;
    let held = receiver.next().await;
    let test = |key: &'static str| {
        let (id, outbox) = (channel.id, world.outbox.clone());
        let work = world.run(move |sql| delivery::put_to(sql, id, &notice(ADA, key), true, now()));
        async move {
            let made = work.await.unwrap();
            outbox.wake();
            made
        }
    };
    let failed = test("t:1").await;
    assert_eq!(receiver.next().await.header("webhook-id"), format!("msg_{failed}"));
    soon("the test is told as failed", || async {
        let history = world.history(ADA, channel.id).await;
        history.iter().any(|entry| entry.id == failed && entry.state == State::Dead).then_some(())
    })
    .await;
    let done = test("t:2").await;
    assert_eq!(receiver.next().await.header("webhook-id"), format!("msg_{done}"));
    // It went well, so what was held comes now.
    assert_eq!(receiver.next().await.header("webhook-id"), held.header("webhook-id"));
    let states: Vec<State> = world.settled(ADA, channel.id).await.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [State::Sent, State::Dead, State::Sent]);
}
