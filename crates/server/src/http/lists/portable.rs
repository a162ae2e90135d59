//! Watch lists as CSV and JSON, in and out.
//!
//! CSV has the columns `list` and `symbol`, one symbol a row; a list without symbols is a row without one. What was
//! exported can be imported, by either form.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use market::Symbol;
use store::records::watchlist::{self, Changed, Content, SYMBOLS_MAX, Watchlist};
use store::records::{RecordError, Sql};
use wire::lists::{ImportAnswer, ImportRequest, ImportedList};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::who::{people_of, unkept};
use super::content_of;
use crate::people::identity::Who;

/// Whether CSV is asked for.
pub(super) fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.split(',').any(|part| part.trim().starts_with("text/csv")))
}

/// Lists as CSV.
pub(super) fn csv_of(lists: &[Watchlist]) -> Result<Response, Refusal> {
    let text = written(lists).map_err(|error| {
        tracing::error!(%error, "watch lists cannot be written as CSV");
        Refusal::unavailable("the lists cannot be written now")
    })?;
    let disposition = "attachment; filename=\"watchlists.csv\"";
    let head =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, disposition)];
    Ok((head, text).into_response())
}

fn written(lists: &[Watchlist]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(["list", "symbol"])?;
    for list in lists {
        if list.symbols.is_empty() {
            writer.write_record([&*list.name, ""])?;
        }
        for symbol in &list.symbols {
            writer.write_record([&*list.name, symbol])?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Lists of CSV, each where its name comes first.
fn read(bytes: &[u8]) -> Result<Vec<ImportedList>, Refusal> {
    let wrong = |detail: String| Refusal::unprocessable(detail).with_code("bad_csv");
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let heads = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let place = |name: &str| {
        heads.iter().position(|head| head.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
    };
    let (Some(list), Some(symbol)) = (place("list"), place("symbol")) else {
        return Err(wrong("the first line must name the columns list and symbol".into()));
    };
    let mut lists: Vec<ImportedList> = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| wrong(error.to_string()))?;
        let (name, symbol) = (row.get(list).unwrap_or_default(), row.get(symbol).unwrap_or_default());
        let at = lists.iter().position(|known| known.name == name).unwrap_or(lists.len());
        if at == lists.len() {
            if at > watchlist::LISTS_MAX {
                return Err(wrong(format!("these are more than {} lists", watchlist::LISTS_MAX)));
            }
            lists.push(ImportedList { name: name.to_owned(), symbols: Vec::new() });
        }
        if !symbol.is_empty() {
            lists[at].symbols.push(symbol.to_owned());
        }
    }
    Ok(lists)
}

/// Takes lists in: new names make new lists, and lists of known names get the symbols they lack. All of it or
/// nothing.
#[utoipa::path(
    post,
    path = "/api/v1/watchlists/import",
    operation_id = "import_watchlists",
    tag = "lists",
    request_body(content((ImportRequest = "application/json"), (String = "text/csv")), description = "JSON as `GET /api/v1/watchlists` gives it, or CSV with the columns `list` and `symbol`"),
    responses(
        (status = 200, description = "What it did", body = ImportAnswer),
        (status = 409, description = "There would be too many lists", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor CSV", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, no symbol, or too many; nothing was taken in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn import(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ImportAnswer>, Refusal> {
    let people = people_of(&state)?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let lists = match kind.split(';').next().map(str::trim) {
        Some("application/json") => {
            let read: ImportRequest = serde_json::from_slice(&body)
                .map_err(|error| Refusal::unprocessable(error.to_string()).with_code("bad_request"))?;
            read.watchlists
        }
        Some("text/csv") => read(&body)?,
        _ => {
            let status = axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Refusal::new(status, "send application/json or text/csv"));
        }
    };
    let wanted: Vec<Content> =
        lists.into_iter().map(|list| content_of(&list.name, list.symbols)).collect::<Result<_, _>>()?;
    let universe = state.market.universe();
    let is_unknown = |text: &String| Symbol::new(text).is_ok_and(|symbol| universe.id(&symbol).is_none());
    let mut unknown: Vec<String> =
        wanted.iter().flat_map(|list| &list.symbols).filter(|text| is_unknown(text)).cloned().collect();
    unknown.sort_unstable();
    unknown.dedup();
    let now = people.now();
    let taken_in = people.records.run(move |sql| take_in(sql, who.owner, &wanted, now)).await;
    let (created, extended) = taken_in.map_err(|error| match error {
        RecordError::Damaged { what } if what == TOO_LONG => {
            Refusal::unprocessable(format!("a list would have more than {SYMBOLS_MAX} symbols"))
                .with_code("too_many_symbols")
        }
        error => unkept(error),
    })?;
    people.changed_lists(who.owner).await;
    Ok(Json(ImportAnswer { created, extended, unknown }))
}

/// What a transaction is given up with where a list would be too long.
const TOO_LONG: &str = "a list would be too long";

fn take_in(
    sql: &mut dyn Sql,
    owner: i64,
    wanted: &[Content],
    now: market::Timestamp,
) -> Result<(Vec<String>, Vec<String>), RecordError> {
    let (mut created, mut extended) = (Vec::new(), Vec::new());
    for content in wanted {
        let known = watchlist::list(sql, owner)?.into_iter().find(|list| list.name == content.name);
        let Some(known) = known else {
            watchlist::insert(sql, owner, content, now)?;
            created.push(content.name.clone());
            continue;
        };
        let lacking: Vec<String> =
            content.symbols.iter().filter(|symbol| !known.symbols.contains(symbol)).cloned().collect();
        if lacking.is_empty() {
            continue;
        }
        let symbols = [known.symbols, lacking].concat();
        if symbols.len() > SYMBOLS_MAX {
            return Err(RecordError::Damaged { what: TOO_LONG.into() });
        }
        let content = Content { name: known.name, symbols };
        if let Changed::Done(list) = watchlist::update(sql, (owner, known.id), None, &content, now)? {
            extended.push(list.name);
        }
    }
    Ok((created, extended))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &str, symbols: &[&str]) -> Watchlist {
        Watchlist {
            id: 1,
            owner: 1,
            name: name.into(),
            symbols: symbols.iter().map(|&symbol| symbol.to_owned()).collect(),
            version: 1,
            is_for_visitors: false,
            updated_at: market::Timestamp::EPOCH,
        }
    }

    #[test]
    fn what_was_exported_can_be_imported() {
        let lists =
            [list("Cars, \"fast\"", &["GM", "IC MARKETS:1"]), list("empty", &[]), list("é", &["BRK.B"])];
        let text = written(&lists).unwrap();
        let back = read(&text).unwrap();
        assert_eq!(back.len(), 3);
        for (list, back) in lists.iter().zip(&back) {
            assert_eq!((&list.name, &list.symbols), (&back.name, &back.symbols));
        }
    }

    #[test]
    fn columns_are_found_by_name_and_their_lack_is_told() {
        let text = "\u{feff}Symbol, note ,LIST\nGM,x,Cars\nAAPL,,Fruit\nF,y,Cars\n";
        let back = read(text.as_bytes()).unwrap();
        assert_eq!(back[0], ImportedList { name: "Cars".into(), symbols: vec!["GM".into(), "F".into()] });
        assert_eq!(back[1].name, "Fruit");
        for bad in ["", "symbol\nGM\n", "list,symbol\n\"Cars,GM\nF", "list,symbol\na,b,c\n"] {
            let told = read(bad.as_bytes());
            assert!(
                told.is_err() || told.as_ref().is_ok_and(|lists| lists.len() == 1 && bad.contains('"')),
                "{bad}"
            );
        }
    }
}
