//! The report of a run: for people, and as JSON for machines. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::histogram::Histogram;
use super::plan::{Plan, Skipped};
use super::quotes::QuoteFigures;
use super::tally::{NAMED_MAX, Tally};

/// Everything a report is made of.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) file: String,
    pub(crate) url: String,
    pub(crate) connections: usize,
    pub(crate) pipeline: usize,
    pub(crate) batch: usize,
    pub(crate) plan: &'a Plan,
    pub(crate) tally: &'a Tally,
    /// From the first command to the last answer.
    pub(crate) took: Duration,
    /// The part of it that the lines without a user took, at the end.
    pub(crate) closing_took: Duration,
    pub(crate) quotes: QuoteFigures,
    /// Lines that were sent and have no answer.
    pub(crate) sent: Vec<u64>,
    /// Lines that were not sent.
    pub(crate) unsent: Vec<u64>,
}

/// A report. Its names are for programs: they are kept.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    file: String,
    url: String,
    users: usize,
    connections: usize,
    pipeline: usize,
    batch: usize,
    /// Lines to be played: those that can be read.
    commands: u64,
    answered: u64,
    seconds: f64,
    closing_seconds: f64,
    commands_per_second: f64,
    accepted: u64,
    refused: Reasons,
    malformed_lines: MalformedLines,
    /// Lines the server could not read, though we could.
    malformed_by_server: Reasons,
    quotes: Quotes,
    lost: LostLines,
    unanswered: Unanswered,
    reconnects: Reasons,
    given_up: Reasons,
    /// Every command has its answer.
    complete: bool,
    latency: Latency,
    by_command: BTreeMap<&'static str, ByCommand>,
}

#[derive(Debug, Serialize)]
struct Reasons {
    count: u64,
    by_reason: BTreeMap<String, u64>,
}

impl Reasons {
    fn of(by_reason: &BTreeMap<String, u64>) -> Self {
        Self { count: by_reason.values().sum(), by_reason: by_reason.clone() }
    }
}

#[derive(Debug, Serialize)]
struct MalformedLines {
    count: usize,
    first: Vec<MalformedLine>,
}

