//! What is known of the packages without asking anybody: where they come from, that they are what was locked, and that
//! what keeps secrets is there once. Advisories need a database; `scripts/audit.sh` asks for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The lock files of Rust.
const CARGO_LOCKS: &[&str] = &["Cargo.lock", "fuzz/Cargo.lock"];
/// And those of npm.
const NPM_LOCKS: &[&str] = &["web/package-lock.json", "bench/peers/package-lock.json"];
/// Of these one version is looked after, not two.
const ONCE: &[&str] = &["ring", "rustls", "rustls-webpki", "tokio-rustls", "hyper", "h2", "argon2", "blake3"];
/// These would be a second library for the same secrets.
const NEVER: &[&str] = &["openssl", "openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs", "boring-sys"];

/// A package of a lock file.
#[derive(Debug, Default)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    has_checksum: bool,
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The packages of a lock file: of its TOML only these lines are of interest, and cargo writes them so.
fn packages(lock: &str) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for line in lock.lines() {
        if line == "[[package]]" {
            packages.push(Package::default());
        }
        let (Some(package), Some((key, value))) = (packages.last_mut(), line.split_once(" = ")) else {
            continue;
        };
        let value = value.trim_matches('"').to_owned();
        match key {
            "name" => package.name = value,
            "version" => package.version = value,
            "source" => package.source = Some(value),
            "checksum" => package.has_checksum = value.len() == 64,
            _ => {}
        }
    }
    packages
}

#[test]
fn crates_come_from_one_registry_and_have_checksums() {
    let mut registry: Option<String> = None;
    for lock in CARGO_LOCKS {
        let packages = packages(&read(lock));
        assert!(packages.len() > 10, "{lock} cannot be read");
        for Package { name, version, source, has_checksum } in packages {
            // Without a source it is our own.
            let Some(source) = source else { continue };
            // A folder of somebody's, or a second registry, would be found out here.
            assert!(source.starts_with("registry+https://"), "{lock}: {name} {version} is from {source}");
            assert_eq!(*registry.get_or_insert_with(|| source.clone()), source, "{lock}: {name} {version}");
            assert!(has_checksum, "{lock}: {name} {version} has no checksum");
        }
    }
}

#[test]
fn what_keeps_secrets_is_there_once() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages(&read("Cargo.lock")) {
        versions.entry(package.name).or_default().push(package.version);
    }
    for name in ONCE {
        let found = versions.get(*name).map(Vec::as_slice).unwrap_or_default();
        assert!(found.len() <= 1, "two versions of {name}: {found:?}");
    }
    for name in NEVER {
        assert!(!versions.contains_key(*name), "{name} came in: cargo tree --invert {name}");
    }
}

/// Where cargo keeps what registries say of a crate.
fn index_of(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let part = |from: usize, to: usize| name.get(from..to).unwrap_or_default().to_owned();
    let folder = match name.len() {
        1 => "1".to_owned(),
        2 => "2".to_owned(),
        3 => format!("3/{}", part(0, 1)),
        _ => format!("{}/{}", part(0, 2), part(2, 4)),
    };
    let indexes = fs::read_dir(home.join("registry/index")).ok()?.flatten();
    let files = indexes.map(|index| index.path().join(".cache").join(&folder).join(name));
    files.into_iter().find(|file| file.is_file())
}

/// Whether a version was taken back, as cargo was told when it last asked; `None` where it was not.
fn is_yanked(name: &str, version: &str) -> Option<bool> {
    let bytes = fs::read(index_of(&name.to_lowercase())?).ok()?;
    // A head, then versions and what is said of each, with zeros between.
    let said = bytes.split(|byte| *byte == 0).filter_map(|part| serde_json::from_slice::<Value>(part).ok());
    let mut of_version = said.filter(|said| said["vers"] == version);
    of_version.next()?["yanked"].as_bool()
}

#[test]
fn no_crate_was_taken_back() {
    let (mut known, mut unknown) = (0, 0);
    for Package { name, version, .. } in
        packages(&read("Cargo.lock")).into_iter().filter(|package| package.source.is_some())
    {
        match is_yanked(&name, &version) {
            Some(is_yanked) => {
                assert!(!is_yanked, "{name} {version} was yanked: cargo update --package {name}");
                known += 1;
            }
            None => unknown += 1,
        }
    }
    if unknown > 0 {
        eprintln!("NOT CHECKED: whether {unknown} crates were yanked: cargo has not asked; {known} were not");
    }
}

#[test]
fn npm_packages_have_checksums_and_come_from_one_registry() {
    let mut registry: Option<String> = None;
    for lock in NPM_LOCKS {
        let read: Value = serde_json::from_str(&read(lock)).expect("npm writes JSON");
        let packages = read["packages"].as_object().expect("a lock file of version 2 or newer");
        for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
            let text = |name: &str| package[name].as_str().unwrap_or_default();
            assert!(text("integrity").starts_with("sha512-"), "{lock}: {path} has no checksum");
            // Without an address npm takes it from the registry it is told of; the checksum says whether it is the one.
            let resolved = text("resolved");
            let host = resolved.strip_prefix("https://").and_then(|rest| rest.split('/').next());
            assert!(resolved.is_empty() || host.is_some(), "{lock}: {path} is from {resolved:?}");
            if let Some(host) = host {
                assert_eq!(*registry.get_or_insert_with(|| host.to_owned()), host, "{lock}: {path}");
            }
        }
    }
}

#[test]
fn what_is_locked_is_what_is_used() {
    for path in ["Makefile", "scripts/test-rust.sh", "scripts/test-browser.sh", "scripts/fuzz-api.sh"] {
        let text = read(path).replace("\\\n", " ");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let builds = ["run", "test", "build", "clippy", "doc", "bench"];
            let is_cargo = builds.iter().any(|word| {
                let command = format!("cargo {word} ");
                line.starts_with(&command) || line.contains(&format!(" {command}"))
            });
            // What is said to people is not done.
            let is_said = line.starts_with("echo") || line.contains("by_hand");
            assert!(
                !is_cargo || is_said || line.contains("--locked"),
                "{path} builds without --locked: {line}"
            );
        }
    }
    let installs = read("scripts/web-packages.sh");
    assert!(
        installs.contains("npm ci") && !installs.contains("npm install"),
        "npm ci keeps to the lock file"
    );
}
