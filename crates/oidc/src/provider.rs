//! One provider: what it says of itself, its keys, and the two halves of a sign-in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::keys::Keys;
use crate::token::{self, BadToken, Claims, Expected};
use crate::{Fault, web};

/// How long what a provider says of itself, and its keys, are believed.
const BELIEVED_FOR: Duration = Duration::from_secs(3_600);
/// Keys are asked for again, for a token of one we do not know, so often at most.
const ASKED_AGAIN_EVERY: Duration = Duration::from_secs(10);
/// After a failure nothing is asked for so long.
const QUIET_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// What is asked of the provider about somebody.
const SCOPES: &str = "openid profile email";

/// How a provider is set up.
#[derive(Clone)]
pub struct Settings {
    /// Its address, as it calls itself.
    pub issuer: String,
    /// What it knows us by.
    pub client_id: String,
    /// What we show it; without it PKCE alone has to do.
    pub client_secret: Option<String>,
    /// A file of certificates that may sign its own besides those of the internet.
    pub authorities: Option<PathBuf>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetUpError(pub(crate) String);

/// What must be remembered while a browser is at the provider, and must stay between the two of us.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back within the token.
    nonce: String,
    /// Shows that who has the code is who asked for it (PKCE).
    verifier: String,
    /// Where the browser comes back to.
    redirect_uri: String,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

/// What a provider says of itself.
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Debug, Default)]
struct Known {
    discovery: Option<(Arc<Discovery>, Instant)>,
    keys: Option<(Arc<Keys>, Instant)>,
    asked_again: Option<Instant>,
    failed: Option<Instant>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// One provider. Everybody shares what is known of it, and asks one after another.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    client: Client,
    known: Mutex<Known>,
}

/// 256 random bits.
fn random() -> Result<String, Fault> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Fault::Random)?;
    Ok(BASE64.encode(bytes))
}

fn is_fresh(since: Instant, span: Duration) -> bool {
    since.elapsed() < span
}

