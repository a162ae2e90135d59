//! The arrows between crates point the way ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which of our crates each may use. The order is that of ARCHITECTURE.md: pure first.
const ALLOWED: &[(&str, &[&str])] = &[
    ("market", &[]),
    ("ledger", &["market"]),
    ("signals", &["market"]),
    ("wire", &["market", "ledger"]),
    ("feeds", &["market", "signals"]),
    ("sim", &["market", "signals"]),
    ("bus", &["market", "wire"]),
    ("store", &["market", "wire"]),
    ("desk", &["market", "ledger", "wire", "store"]),
    ("notify", &["market", "store"]),
    ("oidc", &[]),
    ("server", &["market", "ledger", "signals", "wire", "bus", "store", "desk", "notify", "oidc"]),
    ("terminal", &["market"]),
    (
        "app",
        &[
            "market", "ledger", "signals", "wire", "feeds", "bus", "store", "desk", "notify", "oidc", "sim",
            "server", "terminal",
        ],
    ),
    ("bench", &["market", "ledger", "wire", "feeds", "bus", "store", "desk", "sim", "server"]),
    ("xtask", &[]),
];

/// What a pure crate must not depend on, however indirectly it would be handy.
const IMPURE: &[&str] = &["tokio", "rand", "serde", "reqwest", "axum", "rusqlite", "mio", "tracing"];
const PURE: &[&str] = &["market", "ledger", "signals"];

fn normal_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            // A dev-dependency carries no arrow: tests may introduce anybody to anybody.
            let normal = dependencies.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"])).collect();
            (text(&package["name"]), normal)
        })
        .collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a name").to_owned()
}

#[test]
fn arrows_point_the_right_way() {
    let found = normal_dependencies();
    let ours: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let unlisted: Vec<_> = found.keys().filter(|name| !ours.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "crates without a place in the order: {unlisted:?}");
    for (name, allowed) in ALLOWED {
        for dependency in found[*name].iter().filter(|d| ours.contains(d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not use {dependency}");
        }
    }
}

#[test]
fn pure_crates_stay_pure() {
    let found = normal_dependencies();
    for name in PURE {
        for dependency in &found[*name] {
            assert!(!IMPURE.contains(&dependency.as_str()), "{name} is pure and must not use {dependency}");
        }
    }
}
