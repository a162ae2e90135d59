//! The licences of everything built into the program and the page are among those of `licences.txt`.
//!
//! What only tests and measurements use is not built in and not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Crates of the workspace that nobody is given.
const NOT_SHIPPED: &[&str] = &["bench", "xtask"];

/// Identifiers of `licences.txt`; a reason begins after two spaces.
fn allowed() -> BTreeSet<&'static str> {
    let lines = include_str!("../licences.txt").lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (licence, reason) = line.split_once("  ").unwrap_or((line, ""));
            assert!(!reason.trim().is_empty(), "licences.txt: {licence} has no reason");
            licence
        })
        .collect()
}

/// Reads an SPDX expression, with the older `/` for `OR`, left to right; `AND` binds tighter.
struct Expression<'a> {
    words: std::iter::Peekable<std::vec::IntoIter<&'a str>>,
    allowed: &'a BTreeSet<&'static str>,
}

impl<'a> Expression<'a> {
    fn is_allowed(text: &'a str, allowed: &'a BTreeSet<&'static str>) -> bool {
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            let mut rest = word;
            while let Some(at) = rest.find(['(', ')', '/']) {
                words.extend([&rest[..at], &rest[at..=at]].into_iter().filter(|w| !w.is_empty()));
                rest = &rest[at + 1..];
            }
            words.extend(Some(rest).filter(|w| !w.is_empty()));
        }
        let mut expression = Self { words: words.into_iter().peekable(), allowed };
        let verdict = expression.any();
        verdict && expression.words.next().is_none()
    }

    fn any(&mut self) -> bool {
        let mut verdict = self.all();
        while self.words.next_if(|w| matches!(*w, "OR" | "/")).is_some() {
            verdict |= self.all();
        }
        verdict
    }

    fn all(&mut self) -> bool {
        let mut verdict = self.one();
        while self.words.next_if_eq(&"AND").is_some() {
            verdict &= self.one();
        }
        verdict
    }

    fn one(&mut self) -> bool {
        match self.words.next() {
            Some("(") => {
                let verdict = self.any();
                verdict && self.words.next() == Some(")")
            }
            Some(licence) => match self.words.next_if_eq(&"WITH") {
                Some(_) => {
                    let exception = self.words.next().unwrap_or_default();
                    self.allowed.contains(format!("{licence} WITH {exception}").as_str())
                }
                None => self.allowed.contains(licence),
            },
            None => false,
        }
    }
}

#[test]
fn expressions_are_read() {
    let allowed = BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    let cases = [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("Unlicense/MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("(GPL-3.0-only OR MIT) AND ISC", true),
        ("MIT OR GPL-3.0-only AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0 WITH other", false),
        ("MIT WITH LLVM-exception", false),
        ("MIT ISC", false),
        ("", false),
    ];
    for (text, expected) in cases {
        assert_eq!(Expression::is_allowed(text, &allowed), expected, "{text}");
    }
}

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout);
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).expect("rustc names its host");
    // Of this platform only: what others need is not on this disk and would have to be fetched.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
        .current_dir(ROOT)
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Packages that are built in, with their licences.
fn built_in(metadata: &Value) -> BTreeMap<String, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|p| (text(&p["id"]), p)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|n| (text(&n["id"]), n)).collect();
    let ours: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    let is_shipped = |id: &&String| !NOT_SHIPPED.contains(&text(&packages[*id]["name"]).as_str());
    let mut ahead: Vec<String> = ours.iter().filter(is_shipped).cloned().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = ahead.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        for dependency in list(&nodes[&id]["deps"]) {
            let kinds = list(&dependency["dep_kinds"]);
            // Null is an ordinary dependency; what only builds is looked at too.
            if kinds.iter().any(|k| k["kind"] != "dev") {
                ahead.push(text(&dependency["pkg"]));
            }
        }
    }
    let foreign = seen.into_iter().filter(|id| !ours.contains(id)).map(|id| &packages[&id]);
    foreign.map(|p| (format!("{} {}", text(&p["name"]), text(&p["version"])), text(&p["license"]))).collect()
}

fn refused(packages: &BTreeMap<String, String>) -> Vec<String> {
    let allowed = allowed();
    let refused = packages.iter().filter(|(_, licence)| !Expression::is_allowed(licence, &allowed));
    refused.map(|(name, licence)| format!("{name}: {licence:?}")).collect()
}

#[test]
fn crates_have_allowed_licences() {
    let packages = built_in(&metadata());
    assert!(packages.len() > 100, "only {} crates were found", packages.len());
    let refused = refused(&packages);
    assert!(refused.is_empty(), "not among the licences of xtask/licences.txt: {refused:#?}");
}

#[test]
fn packages_of_the_page_have_allowed_licences() {
    let lock = std::fs::read_to_string(format!("{ROOT}/web/package-lock.json")).expect("the lock file");
    let lock: Value = serde_json::from_str(&lock).expect("the lock file is JSON");
    let packages = lock["packages"].as_object().expect("packages");
    let built_in: BTreeMap<String, String> = packages
        .iter()
        .filter(|(path, package)| !path.is_empty() && package["dev"] != true)
        .map(|(path, package)| (path.clone(), package["license"].as_str().unwrap_or_default().to_owned()))
        .collect();
    assert!(!built_in.is_empty(), "no package was found");
    let refused = refused(&built_in);
    assert!(refused.is_empty(), "not among the licences of xtask/licences.txt: {refused:#?}");
}
