//! `/api/v1/streams`: what is taken in, set while everything runs.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use store::records::stream::{self, Change, NewStream, Stream};
use store::records::{RecordError, person};
use wire::http::FeedBody;
use wire::names::FeedStateName;
use wire::problem::Problem;
use wire::streams::{
    ProviderBody, ProviderChange, ProviderKind, ProviderState, QuotaBody, StreamBody, StreamChange,
    StreamRequest, StreamState, StreamsAnswer, TakesBody,
};
use wire::text::excerpt;

use super::ApiState;
use super::access::Routes;
use super::news::news_of;
use super::problem::{Refusal, id_of};
use super::who::{people_of, unkept};
use crate::news::{BadQuery, News, ProviderReport, StreamQuery};
use crate::people::identity::{Access, Scope, Who};

/// Streams that somebody who is no operator may have.
const QUOTA: usize = 5;
/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// The routes.
pub(super) fn routes() -> Routes {
    const READ: Access = Access::User(Scope::Read);
    const CHANGE: Access = Access::User(Scope::Alerts);
    Routes::new()
        .get("/api/v1/streams", READ, list)
        .post("/api/v1/streams", CHANGE, create)
        .patch("/api/v1/streams/{id}", CHANGE, change)
        .delete("/api/v1/streams/{id}", CHANGE, delete)
        .patch("/api/v1/streams/providers/{name}", Access::Operator, pause_provider)
}

/// Who may do everything: an operator, and whoever sits at a machine that nobody has signed in to yet.
fn is_all_powerful(who: &Who) -> bool {
    who.is_operator || who.owner == 0
}

fn missing(text: &str) -> Refusal {
    Refusal::none("stream", text)
}

fn bad(BadQuery { member, why }: BadQuery) -> Refusal {
    Refusal::unprocessable(format!("{member}: {why}")).with_code("bad_stream")
}

fn name_of(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        let why = "1 to 64 characters, and no control characters".into();
        return Err(bad(BadQuery { member: "name", why }));
    }
    Ok(name.to_owned())
}

fn of_feed(news: &News, feed: FeedBody, is_paused: bool) -> ProviderBody {
    let state = match feed.state {
        _ if is_paused => ProviderState::Paused,
        FeedStateName::Up => ProviderState::Up,
        FeedStateName::Connecting => ProviderState::Connecting,
        FeedStateName::Silent => ProviderState::Silent,
        FeedStateName::Down => ProviderState::Down,
    };
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    ProviderBody {
        per_minute: news.per_minute(&feed.name),
        name: feed.name,
        kind: ProviderKind::Prices,
        source: feed.source,
        state,
        // What a feed says when it is not up is its last failure.
        last_error: feed.detail.clone(),
        detail: feed.detail,
        is_paused,
        symbols: small(feed.symbols_subscribed),
        waiting: small(feed.symbols_waiting),
        symbol_limit: feed.symbol_limit,
        last_event: feed.last_event_at,
        calls: None,
        errors: feed.reconnects,
        takes: TakesBody { symbols: true, ..TakesBody::default() },
    }
}

fn of_report(name: String, report: ProviderReport, is_paused: bool) -> ProviderBody {
    ProviderBody {
        name,
        kind: ProviderKind::News,
        last_event: report.last_event(),
        source: report.source,
        state: if is_paused { ProviderState::Paused } else { report.state },
        detail: report.last_error.clone().filter(|_| report.state == ProviderState::Down),
        is_paused,
        symbols: 0,
        waiting: 0,
        symbol_limit: None,
        per_minute: None,
        calls: report.calls,
        errors: report.errors,
        last_error: report.last_error,
        takes: report.takes,
    }
}

