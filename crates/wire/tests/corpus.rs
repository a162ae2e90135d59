//! The readers of what clients, other processes and the disk hand us, on the corpora of their fuzzers.

mod checks;
#[path = "../../../fuzz/harness.rs"]
mod harness;

use harness::check;

#[test]
fn command_lines() {
    check("command_line", 5_000, checks::command_line);
}

#[test]
fn journal_blocks() {
    check("journal_block", 3_000, checks::journal_block);
}

#[test]
fn client_frames() {
    check("client_frame", 5_000, checks::client_frame);
}

#[test]
fn bus_messages() {
    check("bus_message", 3_000, checks::bus_message);
}
