//! A look-alike of an OpenID Connect provider, with a key of its own, that misbehaves on demand.
//!
//! Shared with the tests of the executable; it has no code in common with what it tests.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// What the provider knows us by.
pub(crate) const CLIENT: &str = "bellwether test";
/// What we show it; what a form would write otherwise must come through.
pub(crate) const SECRET: &str = "s3cret:with+signs %&";
/// A key for tests and nothing else: `ring` makes no RSA keys.
const RSA: &[u8] = include_bytes!("rsa-test-key.der");

/// What the look-alike does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each of the tests it is shared by needs some")]
pub(crate) enum Mischief {
    Nonce,
    NoNonce,
    Audience,
    SecondAudience,
    Party,
    Issuer,
    Expired,
    FromTheFuture,
    NotYet,
    NoSubject,
    Unsigned,
    SharedSecret,
    ForeignKey,
    UnknownKey,
    Critical,
    Garbage,
    SecretInBody,
    Slow(&'static str),
    Endless(&'static str),
    Fails(&'static str),
    CallsItselfOther,
    Unencrypted,
    Moved,
    /// Who is there says no.
    Denied,
}

/// What it signs with.
pub(crate) struct Key {
    id: String,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    pub(crate) fn ec() -> Self {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).unwrap();
        Self { id: "elliptic".into(), pair: Pair::Ec(pair) }
    }

    pub(crate) fn rsa() -> Self {
        Self { id: "rivest".into(), pair: Pair::Rsa(RsaKeyPair::from_pkcs8(RSA).unwrap()) }
    }

    fn algorithm(&self) -> &'static str {
        if matches!(self.pair, Pair::Ec(_)) { "ES256" } else { "RS256" }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "alg": "ES256",
                       "x": BASE64.encode(x), "y": BASE64.encode(y)})
            }
            Pair::Rsa(pair) => {
                let public: ring::rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "kid": self.id, "n": BASE64.encode(public.n), "e": BASE64.encode(public.e)})
            }
        }
    }
}

/// Who is at the provider's page.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) subject: String,
    pub(crate) user: Option<String>,
    pub(crate) email: Option<String>,
}

struct Grant {
    challenge: String,
    redirect_uri: String,
    nonce: String,
    visitor: Visitor,
}

struct Inner {
    address: SocketAddr,
    key: Key,
    visitor: Visitor,
    mischief: Option<Mischief>,
    grants: HashMap<String, Grant>,
    asked: HashMap<&'static str, usize>,
}

/// The running look-alike. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct LookAlike(Arc<Mutex<Inner>>);

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// The query of an address.
pub(crate) fn query(url: &str) -> HashMap<String, String> {
    let url: axum::http::Uri = url.parse().unwrap();
    Query::try_from_uri(&url).map(|Query(query)| query).unwrap()
}

fn form(body: &[u8]) -> HashMap<String, String> {
    query(&format!("http://x/?{}", std::str::from_utf8(body).unwrap()))
}

