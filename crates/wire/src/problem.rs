//! Errors as `application/problem+json`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error answer by [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem this is: `about:blank`, which means that the status says it.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Bad Request")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What was wrong with this request, and what would be right.
    #[schema(example = "limit must be a number from 1 to 100")]
    pub detail: String,
    /// Why a command of the desk was refused: a word for programs. Absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "insufficient_cash")]
    pub code: Option<String>,
}

impl Problem {
    /// A problem that its status and detail describe.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: "about:blank".into(), title: title.into(), status, detail: detail.into(), code: None }
    }
}
