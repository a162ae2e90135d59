use std::sync::LazyLock;

use super::*;
use crate::market::MarketConfig;

static MARKET: LazyLock<Arc<Market>> = LazyLock::new(|| Arc::new(Market::new(MarketConfig::default())));

fn look(settings: Settings) -> Look {
    let clock: Clock = Arc::new(|| "2026-11-20T15:00:00.5Z".parse().unwrap_or(Timestamp::EPOCH));
    Look::new(Arc::clone(&MARKET), clock, "simkey".into(), settings, Arc::default())
}

fn free() -> Settings {
    Settings { calls_per_day: 10_000, calls_per_second: 10_000, ..Settings::default() }
}

async fn get(look: &Look, path: &str) -> (u16, Value) {
    let join = if path.contains('?') { '&' } else { '?' };
    let uri: Uri = format!("http://x/guardian/{path}{join}api-key=simkey").parse().unwrap();
    read(answered(look, &uri)).await
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn titles(answer: &Value) -> Vec<String> {
    let results = answer["response"]["results"].as_array().unwrap();
    results.iter().map(|item| item["webTitle"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn answers_a_search_as_documented() {
    let look = look(free());
    let (status, answer) =
        get(&look, "search?q=shares%20AND%20NOT%20slide&page-size=5&order-by=newest&show-fields=all").await;
    assert_eq!(status, 200);
    let response = &answer["response"];
    assert_eq!((&response["status"], &response["userTier"]), (&json!("ok"), &json!("developer")));
    assert_eq!(
        (&response["pageSize"], &response["currentPage"], &response["startIndex"]),
        (&json!(5), &json!(1), &json!(1))
    );
    assert_eq!(titles(&answer).len(), 5);
    let first = &response["results"][0];
    for name in ["id", "type", "sectionId", "webPublicationDate", "webTitle", "webUrl", "apiUrl", "isHosted"]
    {
        assert!(!first[name].is_null(), "{name}");
    }
    for name in ["headline", "trailText", "lastModified", "firstPublicationDate", "shortUrl", "wordcount"] {
        assert!(first["fields"][name].is_string(), "{name}");
    }
    let id = first["id"].as_str().unwrap();
    let (status, item) = get(&look, id).await;
    assert_eq!((status, item["response"]["content"]["id"].as_str()), (200, Some(id)));
    for (path, status) in [
        ("business/2026/nov/20/no-such-thing", 404),
        ("no-such-thing", 404),
        ("search?page-size=201", 400),
        ("search?page-size=x", 400),
        ("search?order-by=size", 400),
        ("search?use-date=today", 400),
        ("search?from-date=soon", 400),
        ("search?q=(a", 400),
        ("search?page=9999", 400),
        ("sections", 200),
        ("tags", 200),
    ] {
        let (got, answer) = get(&look, path).await;
        assert_eq!(got, status, "{path}");
        let word = if status == 200 { "ok" } else { "error" };
        assert_eq!(answer["response"]["status"], word, "{path}");
    }
}

#[tokio::test]
async fn chooses_by_section_tag_and_date() {
    let look = look(free());
    let day = "from-date=2026-11-19&to-date=2026-11-19&page-size=200";
    let total = |answer: &Value| answer["response"]["total"].as_u64().unwrap();
    let all = total(&get(&look, &format!("search?{day}")).await.1);
    let mut sum = 0;
    for section in ["business", "technology", "money"] {
        let (_, answer) = get(&look, &format!("search?{day}&section={section}")).await;
        assert!(answer["response"]["results"].as_array().unwrap().iter().all(|i| i["sectionId"] == section));
        sum += total(&answer);
    }
    assert_eq!(sum, all);
    let two = total(&get(&look, &format!("search?{day}&section=business%7Cmoney")).await.1);
    let not = total(&get(&look, &format!("search?{day}&section=-technology")).await.1);
    assert_eq!(two, not);
    let live = get(&look, &format!("search?{day}&tag=tone/minutebyminute")).await.1;
    assert_eq!(live["response"]["results"][0]["type"], "liveblog");
    let (_, dead) = get(&look, &format!("search?{day}&tag=business/business,-tone/minutebyminute")).await;
    assert!(
        total(&dead) > 0
            && dead["response"]["results"].as_array().unwrap().iter().all(|i| i["type"] == "article")
    );
    // In order, and none twice, over all pages.
    let mut seen = Vec::new();
    for page in 1..=all.div_ceil(50) {
        let path = format!(
            "search?from-date=2026-11-19&to-date=2026-11-19&page-size=50&page={page}&show-fields=lastModified&use-date=last-modified"
        );
        let (_, answer) = get(&look, &path).await;
        for item in answer["response"]["results"].as_array().unwrap() {
            seen.push((item["fields"]["lastModified"].to_string(), item["id"].to_string()));
        }
    }
    assert!(seen.is_sorted_by(|a, b| a.0 >= b.0));
    let distinct: std::collections::HashSet<_> = seen.iter().map(|(_, id)| id).collect();
    assert_eq!(distinct.len(), seen.len());
    assert!(seen.iter().all(|(at, _)| at.starts_with("\"2026-11-19T")));
}

#[tokio::test]
async fn wants_a_key_and_counts_calls() {
    let strict = look(Settings { calls_per_day: 3, calls_per_second: 2, ..Settings::default() });
    for query in ["", "?api-key=", "?api-key=wrong"] {
        let uri: Uri = format!("http://x/guardian/search{query}").parse().unwrap();
        let (status, answer) = read(answered(&strict, &uri)).await;
        assert!(status == 401 && answer["message"].is_string(), "{query}");
    }
    let mut told = Vec::new();
    for _ in 0..4 {
        let uri: Uri = "http://x/guardian/sections?api-key=simkey".parse().unwrap();
        let response = answered(&strict, &uri);
        let wait = response.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
        told.push((response.status().as_u16(), wait));
    }
    // Two a second; the third of the second, and then the day's end.
    assert_eq!(told[0..2], [(200, None), (200, None)]);
    assert_eq!((told[2].0, told[3].0), (429, 429));
    assert_eq!(told[3].1.as_deref(), Some("32400"), "nine hours to midnight");
}
