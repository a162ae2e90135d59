//! Watch lists over HTTP, and the boards that show them to others.

/// `/api/v1/boards`.
pub(super) mod boards;
/// `/api/v1/watchlists/import`, and lists as CSV.
pub(super) mod portable;
/// `/api/v1/watchlists`.
pub(super) mod watchlists;

use market::Symbol;
use store::records::watchlist::{Content, SYMBOLS_MAX, Watchlist};
use wire::lists::WatchlistBody;
use wire::text::excerpt;

use super::access::Routes;
use super::problem::Refusal;
use crate::people::identity::{Access, Scope};

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// The routes.
pub(super) fn routes() -> Routes {
    const READ: Access = Access::User(Scope::Read);
    const CHANGE: Access = Access::User(Scope::Alerts);
    Routes::new()
        .get("/api/v1/watchlists", READ, watchlists::list)
        .post("/api/v1/watchlists", CHANGE, watchlists::create)
        .get("/api/v1/watchlists/{id}", READ, watchlists::get)
        .put("/api/v1/watchlists/{id}", CHANGE, watchlists::replace)
        .delete("/api/v1/watchlists/{id}", CHANGE, watchlists::delete)
        .put("/api/v1/watchlists/order", CHANGE, watchlists::order)
        .post("/api/v1/watchlists/import", CHANGE, portable::import)
        .get("/api/v1/watchlists/default", Access::Prices, watchlists::for_visitors)
        .get("/api/v1/boards", READ, boards::list)
        .post("/api/v1/boards", CHANGE, boards::create)
        .get("/api/v1/boards/{id}", Access::Anyone, boards::view)
        .delete("/api/v1/boards/{id}", CHANGE, boards::delete)
}

fn body_of(list: Watchlist) -> WatchlistBody {
    WatchlistBody {
        id: list.id.to_string(),
        name: list.name,
        symbols: list.symbols,
        version: list.version,
        is_for_visitors: list.is_for_visitors,
        updated_at: list.updated_at,
    }
}

/// A list that can be kept: a name, and symbols by their grammar, each once.
fn content_of(name: &str, symbols: Vec<String>) -> Result<Content, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::unprocessable("name must have 1 to 64 characters, and no control characters")
            .with_code("bad_name"));
    }
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::with_capacity(symbols.len().min(SYMBOLS_MAX));
    for symbol in symbols {
        if Symbol::new(&symbol).is_err() {
            let told = format!("{} is no symbol", excerpt(&symbol));
            return Err(Refusal::unprocessable(told).with_code("bad_symbol"));
        }
        if seen.insert(symbol.clone()) {
            kept.push(symbol);
        }
    }
    if kept.len() > SYMBOLS_MAX {
        let told = format!("a list has at most {SYMBOLS_MAX} symbols; these are {}", kept.len());
        return Err(Refusal::unprocessable(told).with_code("too_many_symbols"));
    }
    Ok(Content { name: name.to_owned(), symbols: kept })
}