/// All providers: feeds in the order of the configuration, then those of news.
async fn providers(state: &ApiState, news: &News) -> Result<Vec<ProviderBody>, RecordError> {
    let stored = news.records().run(stream::providers).await?;
    let is_paused = |name: &str| stored.iter().any(|one| one.name == name && one.is_paused);
    let feeds = state.market.status().feeds;
    let mut found: Vec<ProviderBody> = Vec::new();
    for feed in feeds {
        let is_paused = is_paused(&feed.name);
        found.push(of_feed(news, feed, is_paused));
    }
    for one in stored {
        if let Some(report) = ProviderReport::read(&one.report) {
            found.push(of_report(one.name, report, one.is_paused));
        }
    }
    Ok(found)
}

/// A stream as it is told to somebody.
fn body_of(
    stream: Stream,
    who: &Who,
    providers: &[ProviderBody],
    names: &HashMap<i64, String>,
) -> StreamBody {
    let provider = providers.iter().find(|one| one.name == stream.provider);
    let kind = provider.map_or(ProviderKind::News, |provider| provider.kind);
    let query = StreamQuery::read(&stream.query);
    let is_provider_paused = provider.is_some_and(|provider| provider.is_paused);
    let state = match (kind, &stream.health) {
        _ if stream.is_paused || is_provider_paused => StreamState::Paused,
        _ if provider.is_none() => StreamState::Waiting,
        (ProviderKind::Prices, _) => StreamState::Running,
        (_, health) if health.last_error.is_some() => StreamState::Failing,
        (_, health) if health.tried_at.is_some() => StreamState::Running,
        _ => StreamState::Waiting,
    };
    let is_own = stream.owner == Some(who.owner);
    StreamBody {
        id: stream.id.to_string(),
        provider: stream.provider,
        kind,
        name: stream.name,
        words: query.words,
        sections: query.sections,
        symbols: query.symbols,
        follows_viewers: query.follows_viewers,
        is_paused: stream.is_paused,
        owner: stream.owner.and_then(|owner| names.get(&owner).cloned()),
        is_own,
        state,
        last_event: stream.health.last_event,
        last_error: stream.health.last_error,
        articles: u64::try_from(stream.health.articles).unwrap_or(0),
        created_at: stream.created_at,
    }
}

/// Names of those who own streams, as far as whoever asks may know them.
async fn names(state: &ApiState, who: &Who, streams: &[Stream]) -> Result<HashMap<i64, String>, Refusal> {
    let mut names: HashMap<i64, String> = [(who.owner, who.name.as_str().to_owned())].into();
    if !is_all_powerful(who) {
        return Ok(names);
    }
    let people = people_of(state)?;
    let mut wanted: Vec<i64> = streams.iter().filter_map(|stream| stream.owner).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let found = people.records.run(move |sql| {
        let mut found = Vec::new();
        for id in wanted.iter().filter(|id| **id != 0) {
            found.extend(person::by_id(sql, *id)?.map(|person| (person.id, person.name)));
        }
        Ok(found)
    });
    names.extend(found.await.map_err(unkept)?);
    Ok(names)
}

/// What is taken in: providers, and the streams of each.
///
/// Operators see everything; others see the providers of news, their own streams, and those that the program made.
#[utoipa::path(
    get,
    path = "/api/v1/streams",
    operation_id = "get_streams",
    tag = "news",
    responses((status = 200, description = "Providers and streams", body = StreamsAnswer))
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<StreamsAnswer>, Refusal> {
    let news = news_of(&state)?;
    let mut providers = providers(&state, news).await.map_err(unkept)?;
    let mut streams = news.records().run(stream::list).await.map_err(unkept)?;
    let sees_all = is_all_powerful(&who);
    if !sees_all {
        providers.retain(|one| one.kind == ProviderKind::News);
        let is_of_news = |stream: &Stream| providers.iter().any(|one| one.name == stream.provider);
        streams.retain(|stream| {
            stream.owner == Some(who.owner) || (stream.owner.is_none() && is_of_news(stream))
        });
    }
    let names = names(&state, &who, &streams).await?;
    let own = streams.iter().filter(|stream| stream.owner == Some(who.owner)).count();
    let quota =
        (!sees_all).then(|| QuotaBody { used: u32::try_from(own).unwrap_or(u32::MAX), most: QUOTA as u32 });
    let streams = streams.into_iter().map(|stream| body_of(stream, &who, &providers, &names)).collect();
    Ok(Json(StreamsAnswer { providers, streams, quota }))
}

