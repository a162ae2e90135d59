//! What holds for every file: its length, its links, nothing left unfinished.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Lines of a source file that a head can hold.
const LINES_MAX: usize = 700;
/// Files that may be longer, each with its reason and with the length it must not pass.
const LONGER: &[(&str, usize, &str)] = &[];
/// Folders that hold what others wrote, or machines.
const NOT_OURS: &[&str] =
    &["target", "node_modules", "dist", "generated", ".git", "corpus", "found", "crashes", "results"];

/// Files of the repository with one of these endings, by path from its root.
fn files(endings: &[&str]) -> Vec<(String, PathBuf)> {
    let root = Path::new(ROOT);
    let mut found = Vec::new();
    let mut ahead = vec![root.to_owned()];
    while let Some(folder) = ahead.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for entry in entries {
            let entry = entry.expect("an entry of a folder");
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            // Links are not followed, so a linked node_modules is left alone too.
            let kind = entry.file_type().expect("the kind of an entry");
            if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
                ahead.push(path);
            } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                let relative = path.strip_prefix(root).expect("below the root");
                found.push((relative.to_string_lossy().into_owned(), path));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no file ends in {endings:?}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

const SOURCES: &[&str] = &[".rs", ".ts", ".tsx", ".mjs", ".js"];

#[test]
fn files_keep_to_a_length_a_head_can_hold() {
    let mut long = Vec::new();
    for (name, path) in files(SOURCES) {
        let lines = read(&path).lines().count();
        let most = LONGER.iter().find(|(file, ..)| *file == name).map_or(LINES_MAX, |(_, most, _)| *most);
        if lines > most {
            long.push(format!("{name}: {lines} lines, at most {most}"));
        }
    }
    assert!(long.is_empty(), "give the second idea a file of its own, or say why not in LONGER: {long:#?}");
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together here, so that this file does not find itself.
    let marks = [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("FIX", "ME")];
    let mut found = Vec::new();
    for (name, path) in files(SOURCES) {
        for (at, line) in read(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "finish it, or open an issue: {found:#?}");
}

/// Targets of `](…)`, without those that lead elsewhere or stay within the page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next()?;
        let elsewhere =
            target.contains("://") || target.starts_with(['#', '/']) || target.starts_with("mailto:");
        (!elsewhere).then(|| target.split('#').next().unwrap_or(target))
    })
}

#[test]
fn links_of_pages_lead_somewhere() {
    let mut broken = Vec::new();
    for (name, path) in files(&[".md"]) {
        let text = read(&path);
        let folder = path.parent().expect("a folder");
        for target in links(&text).filter(|target| !folder.join(target).exists()) {
            broken.push(format!("{name}: {target}"));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_crate_is_on_the_map() {
    let map = read(&Path::new(ROOT).join("ARCHITECTURE.md"));
    let crates = fs::read_dir(Path::new(ROOT).join("crates")).expect("crates");
    let missing: Vec<String> = crates
        .map(|entry| entry.expect("a crate").file_name().to_string_lossy().into_owned())
        .filter(|name| !map.contains(&format!("### `crates/{name}`")))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md has no section of {missing:?}");
}