impl LookAlike {
    pub(crate) async fn start(key: Key) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let visitor = Visitor {
            subject: "sub-1".into(),
            user: Some("ada".into()),
            email: Some("ada@example.com".into()),
        };
        let inner = Inner {
            address: listener.local_addr().unwrap(),
            key,
            visitor,
            mischief: None,
            grants: HashMap::new(),
            asked: HashMap::new(),
        };
        let look_alike = Self(Arc::new(Mutex::new(inner)));
        let app = Router::new()
            .route("/tenant/.well-known/openid-configuration", get(discovery))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/keys", get(keys))
            .with_state(look_alike.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        look_alike
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    pub(crate) fn issuer(&self) -> String {
        self.with(|inner| format!("http://{}/tenant", inner.address))
    }

    /// From now on it does this wrong.
    pub(crate) fn does(&self, mischief: Option<Mischief>) {
        self.with(|inner| inner.mischief = mischief);
    }

    /// From now on it signs with this and shows it alone.
    #[allow(dead_code, reason = "not all the tests it is shared by need it")]
    pub(crate) fn signs_with(&self, key: Key) {
        self.with(|inner| inner.key = key);
    }

    /// From now on this is who is there.
    #[allow(dead_code, reason = "not all the tests it is shared by need it")]
    pub(crate) fn meets(&self, subject: &str, user: Option<&str>, email: Option<&str>) {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let visitor = Visitor { subject: subject.into(), user: owned(user), email: owned(email) };
        self.with(|inner| inner.visitor = visitor);
    }

    /// How often something was asked for.
    #[allow(dead_code, reason = "not all the tests it is shared by need it")]
    pub(crate) fn asked(&self, what: &str) -> usize {
        self.with(|inner| inner.asked.get(what).copied().unwrap_or(0))
    }

    /// Where who is there is sent from this address of the provider's.
    #[allow(dead_code, reason = "not all the tests it is shared by need it")]
    pub(crate) async fn visit(&self, url: &str) -> String {
        let (path, asked) = (url.parse::<axum::http::Uri>().unwrap(), query(url));
        assert_eq!(path.path(), "/authorize");
        let answer = authorize(State(self.clone()), Query(asked)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// Counts a question; the answer, where it is a bad one.
    async fn spoilt(&self, what: &'static str) -> Option<Response> {
        let mischief = self.with(|inner| {
            *inner.asked.entry(what).or_default() += 1;
            inner.mischief
        });
        match mischief {
            Some(Mischief::Slow(slow)) if slow == what => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                None
            }
            Some(Mischief::Endless(endless)) if endless == what => {
                let part = Bytes::from(vec![b' '; 64 * 1024]);
                let parts = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(part.clone()));
                Some(Body::from_stream(parts).into_response())
            }
            Some(Mischief::Fails(fails)) if fails == what => {
                Some((StatusCode::BAD_GATEWAY, "sorry").into_response())
            }
            Some(Mischief::Moved) if what == "discovery" => {
                Some((StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/")]).into_response())
            }
            _ => None,
        }
    }
}

fn json_of(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn discovery(State(look_alike): State<LookAlike>) -> Response {
    if let Some(spoilt) = look_alike.spoilt("discovery").await {
        return spoilt;
    }
    let (issuer, at, mischief) = look_alike.with(|inner| {
        let at = format!("http://{}", inner.address);
        (format!("{at}/tenant"), at, inner.mischief)
    });
    let mut body = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{at}/authorize"),
        "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/keys"),
        "response_types_supported": ["code"],
    });
    match mischief {
        Some(Mischief::CallsItselfOther) => body["issuer"] = "https://evil.example".into(),
        Some(Mischief::Unencrypted) => body["token_endpoint"] = "http://evil.example/token".into(),
        Some(Mischief::SecretInBody) => {
            body["token_endpoint_auth_methods_supported"] = json!(["client_secret_post", "private_key_jwt"]);
        }
        _ => {}
    }
    json_of(StatusCode::OK, &body)
}

async fn authorize(
    State(look_alike): State<LookAlike>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let is = |name: &str, value: &str| asked.get(name).is_some_and(|found| found == value);
    let is_right = is("response_type", "code")
        && is("client_id", CLIENT)
        && is("code_challenge_method", "S256")
        && asked.get("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "openid"))
        && ["state", "nonce", "code_challenge"]
            .iter()
            .all(|name| asked.get(*name).is_some_and(|v| v.len() == 43));
    let Some(redirect_uri) = asked.get("redirect_uri").filter(|_| is_right).cloned() else {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    };
    let state = &asked["state"];
    let back = look_alike.with(|inner| {
        if inner.mischief == Some(Mischief::Denied) {
            return format!("{redirect_uri}?error=access_denied&error_description=No%21&state={state}");
        }
        let code = format!("code-{}", inner.grants.len() + now() as usize);
        let grant = Grant {
            challenge: asked["code_challenge"].clone(),
            redirect_uri: redirect_uri.clone(),
            nonce: asked["nonce"].clone(),
            visitor: inner.visitor.clone(),
        };
        inner.grants.insert(code.clone(), grant);
        format!("{redirect_uri}?code={code}&state={state}")
    });
    (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response()
}

async fn keys(State(look_alike): State<LookAlike>) -> Response {
    if let Some(spoilt) = look_alike.spoilt("keys").await {
        return spoilt;
    }
    let key = look_alike.with(|inner| inner.key.jwk());
    json_of(StatusCode::OK, &json!({"keys": [{"kty": "oct", "kid": "old", "k": "AA"}, key]}))
}

fn knows_secret(headers: &HeaderMap, form: &HashMap<String, String>, in_body: bool) -> bool {
    if in_body {
        let is = |name: &str, value: &str| form.get(name).is_some_and(|found| found == value);
        return is("client_id", CLIENT) && is("client_secret", SECRET);
    }
    let Some(value) = headers.get(header::AUTHORIZATION) else { return false };
    let Some(text) = value.to_str().unwrap().strip_prefix("Basic ") else { return false };
    let both = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
    let (id, secret) = both.split_once(':').unwrap();
    let decoded = self::form(format!("id={id}&secret={secret}").as_bytes());
    decoded["id"] == CLIENT && decoded["secret"] == SECRET
}

async fn token(State(look_alike): State<LookAlike>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(spoilt) = look_alike.spoilt("token").await {
        return spoilt;
    }
    let form = form(&body);
    let refused = |error: &str| json_of(StatusCode::BAD_REQUEST, &json!({"error": error}));
    let in_body = look_alike.with(|inner| inner.mischief == Some(Mischief::SecretInBody));
    if !knows_secret(&headers, &form, in_body) {
        return refused("invalid_client");
    }
    let grant = form.get("code").and_then(|code| look_alike.with(|inner| inner.grants.remove(code)));
    let Some(grant) = grant else { return refused("invalid_grant") };
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    let challenge = BASE64.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()));
    let is_right = challenge == grant.challenge
        && form.get("redirect_uri") == Some(&grant.redirect_uri)
        && form.get("grant_type").is_some_and(|kind| kind == "authorization_code");
    if !is_right {
        return refused("invalid_grant");
    }
    let id_token = look_alike.with(|inner| id_token(inner, &grant));
    let body = json!({"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": id_token});
    json_of(StatusCode::OK, &body)
}

fn id_token(inner: &Inner, grant: &Grant) -> String {
    let mut claims = json!({
        "iss": format!("http://{}/tenant", inner.address),
        "sub": grant.visitor.subject,
        "aud": CLIENT,
        "exp": now() + 300,
        "iat": now(),
        "nonce": grant.nonce,
        "preferred_username": grant.visitor.user,
        "email": grant.visitor.email,
    });
    let mut head = json!({"alg": inner.key.algorithm(), "kid": inner.key.id, "typ": "JWT"});
    match inner.mischief {
        Some(Mischief::Nonce) => claims["nonce"] = "another".into(),
        Some(Mischief::NoNonce) => drop(claims.as_object_mut().unwrap().remove("nonce")),
        Some(Mischief::Audience) => claims["aud"] = "another".into(),
        Some(Mischief::SecondAudience) => claims["aud"] = json!([CLIENT, "another"]),
        Some(Mischief::Party) => claims["azp"] = "another".into(),
        Some(Mischief::Issuer) => claims["iss"] = "https://evil.example".into(),
        Some(Mischief::Expired) => claims["exp"] = (now() - 90).into(),
        Some(Mischief::FromTheFuture) => claims["iat"] = (now() + 300).into(),
        Some(Mischief::NotYet) => claims["nbf"] = (now() + 300).into(),
        Some(Mischief::NoSubject) => claims["sub"] = "".into(),
        Some(Mischief::Unsigned) => head["alg"] = "none".into(),
        Some(Mischief::SharedSecret) => head["alg"] = "HS256".into(),
        Some(Mischief::UnknownKey) => head["kid"] = "nobody's".into(),
        Some(Mischief::Critical) => head["crit"] = json!(["exp"]),
        Some(Mischief::Garbage) => return "to.ke.n!".into(),
        _ => {}
    }
    let message = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
    let signature = match inner.mischief {
        Some(Mischief::Unsigned) => Vec::new(),
        // The oldest trick: what everybody knows as the secret.
        Some(Mischief::SharedSecret) => {
            let public = inner.key.jwk().to_string();
            let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public.as_bytes());
            ring::hmac::sign(&secret, message.as_bytes()).as_ref().to_vec()
        }
        Some(Mischief::ForeignKey) if inner.key.algorithm() == "ES256" => Key::ec().sign(message.as_bytes()),
        Some(Mischief::ForeignKey) => vec![7; 256],
        _ => inner.key.sign(message.as_bytes()),
    };
    format!("{message}.{}", BASE64.encode(signature))
}