impl Provider {
    /// Looks at the settings. The provider is asked for nothing yet: the server starts without it.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(settings: Settings) -> Result<Self, SetUpError> {
        let issuer = Url::parse(&settings.issuer).ok().filter(web::is_safe);
        let issuer = issuer.filter(|url| url.query().is_none() && url.fragment().is_none());
        if issuer.is_none() {
            return Err(SetUpError(format!(
                "{:?} must be like https://login.example.com, as the provider calls itself",
                settings.issuer
            )));
        }
        if settings.client_id.is_empty() {
            return Err(SetUpError("the client id is empty".into()));
        }
        let client = web::client(settings.authorities.as_deref())?;
        Ok(Self { settings, client, known: Mutex::default() })
    }

    /// The provider, as it calls itself.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where a browser is to be sent, and what must be remembered until it comes back to `redirect_uri`.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn begin(&self, redirect_uri: String) -> Result<(String, Attempt), Fault> {
        let discovery = self.discovery().await?;
        let attempt = Attempt { state: random()?, nonce: random()?, verifier: random()?, redirect_uri };
        let challenge = BASE64.encode(digest(&SHA256, attempt.verifier.as_bytes()));
        let mut url = discovery.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &attempt.redirect_uri)
            .append_pair("scope", SCOPES)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((url.into(), attempt))
    }

    /// Who a browser that has come back with a code is. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn finish(&self, attempt: &Attempt, code: &str, now: i64) -> Result<Claims, Fault> {
        let discovery = self.discovery().await?;
        let token = self.exchange(&discovery, attempt, code).await?;
        let Settings { issuer, client_id, .. } = &self.settings;
        let expected = Expected { issuer, client: client_id, nonce: &attempt.nonce, now };
        let keys = self.keys(&discovery, false).await?;
        match token::read(&token, &keys, expected) {
            // The provider may have taken new ones since.
            Err(BadToken::UnknownKey) => {
                let keys = self.keys(&discovery, true).await?;
                Ok(token::read(&token, &keys, expected)?)
            }
            read => Ok(read?),
        }
    }

    /// The request that gives a code away.
    fn exchanging(&self, discovery: &Discovery, attempt: &Attempt, code: &str) -> RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &attempt.redirect_uri)
            .append_pair("code_verifier", &attempt.verifier);
        let mut request = self.client.post(discovery.token_endpoint.clone());
        let methods = discovery.token_endpoint_auth_methods_supported.as_deref();
        // Without a word it is `client_secret_basic`.
        let is_basic = methods.is_none_or(|methods| methods.iter().any(|name| name == "client_secret_basic"));
        let Settings { client_id, client_secret, .. } = &self.settings;
        match client_secret {
            Some(secret) if is_basic => {
                let encoded =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let both = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)));
                request = request.header("authorization", format!("Basic {both}"));
            }
            Some(secret) => {
                form.append_pair("client_id", client_id).append_pair("client_secret", secret);
            }
            None => {
                form.append_pair("client_id", client_id);
            }
        }
        request.header("content-type", "application/x-www-form-urlencoded").body(form.finish())
    }

    /// Gives a code away for an ID token.
    async fn exchange(&self, discovery: &Discovery, attempt: &Attempt, code: &str) -> Result<String, Fault> {
        let request = self.exchanging(discovery, attempt, code);
        let (status, body) = web::send(request, "its token endpoint").await?;
        if status != StatusCode::OK {
            let said = serde_json::from_slice::<Refusal>(&body).map(|refusal| refusal.error);
            let said: String =
                said.unwrap_or_default().chars().filter(|c| !c.is_control()).take(80).collect();
            return Err(Fault::Refused(format!("{status} {said}")));
        }
        let tokens: Tokens = serde_json::from_slice(&body)
            .map_err(|_| Fault::Answer("its token endpoint gave no ID token".into()))?;
        Ok(tokens.id_token)
    }

    /// What the provider says of itself, asked for now and then.
    async fn discovery(&self) -> Result<Arc<Discovery>, Fault> {
        let mut known = self.known.lock().await;
        if let Some((discovery, since)) = &known.discovery
            && is_fresh(*since, BELIEVED_FOR)
        {
            return Ok(Arc::clone(discovery));
        }
        if known.failed.is_some_and(|at| is_fresh(at, QUIET_AFTER_FAILURE)) {
            return Err(Fault::Away("it failed a moment ago".into()));
        }
        let asked = self.ask_discovery().await;
        known.failed = asked.is_err().then(Instant::now);
        let discovery = Arc::new(asked?);
        known.discovery = Some((Arc::clone(&discovery), Instant::now()));
        Ok(discovery)
    }

    async fn ask_discovery(&self) -> Result<Discovery, Fault> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let (status, body) = web::send(self.client.get(address), "its discovery document").await?;
        if status != StatusCode::OK {
            return Err(Fault::Answer(format!("its discovery document: {status}")));
        }
        let discovery: Discovery = serde_json::from_slice(&body)
            .map_err(|error| Fault::Answer(format!("its discovery document: {error}")))?;
        if discovery.issuer != *issuer {
            return Err(Fault::Answer(format!(
                "it calls itself {:?}, which oidc_issuer must say to the letter",
                discovery.issuer.chars().take(200).collect::<String>()
            )));
        }
        for url in [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri] {
            if !web::is_safe(url) {
                return Err(Fault::Answer(format!("{url} is not encrypted")));
            }
        }
        Ok(discovery)
    }

    /// The provider's keys, asked for now and then, or now because one is not among them.
    async fn keys(&self, discovery: &Discovery, lacks_one: bool) -> Result<Arc<Keys>, Fault> {
        let mut known = self.known.lock().await;
        let may_ask = known.asked_again.is_none_or(|at| !is_fresh(at, ASKED_AGAIN_EVERY));
        if let Some((keys, since)) = &known.keys
            && is_fresh(*since, BELIEVED_FOR)
            && !(lacks_one && may_ask)
        {
            return Ok(Arc::clone(keys));
        }
        if lacks_one {
            known.asked_again = Some(Instant::now());
        }
        let (status, body) = web::send(self.client.get(discovery.jwks_uri.clone()), "its keys").await?;
        if status != StatusCode::OK {
            return Err(Fault::Answer(format!("its keys: {status}")));
        }
        let keys = Arc::new(Keys::read(&body).map_err(Fault::Answer)?);
        known.keys = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }
}
