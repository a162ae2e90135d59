//! Bodies of watch lists and boards.

use market::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::Hidden;
use crate::time;

/// A watch list as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchlistRequest {
    /// 1 to 64 characters; no other list of the owner's is called so.
    #[schema(example = "Cars")]
    pub name: String,
    /// Symbols in order, at most 1,000; one that comes twice counts where it comes first.
    #[schema(example = json!(["GM", "F", "TSLA"]))]
    pub symbols: Vec<String>,
    /// Show it to visitors, in place of what they are shown now. Operators only; left out, it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_for_visitors: Option<bool>,
}

/// A watch list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchlistBody {
    /// Names it in `/api/v1/watchlists/{id}`.
    #[schema(example = "21")]
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Symbols in order.
    pub symbols: Vec<String>,
    /// Grows with each change: what `If-Match` names.
    pub version: i64,
    /// It is what visitors are shown.
    pub is_for_visitors: bool,
    /// When it was last changed.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// `GET /api/v1/watchlists`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchlistsAnswer {
    /// In the owner's order.
    pub watchlists: Vec<WatchlistBody>,
}

/// `PUT /api/v1/watchlists/order`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// All of one's lists, in the order they shall have.
    pub ids: Vec<String>,
}

/// `POST /api/v1/watchlists/import`, as JSON: what `GET /api/v1/watchlists` gives may be sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportRequest {
    /// Lists by name.
    pub watchlists: Vec<ImportedList>,
}

/// A list to be taken in. Members beside these are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedList {
    /// A new name makes a new list; to one of a known name the symbols it lacks are added.
    pub name: String,
    /// Symbols in order.
    pub symbols: Vec<String>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// Names of lists that were made.
    pub created: Vec<String>,
    /// Names of lists that have got symbols.
    pub extended: Vec<String>,
    /// Symbols that no feed knows now. They were taken in all the same.
    pub unknown: Vec<String>,
}

/// What a visitor is shown, or whoever has a board's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardView {
    /// What its owner calls it.
    pub name: String,
    /// Symbols in order.
    pub symbols: Vec<String>,
    /// When it was last changed; `null` for what the program shows visitors by itself.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub updated_at: Option<Timestamp>,
}

/// `POST /api/v1/boards`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardRequest {
    /// The id of the list to be shown.
    pub watchlist: String,
}

/// A link that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewBoardBody {
    /// Names it in `DELETE /api/v1/boards/{id}`.
    pub id: String,
    /// The list it shows.
    pub watchlist: String,
    /// The way behind the server's address: `/board#TOKEN`. Shown this once.
    #[schema(value_type = String, example = "/board#…")]
    pub link: Hidden,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardBody {
    /// Names it in `DELETE /api/v1/boards/{id}`.
    pub id: String,
    /// The list it shows.
    pub watchlist: String,
    /// When it was made.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// `GET /api/v1/boards`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardsAnswer {
    /// Oldest first.
    pub boards: Vec<BoardBody>,
}

/// A list as the channel `lists` tells it: enough to see what changed, and to ask for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListHead {
    /// As in `GET /api/v1/watchlists/{id}`.
    pub id: String,
    /// What it is called now.
    pub name: String,
    /// Grows with each change of name or symbols.
    pub version: i64,
}

/// One's lists, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListsData {
    /// All of them; one that is missing was removed.
    pub watchlists: Vec<ListHead>,
}
