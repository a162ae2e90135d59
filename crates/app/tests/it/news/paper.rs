//! A newspaper: what The Guardian's search answers, of articles that a test writes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use market::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Its key.
pub(super) const KEY: &str = "of-the-reader";

#[derive(Debug, Clone)]
struct Article {
    id: String,
    title: String,
    published: i64,
    modified: i64,
}

#[derive(Debug, Default)]
struct Desk {
    articles: Mutex<Vec<Article>>,
    asked: AtomicUsize,
    /// Answers to come that are failures, the last first.
    failures: Mutex<Vec<u16>>,
}

/// A running one; it ends when dropped.
pub(super) struct Paper {
    desk: Arc<Desk>,
    task: JoinHandle<()>,
    address: String,
}

impl Drop for Paper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn text(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).unwrap().to_string()
}

#[derive(Debug, Deserialize)]
struct Search {
    #[serde(rename = "api-key")]
    key: Option<String>,
    #[serde(rename = "from-date")]
    from: Option<String>,
    #[serde(rename = "to-date")]
    to: Option<String>,
    #[serde(rename = "use-date")]
    date: Option<String>,
    #[serde(rename = "order-by")]
    order: Option<String>,
    page: Option<usize>,
    #[serde(rename = "page-size")]
    size: Option<usize>,
    q: Option<String>,
}

async fn search(State(desk): State<Arc<Desk>>, Query(asked): Query<Search>) -> (StatusCode, Json<Value>) {
    desk.asked.fetch_add(1, Ordering::SeqCst);
    if asked.key.as_deref() != Some(KEY) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "Unauthorized"})));
    }
    if let Some(status) = desk.failures.lock().unwrap().pop() {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({"message": "not now"})));
    }
    // A reader that asked otherwise could not find every version.
    assert_eq!(asked.date.as_deref(), Some("last-modified"));
    assert_eq!(asked.order.as_deref(), Some("newest"));
    let second = |text: Option<String>, other: i64| {
        text.map_or(other, |text| text.parse::<Timestamp>().unwrap().seconds())
    };
    let (from, to) = (second(asked.from, 0), second(asked.to, i64::MAX));
    let words = asked.q.unwrap_or_default().to_lowercase();
    let mut found: Vec<Article> = desk.articles.lock().unwrap().clone();
    found.retain(|one| (from..=to).contains(&one.modified) && one.title.to_lowercase().contains(&words));
    found.sort_by_key(|one| std::cmp::Reverse(one.modified));
    let (page, size) = (asked.page.unwrap_or(1), asked.size.unwrap_or(10));
    let pages = found.len().div_ceil(size);
    if page > pages.max(1) {
        let body = json!({"response": {"status": "error", "message": "requested page is beyond the last"}});
        return (StatusCode::BAD_REQUEST, Json(body));
    }
    let results: Vec<Value> = found
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .map(|one| {
            json!({
                "id": one.id, "type": "article", "sectionId": "business",
                "webPublicationDate": text(one.published), "webTitle": one.title,
                "webUrl": format!("https://paper.example/{}", one.id),
                "fields": {"headline": one.title, "trailText": "<b>Markets</b> &amp; more",
                    "lastModified": text(one.modified), "firstPublicationDate": text(one.published)},
            })
        })
        .collect();
    let body = json!({"response": {"status": "ok", "total": found.len(), "startIndex": 1, "pageSize": size,
        "currentPage": page, "pages": pages, "orderBy": "newest", "results": results}});
    (StatusCode::OK, Json(body))
}

impl Paper {
    pub(super) async fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let app =
            axum::Router::new().route("/search", axum::routing::get(search)).with_state(Arc::clone(&desk));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { desk, task, address }
    }

    /// Prints an article that appeared so many seconds ago.
    pub(super) fn print(&self, id: &str, title: &str, ago: i64) {
        let at = now() - ago;
        let article = Article { id: id.into(), title: title.into(), published: at, modified: at };
        self.desk.articles.lock().unwrap().push(article);
    }

    /// Changes an article now.
    pub(super) fn edit(&self, id: &str, title: &str) {
        let mut articles = self.desk.articles.lock().unwrap();
        let article = articles.iter_mut().find(|one| one.id == id).unwrap();
        article.title = title.into();
        article.modified = now();
    }

    /// Fails the next questions like this.
    pub(super) fn fail(&self, status: u16, times: usize) {
        self.desk.failures.lock().unwrap().extend(std::iter::repeat_n(status, times));
    }

    pub(super) fn asked(&self) -> usize {
        self.desk.asked.load(Ordering::SeqCst)
    }

    /// The settings of a server that reads it: a market of its own, and no news but these.
    pub(super) fn settings(&self) -> String {
        format!(
            "[[feeds]]\nkind = \"sim\"\nrate = 200\n\n[[news]]\nkind = \"guardian\"\nkey = \"{KEY}\"\n\
             url = \"http://{}\"\nevery = 1\ncalls_per_day = 100000\n",
            self.address
        )
    }
}
