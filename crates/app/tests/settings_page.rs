//! `docs/configuration.md` names every setting there is, and none that is not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeSet;
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/configuration.md");

fn told(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bellwether"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap_or_else(|error| panic!("bellwether {arguments:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Words of a help text that begin like this, up to the first character that cannot be part of them.
fn words(text: &str, beginning: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(beginning)
        .map(|(at, _)| text[at..].chars().take_while(|c| is_part(*c)).collect::<String>())
        .filter(|word| word.len() > beginning.len() && word != "--help")
        .collect()
}

/// A part of the page, from its heading to the next of the same rank.
fn part(heading: &str) -> &'static str {
    let at = PAGE.find(heading).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let rest = &PAGE[at + heading.len()..];
    let rank = heading.split(' ').next().unwrap_or_default();
    let end = rest.find(&format!("\n{rank} ")).unwrap_or(rest.len());
    &rest[..end]
}

/// First cells of a part's table, without their backticks.
fn first_cells(part: &str) -> BTreeSet<String> {
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

#[test]
fn flags_and_variables_are_on_the_page() {
    let cases = [
        ("up", "## `bellwether up` and `bellwether serve`"),
        ("bars", "## `bellwether bars FILE`"),
        ("sim", "## `bellwether sim`"),
        ("workload", "## `bellwether workload FILE`"),
    ];
    for (command, heading) in cases {
        let help = told(&[command, "--help"]);
        let part = part(heading);
        assert_eq!(first_cells(part), words(&help, "--"), "flags of {command}");
        for variable in words(&help, "BELLWETHER_") {
            assert!(part.contains(&format!("`{variable}`")), "{variable} of {command} is not on the page");
        }
    }
}

/// The names a settings file may have there, as the refusal of another tells them.
fn keys(text: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bellwether.toml");
    std::fs::write(&path, text).expect("the settings file is written");
    let refusal = told(&["up", "--config", &path.to_string_lossy()]);
    let (_, expected) = refusal.split_once("expected one of").unwrap_or_else(|| panic!("{refusal}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn names_of_the_settings_file_are_on_the_page() {
    let part_of_up = part("## `bellwether up` and `bellwether serve`");
    for key in keys("nonsense = 1").into_iter().filter(|key| !["feeds", "news"].contains(&&**key)) {
        assert!(part_of_up.contains(&format!("| `{key}` |")), "{key} is not on the page");
    }
    let feeds = [("sim", ""), ("finnhub", ""), ("replay", "file = \"day.csv\"\n")];
    for (kind, rest) in feeds {
        check_kind("feeds", kind, rest, &format!("### `kind = \"{kind}\"`"));
    }
    for kind in ["guardian", "finnhub"] {
        check_kind("news", kind, "", &format!("### News of `kind = \"{kind}\"`"));
    }
}

/// The names that a kind of entry may have are those of the table under its heading.
fn check_kind(table: &str, kind: &str, rest: &str, heading: &str) {
    let listed = keys(&format!("[[{table}]]\nkind = \"{kind}\"\n{rest}nonsense = 1\n"));
    let at = PAGE.find(heading).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let rest = &PAGE[at + heading.len()..];
    let end = rest.find("\n## ").into_iter().chain(rest.find("\n### ")).min().unwrap_or(rest.len());
    assert_eq!(first_cells(&rest[..end]), listed, "kind {kind} of {table}");
}
