//! Signing in with a provider, as a browser does it: following redirects, with its cookies.

#[allow(dead_code, reason = "the tests of `oidc` use more of it")]
#[path = "../../../../oidc/tests/it/provider.rs"]
mod provider;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::provider::{Key, LookAlike, Mischief};
use super::{add, as_operator, assert_problem, signed_in, somebody, with_json};
use crate::house::{Bellwether, Got, LONG, got};

/// A browser with a jar of cookies, which follows redirects between the two servers.
struct Jar<'a> {
    house: &'a Bellwether,
    look_alike: &'a LookAlike,
    http: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Jar<'a> {
    fn new(house: &'a Bellwether, look_alike: &'a LookAlike) -> Self {
        let none = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().timeout(LONG).redirect(none).build().unwrap();
        Self { house, look_alike, http, cookies: RefCell::default() }
    }

    fn ask(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.house.address());
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.http.request(method.parse().unwrap(), url).header("cookie", cookies.join("; "))
    }

    /// Asks our server; the answer, and where it leads.
    async fn step(&self, request: reqwest::RequestBuilder) -> (Got, Option<String>) {
        let answer = request.send().await.unwrap();
        for value in answer.headers().get_all("set-cookie") {
            let (pair, attributes) = value.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(attributes.contains("HttpOnly"), "{attributes}");
            match value {
                "" => drop(self.cookies.borrow_mut().remove(name)),
                value => drop(self.cookies.borrow_mut().insert(name.into(), value.into())),
            }
        }
        let text = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (content_type, location) = (text("content-type").unwrap_or_default(), text("location"));
        let status = answer.status().as_u16();
        (Got { status, content_type, body: answer.text().await.unwrap() }, location)
    }

    /// Clicks on a link of ours and follows it, to the provider and back, until there is a page: its path.
    async fn click(&self, path: &str) -> String {
        let mut at = path.to_owned();
        for _ in 0..6 {
            let (got, location) = self.step(self.ask("GET", &at)).await;
            let Some(location) = location else { return at };
            assert_eq!(got.status, 303);
            at = match location.starts_with('/') {
                true => location,
                false => self.back(&location).await,
            };
        }
        panic!("there is no end to it: {at}");
    }

    /// Through the provider's page, and back to a way of ours.
    async fn back(&self, url: &str) -> String {
        let back = self.look_alike.visit(url).await;
        let ours = format!("http://{}", self.house.address());
        back.strip_prefix(&ours).unwrap_or_else(|| panic!("{back} is not {ours}")).to_owned()
    }

    async fn json(&self, path: &str) -> Value {
        let (got, _) = self.step(self.ask("GET", path)).await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        got.json()
    }

    /// Who one is.
    async fn user(&self) -> Value {
        self.json("/api/v1/me").await["user"].clone()
    }

    fn has(&self, cookie: &str) -> bool {
        self.cookies.borrow().contains_key(cookie)
    }
}