#[derive(Debug, Serialize)]
struct MalformedLine {
    line: u64,
    fault: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
struct Quotes {
    fetched: Option<u64>,
    hits: Option<u64>,
    /// Dollars.
    cost: Option<String>,
}

#[derive(Debug, Serialize)]
struct LostLines {
    count: u64,
    first: Vec<LostLine>,
}

#[derive(Debug, Serialize)]
struct LostLine {
    line: u64,
    message: String,
}

#[derive(Debug, Serialize)]
struct Unanswered {
    count: usize,
    /// Of these, how many were sent: whether they were applied is not known.
    sent: usize,
    first: Vec<u64>,
}

/// In microseconds, from sending to the answer.
#[derive(Debug, Serialize)]
struct Latency {
    p50_us: u64,
    p99_us: u64,
    p99_9_us: u64,
    max_us: u64,
}

impl Latency {
    fn of(histogram: &Histogram) -> Self {
        Self {
            p50_us: histogram.quantile(0.5),
            p99_us: histogram.quantile(0.99),
            p99_9_us: histogram.quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ByCommand {
    count: u64,
    accepted: u64,
    refused: u64,
    #[serde(flatten)]
    latency: Latency,
}

impl Report {
    /// Makes the report.
    pub(crate) fn of(run: Run<'_>) -> Self {
        let Run { plan, tally, .. } = run;
        let lost = tally.by_command.values().map(|c| c.lost).sum::<u64>();
        let answered = tally.heard - lost;
        let mut all = Histogram::default();
        tally.by_command.values().for_each(|counts| all.add(&counts.latency));
        let mut first = [&run.sent[..], &run.unsent[..]].concat();
        first.sort_unstable();
        first.truncate(NAMED_MAX);
        let unanswered = Unanswered { count: run.sent.len() + run.unsent.len(), sent: run.sent.len(), first };
        let seconds = run.took.as_secs_f64();
        Self {
            file: run.file,
            url: run.url,
            users: plan.users.len(),
            connections: run.connections,
            pipeline: run.pipeline,
            batch: run.batch,
            commands: plan.commands.len() as u64,
            answered,
            seconds: rounded(seconds, 1e6),
            closing_seconds: rounded(run.closing_took.as_secs_f64(), 1e6),
            commands_per_second: rounded(answered as f64 / seconds.max(1e-6), 10.0),
            accepted: tally.by_command.values().map(|c| c.accepted).sum(),
            refused: Reasons::of(&tally.refused),
            malformed_lines: MalformedLines {
                count: plan.skipped.len(),
                first: plan.skipped.iter().take(NAMED_MAX).map(malformed).collect(),
            },
            malformed_by_server: Reasons::of(&tally.malformed),
            quotes: Quotes {
                fetched: run.quotes.fetched,
                hits: run.quotes.hits,
                cost: run.quotes.cents.map(|cents| format!("{}.{:02}", cents / 100, cents % 100)),
            },
            complete: lost == 0 && unanswered.count == 0,
            lost: LostLines {
                count: lost,
                first: tally
                    .lost
                    .iter()
                    .map(|lost| LostLine { line: lost.line, message: lost.why.clone() })
                    .collect(),
            },
            unanswered,
            reconnects: Reasons::of(&tally.cuts),
            given_up: Reasons::of(&tally.given_up),
            latency: Latency::of(&all),
            by_command: tally
                .by_command
                .iter()
                .map(|(verb, counts)| {
                    let told = ByCommand {
                        count: counts.latency.total(),
                        accepted: counts.accepted,
                        refused: counts.refused,
                        latency: Latency::of(&counts.latency),
                    };
                    (verb.name(), told)
                })
                .collect(),
        }
    }

    /// Nothing was heard of any command.
    pub(crate) fn is_empty(&self) -> bool {
        self.answered == 0 && self.lost.count == 0
    }

    /// What is wrong with the run as a whole, in one line; `None` when every command has its answer.
    pub(crate) fn trouble(&self) -> Option<String> {
        if self.complete {
            return None;
        }
        let missing = self.lost.count + self.unanswered.count as u64;
        let lines = self.lost.first.iter().map(|lost| lost.line).chain(self.unanswered.first.iter().copied());
        let mut text = format!("{} of {} commands have no answer", grouped(missing), grouped(self.commands));
        if let Some(first) = lines.min() {
            let _ = write!(text, ", the first on line {first}");
        }
        if let Some((why, _)) = self.given_up.by_reason.iter().max_by_key(|(_, count)| **count) {
            let _ = write!(text, "; connections were given up: {why}");
        } else if let Some(lost) = self.lost.first.first() {
            let _ = write!(text, "; {}", lost.message);
        }
        Some(text)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut rows = Rows::default();
        let n = |count: usize| grouped(count as u64);
        let users = if self.users == 1 { "user" } else { "users" };
        rows.row(
            "workload",
            &format!("{}: {} commands of {} {users}", self.file, grouped(self.commands), n(self.users)),
        );
        let form = format!(
            "{} connections, {} requests deep, {} commands a request",
            n(self.connections),
            self.pipeline,
            self.batch
        );
        rows.row("server", &format!("{} over {form}", self.url));
        let speed = grouped(self.commands_per_second as u64);
        rows.row("time", &format!("{:.3} s, {speed} commands a second", self.seconds));
        if self.closing_seconds > 0.0 {
            rows.row("", &format!("{:.3} s of it for the log at the end", self.closing_seconds));
        }
        rows.row("accepted", &grouped(self.accepted));
        rows.reasons("refused", &self.refused);
        rows.row("malformed", &n(self.malformed_lines.count));
        for line in &self.malformed_lines.first {
            rows.row("", &format!("line {}: {}", line.line, line.message));
        }
        rows.more(self.malformed_lines.count, self.malformed_lines.first.len());
        if self.malformed_by_server.count > 0 {
            rows.reasons("malformed for the server", &self.malformed_by_server);
        }
        let told = |count: Option<u64>| count.map_or("not told".to_owned(), grouped);
        let cost = self.quotes.cost.as_ref().map_or("not told".to_owned(), |cost| format!("${cost}"));
        rows.row(
            "quotes",
            &format!(
                "fetched {}, from the cache {}, cost {cost}",
                told(self.quotes.fetched),
                told(self.quotes.hits)
            ),
        );
        if self.reconnects.count > 0 {
            rows.reasons("connected again", &self.reconnects);
        }
        rows.row("lost", &grouped(self.lost.count));
        for line in &self.lost.first {
            rows.row("", &format!("line {}: {}", line.line, line.message));
        }
        rows.more(self.lost.count as usize, self.lost.first.len());
        rows.row("unanswered", &n(self.unanswered.count));
        if self.unanswered.count > 0 {
            let lines: Vec<String> = self.unanswered.first.iter().map(u64::to_string).collect();
            rows.row(
                "",
                &format!("{} of them were sent; first lines {}", n(self.unanswered.sent), lines.join(", ")),
            );
        }
        rows.0 + "\n" + &self.table()
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{:<18}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
            "milliseconds", "answers", "accepted", "refused", "p50", "p99", "p99.9", "max"
        );
        let mut row = |name: &str, count: u64, accepted: u64, refused: u64, latency: &Latency| {
            let ms = |us: u64| format!("{}.{:02}", us / 1_000, us % 1_000 / 10);
            let _ = writeln!(
                text,
                "{name:<18}{count:>10}{accepted:>10}{refused:>10}{:>10}{:>10}{:>10}{:>10}",
                ms(latency.p50_us),
                ms(latency.p99_us),
                ms(latency.p99_9_us),
                ms(latency.max_us)
            );
        };
        row("all", self.answered, self.accepted, self.refused.count, &self.latency);
        for (name, c) in &self.by_command {
            row(name, c.count, c.accepted, c.refused, &c.latency);
        }
        text
    }
}

fn malformed(skipped: &Skipped) -> MalformedLine {
    let (fault, message) = match skipped.fault {
        Some(fault) => (fault.code(), fault.to_string()),
        None => ("not_text", "The line is not text".to_owned()),
    };
    MalformedLine { line: skipped.line, fault, message }
}

/// Names on the left, what is told on the right.
#[derive(Default)]
struct Rows(String);

impl Rows {
    fn row(&mut self, name: &str, told: &str) {
        // A string takes everything.
        let _ = writeln!(self.0, "{name:<18}{told}");
    }

    fn reasons(&mut self, name: &str, reasons: &Reasons) {
        self.row(name, &grouped(reasons.count));
        let mut by_count: Vec<_> = reasons.by_reason.iter().collect();
        by_count.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), *reason));
        for (reason, count) in by_count {
            self.row("", &format!("{} {reason}", grouped(*count)));
        }
    }

