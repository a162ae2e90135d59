//! From what a person names to symbols of the server.

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use serde::Deserialize;

use crate::link::Server;
use crate::message::Article;

/// The longest that stored news are waited for.
const NEWS_WAIT: std::time::Duration = std::time::Duration::from_secs(10);
/// Symbols watched where none is named.
const DEFAULT_SYMBOLS: usize = 15;

#[derive(Deserialize)]
struct Found {
    symbols: Vec<Instrument>,
}

#[derive(Deserialize)]
struct Instrument {
    symbol: String,
}

/// The symbols named, as the server writes them, and what is to be said about them: `btc` may stand for
/// `BINANCE:BTCUSDT`. Without names those that trade most.
pub(crate) async fn symbols(server: &Server, named: &[String]) -> Result<(Vec<String>, Option<String>)> {
    let client = Client::builder().timeout(std::time::Duration::from_secs(10)).build()?;
    if named.is_empty() {
        return Ok((search(&client, server, "", DEFAULT_SYMBOLS).await?, None));
    }
    let (mut symbols, mut told) = (Vec::new(), Vec::new());
    for name in named {
        let found = search(&client, server, name, 1).await?;
        let Some(symbol) = found.into_iter().next() else {
            told.push(format!("there is no {name}"));
            continue;
        };
        if !symbol.eq_ignore_ascii_case(name) {
            told.push(format!("{name} is shown as {symbol}"));
        }
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    ensure!(!symbols.is_empty(), "{}; search on the page, or with /api/v1/symbols?q=…", told.join(", "));
    Ok((symbols, (!told.is_empty()).then(|| told.join(", "))))
}

#[derive(Deserialize)]
struct Articles {
    articles: Vec<Article>,
}

/// Stored articles, the newest, of a symbol or all; or why there are none, in plain words.
pub(crate) async fn news(server: &Server, only: Option<&str>) -> Result<Vec<Article>, String> {
    let failed = |error: reqwest::Error| match error.is_timeout() || error.is_connect() {
        true => "the server does not answer".to_owned(),
        false => error.without_url().to_string(),
    };
    let client = Client::builder().timeout(NEWS_WAIT).build().map_err(failed)?;
    let url = format!("{}/api/v1/news", server.url);
    let mut address = reqwest::Url::parse(&url).map_err(|error| error.to_string())?;
    address.query_pairs_mut().append_pair("limit", "50");
    if let Some(symbol) = only {
        address.query_pairs_mut().append_pair("symbol", symbol);
    }
    let mut request = client.get(address);
    if let Some(key) = &server.key {
        request = request.bearer_auth(key);
    }
    let answer = request.send().await.map_err(failed)?;
    match answer.status().as_u16() {
        200 => {}
        404 => return Err("this server has no news".to_owned()),
        401 => return Err("show a key with --key or BELLWETHER_KEY".to_owned()),
        status => return Err(format!("the server answered {status}")),
    }
    let text = answer.text().await.map_err(failed)?;
    let found: Articles = serde_json::from_str(&text).map_err(|_| "the answer cannot be read".to_owned())?;
    Ok(found.articles)
}

async fn search(client: &Client, server: &Server, words: &str, limit: usize) -> Result<Vec<String>> {
    let url = format!("{}/api/v1/symbols", server.url);
    let mut address =
        reqwest::Url::parse(&url).context("the address must be such as http://127.0.0.1:8080")?;
    address.query_pairs_mut().append_pair("q", words).append_pair("limit", &limit.to_string());
    let mut request = client.get(address);
    if let Some(key) = &server.key {
        request = request.bearer_auth(key);
    }
    let answer = match request.send().await {
        Err(error) if error.is_connect() => anyhow::bail!(
            "no server answers at {}; start one with `bellwether up`, or name another with --url",
            server.url
        ),
        answer => answer?,
    };
    ensure!(
        answer.status().as_u16() != 401,
        "this server shows prices to those who signed in only; show a key with --key or BELLWETHER_KEY"
    );
    let found: Found = serde_json::from_str(&answer.error_for_status()?.text().await?)
        .with_context(|| format!("what answers at {} is no Bellwether", server.url))?;
    Ok(found.symbols.into_iter().map(|instrument| instrument.symbol).collect())
}