/// What a provider takes, if somebody may add streams of it.
async fn takes_of(
    state: &ApiState,
    news: &News,
    who: &Who,
    name: &str,
) -> Result<(ProviderKind, TakesBody), Refusal> {
    let providers = providers(state, news).await.map_err(unkept)?;
    let may = |one: &&ProviderBody| is_all_powerful(who) || one.kind == ProviderKind::News;
    let found = providers.into_iter().find(|one| one.name == name && may(&one));
    let found = found.ok_or_else(|| {
        let why = format!("there is no provider {}", excerpt(name));
        bad(BadQuery { member: "provider", why })
    })?;
    Ok((found.kind, found.takes))
}

/// A query that somebody may have.
fn query_of(
    query: StreamQuery,
    who: &Who,
    (kind, takes): &(ProviderKind, TakesBody),
) -> Result<StreamQuery, Refusal> {
    if query.follows_viewers && (!is_all_powerful(who) || *kind == ProviderKind::Prices) {
        let why = match kind {
            ProviderKind::Prices => "prices follow viewers by themselves",
            ProviderKind::News => "only an operator may have it",
        };
        return Err(bad(BadQuery { member: "follows_viewers", why: why.into() }));
    }
    let query = query.checked(takes).map_err(bad)?;
    if *kind == ProviderKind::Prices && query.symbols.is_empty() {
        return Err(bad(BadQuery { member: "symbols", why: "name at least one".into() }));
    }
    Ok(query)
}

async fn told(state: &ApiState, news: &Arc<News>, who: &Who, stream: Stream) -> Result<StreamBody, Refusal> {
    news.streams_changed();
    let providers = providers(state, news).await.map_err(unkept)?;
    let names = names(state, who, std::slice::from_ref(&stream)).await?;
    Ok(body_of(stream, who, &providers, &names))
}

fn unless_full(error: RecordError) -> Refusal {
    match error {
        RecordError::TooMany { most } => {
            Refusal::conflict(format!("there may be {most} streams, and there are; stop one first"))
                .with_code("too_many")
        }
        other => unkept(other),
    }
}

