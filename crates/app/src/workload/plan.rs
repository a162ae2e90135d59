//! What is to be played: the lines of a workload by user, in the order of the file. Pure.

use std::collections::HashMap;
use std::ops::Range;

use ledger::UserName;
use ledger::line::{Dialect, Fault, Verb, parse_line};

/// One line that can be played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    /// Where its text begins in the file.
    at: usize,
    /// Bytes of its text, without the spaces around it.
    len: usize,
    /// Number of the line in the file, from 1: the number in brackets may be missing or doubled.
    pub(crate) line: u64,
    /// What it does.
    pub(crate) verb: Verb,
}

/// One line that cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Number of the line in the file, from 1.
    pub(crate) line: u64,
    /// What is wrong with it; `None` when it is not even text.
    pub(crate) fault: Option<Fault>,
}

/// A user and the place of the user's lines in [`Plan::commands`].
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Who; [`UserName::SYSTEM`] for the lines without a user.
    pub(crate) name: UserName,
    /// Which commands, in the order of the file.
    pub(crate) commands: Range<usize>,
}

/// A workload, read.
#[derive(Debug)]
pub(crate) struct Plan {
    text: Vec<u8>,
    /// By user, and within a user in the order of the file.
    pub(crate) commands: Vec<Planned>,
    /// In the order in which they appear.
    pub(crate) users: Vec<User>,
    /// The lines without a user, DUMPLOG of everything: they are played when all others are answered.
    pub(crate) closing: Option<User>,
    /// In the order of the file.
    pub(crate) skipped: Vec<Skipped>,
}

impl Plan {
    /// Reads a file of lines that end in LF or CRLF.
    pub(crate) fn read(text: Vec<u8>) -> Self {
        let mut lines: Vec<(usize, Planned)> = Vec::new();
        let mut skipped = Vec::new();
        let mut names = vec![(UserName::SYSTEM, 0)];
        let mut known = HashMap::from([(UserName::SYSTEM, 0)]);
        let mut start = 0;
        for (line, bytes) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let trimmed = bytes.trim_ascii();
            let at = start + (bytes.len() - bytes.trim_ascii_start().len());
            start += bytes.len();
            let Ok(words) = std::str::from_utf8(trimmed) else {
                skipped.push(Skipped { line, fault: None });
                continue;
            };
            let read = match parse_line(words, Dialect::Classic) {
                Ok(read) => read,
                Err(bad) => {
                    skipped.push(Skipped { line, fault: Some(bad.malformed.fault) });
                    continue;
                }
            };
            let Some(verb) = Verb::from_name(read.action.name()) else {
                skipped.push(Skipped { line, fault: Some(Fault::Command) });
                continue;
            };
            let user = *known.entry(read.user).or_insert_with(|| {
                names.push((read.user, 0));
                names.len() - 1
            });
            if let Some((_, count)) = names.get_mut(user) {
                *count += 1;
            }
            lines.push((user, Planned { at, len: trimmed.len(), line, verb }));
        }
        // Stable: within a user the order of the file stays.
        lines.sort_by_key(|(user, _)| *user);
        let mut end = 0;
        let mut users = names.into_iter().map(|(name, count)| {
            let begin = end;
            end += count;
            User { name, commands: begin..end }
        });
        let closing = users.next().filter(|system| !system.commands.is_empty());
        let users = users.collect();
        let commands = lines.into_iter().map(|(_, planned)| planned).collect();
        Self { text, commands, users, closing, skipped }
    }

    /// The text of a command as it is sent.
    pub(crate) fn words(&self, command: &Planned) -> &[u8] {
        self.text.get(command.at..command.at + command.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        Plan::read(text.as_bytes().to_vec())
    }

    fn words(plan: &Plan, user: &User) -> Vec<(u64, String)> {
        let commands = &plan.commands[user.commands.clone()];
        let told = |c: &Planned| (c.line, String::from_utf8(plan.words(c).to_vec()).unwrap());
        commands.iter().map(told).collect()
    }

    #[test]
    fn lines_of_a_user_keep_their_order() {
        for ending in ["\n", "\r\n"] {
            let lines = [
                "[1] ADD,a,1.00 ",
                "[2] ADD,b,2.00 ",
                "[3] QUOTE,a,ABC ",
                "[4] COMMIT_BUY,b ",
                "[5] COMMIT_BUY,a ",
                "[6] DUMPLOG,./testLOG",
            ];
            let plan = plan(&lines.join(ending));
            let names: Vec<_> = plan.users.iter().map(|u| u.name.as_str()).collect();
            assert_eq!(names, ["a", "b"]);
            assert_eq!(
                words(&plan, &plan.users[0]),
                [(1, "[1] ADD,a,1.00".into()), (3, "[3] QUOTE,a,ABC".into()), (5, "[5] COMMIT_BUY,a".into())]
            );
            assert_eq!(
                words(&plan, &plan.users[1]),
                [(2, "[2] ADD,b,2.00".into()), (4, "[4] COMMIT_BUY,b".into())]
            );
            let closing = plan.closing.as_ref().unwrap();
            assert_eq!(words(&plan, closing), [(6, "[6] DUMPLOG,./testLOG".into())]);
            assert_eq!(plan.skipped, []);
            assert_eq!(plan.commands[0].verb, Verb::DumpLog);
        }
    }

    #[test]
    fn a_dumplog_of_a_user_is_the_users() {
        let plan = plan("ADD,a,1\nDUMPLOG,a,./mine\nADD,a,2\n");
        assert_eq!(plan.closing.is_none(), plan.users[0].commands == (0..3));
        assert!(plan.closing.is_none());
    }

    #[test]
    fn malformed_lines_are_told_and_left_out() {
        let text = b"ADD,a,1\nHOLD,a,1\n\n\xff\xfe\nADD,a,1.005\nADD,a,2".to_vec();
        let plan = Plan::read(text);
        assert_eq!(
            plan.skipped,
            [
                Skipped { line: 2, fault: Some(Fault::Command) },
                Skipped { line: 3, fault: Some(Fault::Empty) },
                Skipped { line: 4, fault: None },
                Skipped { line: 5, fault: Some(Fault::Decimals) },
            ]
        );
        assert_eq!(words(&plan, &plan.users[0]), [(1, "ADD,a,1".into()), (6, "ADD,a,2".into())]);
    }

    #[test]
    fn an_empty_file_is_an_empty_plan() {
        let plan = plan("");
        assert!(plan.users.is_empty() && plan.closing.is_none() && plan.skipped.is_empty());
    }
}
