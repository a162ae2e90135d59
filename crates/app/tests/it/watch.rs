//! `bellwether watch` against the real program. What it draws is tested in the crate `terminal`.

use crate::house::{Bellwether, Ended, ended};

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_printed_with_prices_and_words_find_symbols() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    let url = format!("http://{}", house.address());
    let watched = move |arguments: &[&str]| {
        let all = [&["watch", "--url", &url, "--once"], arguments].concat();
        let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
        tokio::task::spawn_blocking(move || ended(&all.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let Ended { status, stdout, stderr } = watched(&["AAPL", "general motors", "nosuchthing"]).await.unwrap();
    assert_eq!(status, Some(0), "{stderr}");
    let row =
        |symbol: &str| stdout.lines().find(|line| line.starts_with(symbol)).unwrap_or_default().to_owned();
    for symbol in ["AAPL ", "GM "] {
        let row = row(symbol);
        assert!(row.contains("simulated") && row.contains('%') && row.contains('.'), "{stdout}");
    }
    assert!(
        stdout.contains("general motors is shown as GM") && stdout.contains("there is no nosuchthing"),
        "{stdout}"
    );
    let busiest = watched(&[]).await.unwrap();
    assert_eq!(busiest.stdout.lines().filter(|line| line.contains('%') && line.contains('.')).count(), 15);
    let none = watched(&["nosuchthing"]).await.unwrap();
    assert_eq!(none.status, Some(2));
    assert!(none.stderr.contains("there is no nosuchthing"), "{}", none.stderr);
    house.stop();
}

#[test]
fn without_a_server_it_says_how_to_start_one() {
    let Ended { status, stderr, .. } = ended(&["watch", "--url", "http://127.0.0.1:1", "--once", "AAPL"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("bellwether up") && stderr.lines().count() == 1, "{stderr}");
}
