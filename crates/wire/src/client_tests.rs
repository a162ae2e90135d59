use super::*;
use proptest::prelude::*;

fn subscribe(text: &str) -> Subscribe {
    match parse_client_frame(text) {
        Ok(ClientFrame::Subscribe(subscribe)) => subscribe,
        other => panic!("not a subscribe: {other:?}"),
    }
}

fn refused(text: &str, message: &str) {
    assert_eq!(parse_client_frame(text).map_err(|e| e.message), Err(message.to_owned()), "{text}");
}

#[test]
fn reads_the_fixed_kinds() {
    assert_eq!(
        parse_client_frame(r#"{"type":"subscribe","symbols":["AAPL","TSLA"]}"#),
        Ok(ClientFrame::Subscribe(Subscribe {
            id: None,
            topic: Topic::Prices,
            symbols: vec!["AAPL".into(), "TSLA".into()],
            since: None,
            coalesce_ms: None,
        }))
    );
    assert_eq!(
        parse_client_frame(r#" {"symbols":["AAPL"],"type":"unsubscribe"} "#),
        Ok(ClientFrame::Unsubscribe(Unsubscribe {
            id: None,
            topic: Topic::Prices,
            symbols: vec!["AAPL".into()],
        }))
    );
    assert_eq!(parse_client_frame(r#"{"type":"ping"}"#), Ok(ClientFrame::Ping { id: None }));
}

#[test]
fn reads_every_member() {
    let bars = subscribe(
        r#"{"type":"subscribe","channel":"bars","symbols":["A"],"id":7,"interval":"5m",
            "session":"regular","since":"2026-01-05T14:30:00Z","coalesce_ms":20,"newer":{"x":[1]}}"#,
    );
    assert_eq!(bars.topic, Topic::Bars { interval: IntervalName::M5, session: SessionName::Regular });
    assert_eq!(bars.since.map(|t| t.to_string()), Some("2026-01-05T14:30:00Z".into()));
    assert_eq!(bars.coalesce_ms, Some(20));
    assert_eq!(bars.id.map(|id| id.as_json().to_owned()), Some("7".into()));

    let defaults = subscribe(r#"{"type":"subscribe","channel":"bars","symbols":["A"],"interval":null}"#);
    assert_eq!(defaults.topic, Topic::Bars { interval: IntervalName::M1, session: SessionName::Extended });

    let status = subscribe(r#"{"type":"subscribe","channel":"status","id":"a\"b"}"#);
    assert_eq!((status.topic, status.symbols.len()), (Topic::Status, 0));
    assert_eq!(status.id.map(|id| serde_json::to_string(&id).unwrap()), Some(r#""a\"b""#.into()));

    // `since` means nothing for prices; it is no error there.
    let prices = subscribe(r#"{"type":"subscribe","symbols":[],"since":"2026-01-05T14:30:00Z"}"#);
    assert_eq!(prices.since, None);
}

#[test]
fn says_what_would_be_right() {
    refused("[]", "A frame must be a JSON object");
    refused("7", "A frame must be a JSON object");
    refused("", "Malformed JSON: EOF while parsing a value at line 1 column 0");
    refused("{", "Malformed JSON: EOF while parsing an object at line 1 column 1");
    refused("{}", "type is missing: must be one of subscribe, unsubscribe, ping");
    refused(r#"{"type":1}"#, "type must be a string");
    refused(r#"{"type":"buy"}"#, "Unknown type: buy: must be one of subscribe, unsubscribe, ping");
    refused(r#"{"type":"subscribe"}"#, "symbols is missing: symbols must be a list of strings");
    refused(r#"{"type":"subscribe","symbols":"AAPL"}"#, "symbols must be a list of strings");
    refused(r#"{"type":"subscribe","symbols":["A",1]}"#, "symbols must be a list of strings");
    refused(
        r#"{"type":"subscribe","channel":"gossip","symbols":[]}"#,
        "Unknown channel: gossip: must be one of prices, quotes, bars, status, account, lists, alerts, news",
    );
    refused(
        r#"{"type":"subscribe","channel":"bars","symbols":[],"interval":"2m"}"#,
        "Unknown interval: 2m: must be one of 1s, 1m, 5m, 15m, 1h, 1d",
    );
    refused(r#"{"type":"subscribe","symbols":[],"session":true}"#, "session must be a string");
    refused(
        r#"{"type":"subscribe","channel":"bars","symbols":[],"since":"yesterday"}"#,
        "since is not a time of the form 2018-01-02T10:01:21Z: yesterday",
    );
    for bad in ["51", "-1", "1.5", "\"5\"", "1e300", "[]"] {
        refused(
            &format!(r#"{{"type":"subscribe","symbols":[],"coalesce_ms":{bad}}}"#),
            "coalesce_ms must be a whole number from 0 to 50",
        );
    }
    for bad in ["{}", "[]", "true"] {
        refused(&format!(r#"{{"type":"ping","id":{bad}}}"#), "id must be a string or a number");
    }
    refused(&format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(200)), "id must be at most 128 bytes");
    refused(r#"{"type":"ping","type":"ping"}"#, "Malformed JSON: duplicate field `type` at line 1 column 21");
}

#[test]
fn an_error_names_the_request_and_stays_short() {
    let error = parse_client_frame(r#"{"type":"nope","id":"q1"}"#).unwrap_err();
    assert_eq!(
        serde_json::to_string(&crate::frames::ServerFrame::Error(error.into_frame())).unwrap(),
        concat!(
            r#"{"type":"error","message":"Unknown type: nope: must be one of subscribe, unsubscribe, ping","#,
            r#""code":"bad_request","id":"q1"}"#
        )
    );
    let long = parse_client_frame(&format!(r#"{{"type":"{}"}}"#, "é".repeat(30_000))).unwrap_err();
    assert!(long.message.len() < 256);
}

#[test]
fn deep_nesting_is_only_skipped() {
    let deep = format!(r#"{{"type":"ping","x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    // Read or refused, but the stack holds.
    let _ = parse_client_frame(&deep);
    let _ = parse_client_frame(&"[".repeat(60_000));
    let _ = parse_client_frame(&format!(r#"{{"type":"subscribe","symbols":{}"#, "[".repeat(60_000)));
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,80}") {
        let _ = parse_client_frame(&text);
    }

    #[test]
    fn never_panics_on_nearly_right_frames(
        kind in prop_oneof!["\"(subscribe|unsubscribe|ping)\"", "[0-9a-z\"{}\\[\\]]{0,5}"],
        member in "(id|channel|symbols|interval|session|since|coalesce_ms)",
        value in "[-0-9a-zA-Z\"{}\\[\\],:\\\\.]{0,20}",
    ) {
        let text = format!(r#"{{"type":{kind},"symbols":[],"{member}":{value}}}"#);
        if let Err(error) = parse_client_frame(&text) {
            prop_assert!(!error.message.is_empty());
        }
    }
}