    fn more(&mut self, count: usize, told: usize) {
        if count > told {
            self.row("", &format!("and {} more", grouped((count - told) as u64)));
        }
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use ledger::line::Verb;

    use super::super::answer::Outcome;
    use super::*;

    fn report(sent: Vec<u64>, tell: impl Fn(&mut Tally)) -> Report {
        let plan = Plan::read(b"ADD,a,1\nHOLD,a\nBUY,a,ABC,2\nDUMPLOG,./log\n".to_vec());
        let mut tally = Tally::default();
        tally.hear(Verb::Add, 1, Outcome::Accepted, Duration::from_micros(1_500));
        tally.hear(Verb::Buy, 3, Outcome::Refused("funds".into()), Duration::from_micros(250));
        tell(&mut tally);
        Report::of(Run {
            file: "w.txt".into(),
            url: "http://h".into(),
            connections: 1,
            pipeline: 64,
            batch: 1,
            plan: &plan,
            tally: &tally,
            took: Duration::from_millis(10),
            closing_took: Duration::from_millis(2),
            quotes: QuoteFigures { fetched: Some(1_234), hits: None, cents: Some(6_170) },
            sent,
            unsent: vec![],
        })
    }

    #[test]
    fn a_whole_run() {
        let report =
            report(vec![], |t| t.hear(Verb::DumpLog, 4, Outcome::Accepted, Duration::from_millis(2)));
        assert_eq!(report.trouble(), None);
        let text = report.text();
        for told in [
            "w.txt: 3 commands of 1 user\n",
            "0.010 s, 300 commands a second\n",
            "0.002 s of it for the log",
            "accepted          2\n",
            "refused           1\n",
            "                  1 funds\n",
            "malformed         1\n                  line 2: There is no such command\n",
            "fetched 1,234, from the cache not told, cost $61.70\n",
            "lost              0\n",
            "unanswered        0\n",
            "ADD                        1         1         0      1.50      1.50      1.50      1.50\n",
        ] {
            assert!(text.contains(told), "{told:?} is not in\n{text}");
        }
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["complete"], true);
        assert_eq!(json["refused"]["by_reason"]["funds"], 1);
        assert_eq!(json["quotes"]["cost"], "61.70");
        assert_eq!(json["by_command"]["ADD"]["p99_9_us"], 1_500);
        assert_eq!(json["malformed_lines"]["first"][0]["fault"], "unknown_command");
    }

    #[test]
    fn what_is_missing_is_told() {
        let unanswered = report(vec![4], |t| t.give_up("no answer"));
        assert_eq!(
            unanswered.trouble().as_deref(),
            Some("1 of 3 commands have no answer, the first on line 4; connections were given up: no answer")
        );
        let lost = report(vec![], |t| t.hear_nothing(Verb::DumpLog, 4, "HTTP 413"));
        assert_eq!(
            lost.trouble().as_deref(),
            Some("1 of 3 commands have no answer, the first on line 4; HTTP 413")
        );
        assert!(lost.text().contains("line 4: HTTP 413"));
    }

    #[test]
    fn numbers_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }
}
