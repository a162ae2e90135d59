//! Chores of the repository, as Rust: the rules it keeps about itself.
//!
//! They run as tests, with `cargo test -p xtask` and so with `make check` and `make test`: the arrows
//! between crates, the licences of what is built in, where packages come from, and what makes a file tidy.

/// The arrows between crates.
#[cfg(test)]
mod arrows;
/// The licences of everything built into the program and the page.
#[cfg(test)]
mod licences;
/// Where packages come from, and that they are what was locked.
#[cfg(test)]
mod supply;
/// What holds for every file: its length, its links, nothing left unfinished.
#[cfg(test)]
mod tidy;

fn main() {
    println!("the rules run as tests: cargo test -p xtask");
}