fn house(data: &std::path::Path, look_alike: &LookAlike, more: &[&str]) -> Bellwether {
    let issuer = look_alike.issuer();
    let flags = ["--oidc-issuer", &issuer, "--oidc-client-id", provider::CLIENT, "--oidc-name", "The Club"];
    let secret = data.join("secret");
    std::fs::write(&secret, format!("{}\n", provider::SECRET)).unwrap();
    let file = ["--oidc-client-secret-file", secret.to_str().unwrap()];
    Bellwether::with_operator(data, &[&flags[..], &file[..], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_provider_knows_comes_in_where_that_is_allowed() {
    let (data, look_alike) = (tempfile::tempdir().unwrap(), LookAlike::start(Key::ec()).await);
    let house = house(data.path(), &look_alike, &["--oidc-auto-create"]);
    assert_eq!(house.json("/api/v1/oidc").await, json!({"provider": {"name": "The Club"}}));
    assert_eq!(add(&house, "bob", "user").await.status, 201);

    let ada = Jar::new(&house, &look_alike);
    let stood = ada.click("/api/v1/oidc/start?next=/symbol/AAPL%3Fx%3D1").await;
    assert_eq!(stood, "/symbol/AAPL?x=1");
    assert!(ada.has("bellwether_login") && !ada.has("bellwether_oidc"));
    let me = ada.json("/api/v1/me").await;
    assert_eq!((&me["user"], &me["role"], &me["account"]), (&"ada".into(), &"user".into(), &"ada".into()));
    let own = ada.json("/api/v1/identities").await;
    assert_eq!(
        (&own["has_password"], &own["identities"][0]["label"]),
        (&false.into(), &"ada@example.com".into())
    );
    // The same one again is the same person, though they are called otherwise there by now; the login before ends.
    look_alike.meets("sub-1", Some("countess"), None);
    ada.click("/api/v1/oidc/start").await;
    assert_eq!(ada.user().await, "ada");
    assert_eq!(ada.json("/api/v1/logins").await["logins"].as_array().unwrap().len(), 1);
    // Nobody types their way in where there is no password.
    for password in ["!", "", "password"] {
        let body = json!({"user": "ada", "password": password});
        assert_problem(&got(with_json(house.ask("POST", "/api/v1/signin"), &body)).await, 401, "wrong");
    }
    // And the only way in stays.
    let path = format!("/api/v1/identities/{}", own["identities"][0]["id"].as_str().unwrap());
    assert_problem(&ada.step(ada.ask("DELETE", &path)).await.0, 409, "last");

    // Another who is called as somebody here is not them.
    for (user, email) in [
        (Some("ada"), None),
        (Some("bob"), Some("ada")),
        (Some("a,b"), None),
        (None, None),
        (Some("local"), None),
    ] {
        look_alike.meets("sub-2", user, email);
        let eve = Jar::new(&house, &look_alike);
        let stood = eve.click("/api/v1/oidc/start").await;
        assert_eq!(stood, "/sign-in?oidc=name", "{user:?}");
        assert!(!eve.has("bellwether_login"));
    }
    look_alike.meets("sub-2", Some("bob"), Some("eve@example.com"));
    let eve = Jar::new(&house, &look_alike);
    assert_eq!(eve.click("/api/v1/oidc/start").await, "/");
    assert_eq!(eve.user().await, "eve@example.com");

    // Who is disabled is not let in by the provider either.
    let off = as_operator(&house, "PATCH", "/api/v1/admin/users/ada", json!({"is_disabled": true})).await;
    assert_eq!(off.status, 204, "{}", off.body);
    look_alike.meets("sub-1", Some("ada"), None);
    assert_eq!(ada.click("/api/v1/oidc/start").await, "/sign-in?oidc=disabled");
    assert_eq!(ada.step(ada.ask("GET", "/api/v1/me")).await.0.status, 401);
    let log = house.stop();
    assert!(!log.contains(provider::SECRET) && !log.contains("code-"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_come_by_a_link_or_by_an_invite() {
    let (data, look_alike) = (tempfile::tempdir().unwrap(), LookAlike::start(Key::rsa()).await);
    let house = house(data.path(), &look_alike, &[]);
    let jar = || Jar::new(&house, &look_alike);
    let nobody = jar();
    assert_eq!(nobody.click("/api/v1/oidc/start").await, "/sign-in?oidc=unknown");
    assert_eq!(nobody.click("/api/v1/oidc/start?link=1").await, "/sign-in?oidc=sign_in");

    // Who is signed in makes it a way in.
    let ada = jar();
    let typed = somebody(&house, "ada", "user").await;
    let cookie = typed.cookie.split_once('=').unwrap().1.to_owned();
    ada.cookies.borrow_mut().insert("bellwether_login".into(), cookie.clone());
    let foreign = ada.ask("GET", "/api/v1/oidc/start?link=1").header("sec-fetch-site", "cross-site");
    assert_eq!(ada.step(foreign).await.0.status, 403);
    assert_eq!(ada.click("/api/v1/oidc/start?link=1").await, "/settings");
    assert_eq!(ada.cookies.borrow()["bellwether_login"], cookie, "the login goes on");
    ada.click("/api/v1/oidc/start?link=1").await;
    let own = ada.json("/api/v1/identities").await;
    assert_eq!((own["identities"].as_array().unwrap().len(), &own["has_password"]), (1, &true.into()));
    let elsewhere = jar();
    assert_eq!(elsewhere.click("/api/v1/oidc/start?next=/account").await, "/account");
    assert_eq!(elsewhere.user().await, "ada");
    // It is hers, and nobody else's.
    let bob = jar();
    let typed = somebody(&house, "bob", "user").await;
    bob.cookies
        .borrow_mut()
        .insert("bellwether_login".into(), typed.cookie.split_once('=').unwrap().1.into());
    assert_eq!(bob.click("/api/v1/oidc/start?link=1").await, "/settings?oidc=taken");
    let path = format!("/api/v1/identities/{}", own["identities"][0]["id"].as_str().unwrap());
    assert_eq!(bob.step(bob.ask("DELETE", &path)).await.0.status, 404);
    assert_eq!(ada.step(ada.ask("DELETE", &path)).await.0.status, 204);
    assert_eq!(elsewhere.click("/api/v1/oidc/start").await, "/sign-in?oidc=unknown");
    // A login that ends while the browser is away links nothing.
    let (_, location) = bob.step(bob.ask("GET", "/api/v1/oidc/start?link=1")).await;
    let back = bob.back(&location.unwrap()).await;
    assert_eq!(bob.step(bob.ask("DELETE", "/api/v1/logins")).await.0.status, 204);
    let of_bob = signed_in(&house, "bob").await;
    assert_eq!(of_bob.delete("/api/v1/logins").await.status, 204);
    assert_eq!(bob.click(&back).await, "/sign-in?oidc=sign_in");

    // An invite makes somebody, with the name they choose or the one they have there; once.
    for (user, name) in [(Some("grace"), "grace"), (None, "hopper")] {
        look_alike.meets(&format!("sub of {name}"), Some("hopper"), None);
        let invite = as_operator(&house, "POST", "/api/v1/admin/invites", json!({"role": "operator"})).await;
        let token = invite.json()["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
        let guest = jar();
        let body = json!({"token": token, "user": user.unwrap_or_default()});
        let (asked, _) = guest.step(with_json(guest.ask("POST", "/api/v1/oidc/start"), &body)).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        let back = guest.back(asked.json()["location"].as_str().unwrap()).await;
        assert_eq!(guest.click(&back).await, "/");
        let me = guest.json("/api/v1/me").await;
        assert_eq!((&me["user"], &me["role"]), (&name.into(), &"operator".into()));
        let (again, _) = guest.step(with_json(guest.ask("POST", "/api/v1/oidc/start"), &body)).await;
        assert_problem(&again, 404, "no_invite");
    }
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_turned_away_in_words() {
    let (data, look_alike) = (tempfile::tempdir().unwrap(), LookAlike::start(Key::ec()).await);
    let house =
        house(data.path(), &look_alike, &["--oidc-auto-create", "--public-url", "http://127.0.0.1:9"]);
    let jar = Jar::new(&house, &look_alike);
    // What leads elsewhere is not gone to.
    for next in ["//evil.example", "https://evil.example", "/%5cevil.example", "/%0d%0aX:1", "evil"] {
        let (got, location) = jar.step(jar.ask("GET", &format!("/api/v1/oidc/start?next={next}"))).await;
        assert_eq!((got.status, location), (400, None), "{next}");
    }
    // The provider sends browsers to the address that people have.
    let begin = async |jar: &Jar<'_>| jar.step(jar.ask("GET", "/api/v1/oidc/start")).await.1.unwrap();
    let back = look_alike.visit(&begin(&jar).await).await;
    let callback = back.strip_prefix("http://127.0.0.1:9").expect("the public address").to_owned();
    // A browser that did not begin, or began otherwise, is not who comes back.
    let other = Jar::new(&house, &look_alike);
    assert_eq!(other.click(&callback).await, "/sign-in?oidc=late");
    begin(&other).await;
    assert_eq!(other.click(&callback).await, "/sign-in?oidc=late");
    assert_eq!(look_alike.asked("token"), 0);
    // Who did, is; but once.
    assert_eq!(jar.click(&callback).await, "/");
    assert_eq!(jar.click(&callback).await, "/sign-in?oidc=late");

    let come = async |mischief: Option<Mischief>| {
        look_alike.does(mischief);
        let jar = Jar::new(&house, &look_alike);
        let back = look_alike.visit(&begin(&jar).await).await;
        let stood = jar.click(back.strip_prefix("http://127.0.0.1:9").unwrap()).await;
        assert_eq!(jar.has("bellwether_login"), stood == "/");
        stood
    };
    assert_eq!(come(Some(Mischief::Denied)).await, "/sign-in?oidc=denied");
    assert_eq!(come(Some(Mischief::Nonce)).await, "/sign-in?oidc=refused");
    assert_eq!(come(Some(Mischief::Unsigned)).await, "/sign-in?oidc=refused");
    assert_eq!(come(Some(Mischief::Fails("token"))).await, "/sign-in?oidc=away");
    assert_eq!(come(Some(Mischief::Slow("token"))).await, "/sign-in?oidc=away");
    assert_eq!(come(Some(Mischief::Endless("token"))).await, "/sign-in?oidc=refused");
    assert_eq!(come(None).await, "/");
    house.stop();

    // A provider that is not there keeps nobody from starting, and is said.
    let (data, gone) = (tempfile::tempdir().unwrap(), LookAlike::start(Key::ec()).await);
    gone.does(Some(Mischief::Fails("discovery")));
    let house = self::house(data.path(), &gone, &[]);
    assert_eq!(Jar::new(&house, &gone).click("/api/v1/oidc/start").await, "/sign-in?oidc=away");
    house.stop();
}