/// Adds a stream: symbols of a provider of prices that are taken in whether or not somebody looks at them (operators
/// only), or a query for news. It runs at once.
#[utoipa::path(
    post,
    path = "/api/v1/streams",
    operation_id = "create_stream",
    tag = "news",
    request_body = StreamRequest,
    responses(
        (status = 201, description = "It runs", body = StreamBody),
        (status = 409, description = "There are as many as there may be (`too_many`); one who is no operator may have 5", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A member is wrong (`bad_stream`): the text begins with its name", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<StreamRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<StreamBody>), Refusal> {
    let news = news_of(&state)?;
    let request = Refusal::read(body)?;
    let name = name_of(&request.name)?;
    let takes = takes_of(&state, news, &who, &request.provider).await?;
    let StreamRequest { words, sections, symbols, follows_viewers, provider, .. } = request;
    let query = query_of(StreamQuery { words, sections, symbols, follows_viewers }, &who, &takes)?;
    let new = NewStream { owner: Some(who.owner), provider, name, query: query.text() };
    let most = (!is_all_powerful(&who)).then_some(QUOTA);
    let now = people_of(&state)?.now();
    let made = news.records().run(move |sql| stream::insert(sql, &new, most, now)).await;
    let body = told(&state, news, &who, made.map_err(unless_full)?).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// A stream that somebody may change.
async fn own(news: &News, who: &Who, text: &str) -> Result<Stream, Refusal> {
    let id = id_of("stream", text)?;
    let found = news.records().run(move |sql| stream::get(sql, id)).await.map_err(unkept)?;
    found
        .filter(|stream| is_all_powerful(who) || stream.owner == Some(who.owner))
        .ok_or_else(|| missing(text))
}

/// Changes a stream while it runs, pauses it or lets it go on. With another query it begins anew: with what appeared in
/// the last day.
#[utoipa::path(
    patch,
    path = "/api/v1/streams/{id}",
    operation_id = "change_stream",
    tag = "news",
    params(("id" = String, Path, description = "The stream")),
    request_body = StreamChange,
    responses(
        (status = 200, description = "It is so", body = StreamBody),
        (status = 404, description = "There is no such stream of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A member is wrong (`bad_stream`)", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn change(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    body: Result<Json<StreamChange>, JsonRejection>,
) -> Result<Json<StreamBody>, Refusal> {
    let news = news_of(&state)?;
    let request = Refusal::read(body)?;
    let before = own(news, &who, &text).await?;
    let had = StreamQuery::read(&before.query);
    let wanted = StreamQuery {
        words: request.words.unwrap_or_else(|| had.words.clone()),
        sections: request.sections.unwrap_or_else(|| had.sections.clone()),
        symbols: request.symbols.unwrap_or_else(|| had.symbols.clone()),
        follows_viewers: request.follows_viewers.unwrap_or(had.follows_viewers),
    };
    let query = if wanted == had {
        // So that one of a provider that is gone can still be paused.
        None
    } else {
        let takes = takes_of(&state, news, &who, &before.provider).await?;
        Some(query_of(wanted, &who, &takes)?.text())
    };
    let name = request.name.as_deref().map(name_of).transpose()?;
    let change = Change { name, query, is_paused: request.is_paused };
    let id = before.id;
    let changed = news.records().run(move |sql| stream::update(sql, id, &change)).await.map_err(unkept)?;
    Ok(Json(told(&state, news, &who, changed.ok_or_else(|| missing(&text))?).await?))
}

/// Stops a stream for good. What it brought stays.
#[utoipa::path(
    delete,
    path = "/api/v1/streams/{id}",
    operation_id = "delete_stream",
    tag = "news",
    params(("id" = String, Path, description = "The stream")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such stream of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let news = news_of(&state)?;
    let id = own(news, &who, &text).await?.id;
    if !news.records().run(move |sql| stream::remove(sql, id)).await.map_err(unkept)? {
        return Err(missing(&text));
    }
    news.streams_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses a provider, or lets it go on: while it is paused nothing of it is taken in, whoever looks at it.
#[utoipa::path(
    patch,
    path = "/api/v1/streams/providers/{name}",
    operation_id = "change_provider",
    tag = "news",
    params(("name" = String, Path, description = "The provider's name in the configuration")),
    request_body = ProviderChange,
    responses(
        (status = 200, description = "It is so", body = ProviderBody),
        (status = 404, description = "There is no such provider", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn pause_provider(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    body: Result<Json<ProviderChange>, JsonRejection>,
) -> Result<Json<ProviderBody>, Refusal> {
    let news = news_of(&state)?;
    let ProviderChange { is_paused } = Refusal::read(body)?;
    let missing = || Refusal::none("provider", &name);
    let find = |known: Vec<ProviderBody>| known.into_iter().find(|one| one.name == name);
    find(providers(&state, news).await.map_err(unkept)?).ok_or_else(missing)?;
    let of = name.clone();
    let set = news.records().run(move |sql| stream::pause_provider(sql, &of, is_paused));
    set.await.map_err(unkept)?;
    news.streams_changed();
    let known = find(providers(&state, news).await.map_err(unkept)?).ok_or_else(missing)?;
    Ok(Json(known))
}
