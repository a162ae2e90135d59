//! What one connection has to do: whose turn it is, what is in flight, what an answer means. Pure.
//!
//! A user is on one lane only and has at most one command in flight, so the user's lines are played in
//! order, each answered before the next is sent. Requests of several users may be in flight at once;
//! HTTP answers them in the order of sending.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io::Write;
use std::time::Instant;

use super::answer::{self, Outcome};
use super::plan::{Plan, User};
use super::response::Response;
use super::tally::Tally;

/// Room a request has for lines; the server takes bodies of 64 KiB.
const BODY_BYTES_MAX: usize = 60_000;

/// How requests are made.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// What a request begins with, up to the rest of its name.
    pub(crate) head: Vec<u8>,
    /// Most requests in flight.
    pub(crate) depth: usize,
    /// Most commands of a request.
    pub(crate) batch: usize,
}

/// Why the whole run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The server does not accept the key.
    Key(u16),
    /// There is no going on.
    Broken(String),
    /// The person at the keyboard has had enough.
    Interrupted,
}

/// What comes after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next.
    GoOn,
    /// The connection is of no more use. What is in flight is sent again on another, after so many seconds.
    Again { why: String, after: Option<u64> },
}

/// A request in flight, of this many commands.
#[derive(Debug)]
struct Request {
    commands: usize,
    sent: Instant,
}

/// One connection's part of a plan.
#[derive(Debug)]
pub(crate) struct Lane {
    users: Vec<User>,
    /// Users who may send their next command, by their place in `users`.
    ready: VecDeque<usize>,
    requests: VecDeque<Request>,
    /// Users whose command is in flight, in order over all requests.
    flight: VecDeque<usize>,
}

impl Lane {
    /// A lane of these users.
    pub(crate) fn of(users: Vec<User>) -> Self {
        let ready = (0..users.len()).filter(|at| users.get(*at).is_some_and(|u| !u.commands.is_empty()));
        Self { ready: ready.collect(), users, requests: VecDeque::new(), flight: VecDeque::new() }
    }

    /// Spreads the users of a plan over at most so many lanes, so that each has about as many commands.
    pub(crate) fn spread(plan: &Plan, lanes: usize) -> Vec<Self> {
        let lanes = lanes.min(plan.users.len());
        let mut shares = vec![Vec::new(); lanes];
        let mut least: BinaryHeap<_> = (0..lanes).map(|lane| Reverse((0, lane))).collect();
        let mut users: Vec<&User> = plan.users.iter().collect();
        users.sort_by_key(|user| Reverse(user.commands.len()));
        for user in users {
            let Some(Reverse((load, lane))) = least.pop() else { break };
            least.push(Reverse((load + user.commands.len(), lane)));
            if let Some(share) = shares.get_mut(lane) {
                share.push(user.clone());
            }
        }
        shares.into_iter().map(Self::of).collect()
    }

    /// Everything is answered.
    pub(crate) fn is_done(&self) -> bool {
        self.ready.is_empty() && self.flight.is_empty()
    }

    /// Something was sent that is not answered.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.flight.is_empty()
    }

    /// The lines that have no answer: those in flight, and those never sent.
    pub(crate) fn unanswered(&self, plan: &Plan) -> (Vec<u64>, Vec<u64>) {
        let (mut sent, mut unsent) = (Vec::new(), Vec::new());
        for (at, user) in self.users.iter().enumerate() {
            let mut lines =
                plan.commands.get(user.commands.clone()).unwrap_or_default().iter().map(|c| c.line);
            if self.flight.contains(&at) {
                sent.extend(lines.next());
            }
            unsent.extend(lines);
        }
        (sent, unsent)
    }

    /// Writes the requests that may be sent now.
    pub(crate) fn fill(&mut self, plan: &Plan, form: &Form, out: &mut Vec<u8>) {
        if self.ready.is_empty() || self.requests.len() >= form.depth {
            return;
        }
        let sent = Instant::now();
        while self.requests.len() < form.depth && !self.ready.is_empty() {
            let first = self.flight.len();
            let mut bytes = 0;
            while let Some(&user) = self.ready.front() {
                let length = self.words(plan, user).len() + 1;
                let count = self.flight.len() - first;
                if count > 0 && (count == form.batch || bytes + length > BODY_BYTES_MAX) {
                    break;
                }
                bytes += length;
                self.ready.pop_front();
                self.flight.push_back(user);
            }
            let commands = self.flight.len() - first;
            self.requests.push_back(Request { commands, sent });
            self.write(plan, form, first, commands, out);
        }
    }

    /// Writes everything in flight once more, as it was: a request keeps its name and its lines.
    pub(crate) fn write_again(&self, plan: &Plan, form: &Form, out: &mut Vec<u8>) {
        let mut first = 0;
        for request in &self.requests {
            self.write(plan, form, first, request.commands, out);
            first += request.commands;
        }
    }

    fn write(&self, plan: &Plan, form: &Form, first: usize, commands: usize, out: &mut Vec<u8>) {
        let lines = || self.flight.iter().skip(first).take(commands).map(|user| self.words(plan, *user));
        let length = lines().map(|words| words.len() + 1).sum::<usize>().saturating_sub(1);
        let name = self.flight.get(first).and_then(|user| self.command(plan, *user)).map_or(0, |c| c.line);
        out.extend_from_slice(&form.head);
        // A vector takes everything.
        let _ = write!(out, "{name}\r\nContent-Length: {length}\r\n\r\n");
        for (at, words) in lines().enumerate() {
            if at > 0 {
                out.push(b'\n');
            }
            out.extend_from_slice(words);
        }
    }

    fn command<'p>(&self, plan: &'p Plan, user: usize) -> Option<&'p super::plan::Planned> {
        plan.commands.get(self.users.get(user)?.commands.start)
    }

    fn words<'p>(&self, plan: &'p Plan, user: usize) -> &'p [u8] {
        self.command(plan, user).map_or(&[][..], |command| plan.words(command))
    }

    /// Takes an answer of the connection: it is to the oldest request in flight.
    pub(crate) fn hear(
        &mut self,
        plan: &Plan,
        response: &Response<'_>,
        now: Instant,
        tally: &mut Tally,
    ) -> Result<Then, Stop> {
        let again = |why: String| Ok(Then::Again { why, after: response.retry_after });
        let Some(request) = self.requests.front() else {
            return again(format!("HTTP {} that nothing asked for", response.status));
        };
        let after = now.saturating_duration_since(request.sent);
        let body = match response.status {
            200 => response.body,
            401 | 403 => return Err(Stop::Key(response.status)),
            404 | 405 | 501 => {
                return Err(Stop::Broken(format!(
                    "the server answered HTTP {} to POST /api/v1/commands; is it a Bellwether with a desk?",
                    response.status
                )));
            }
            // What passes by itself: too much at once, an upset, a proxy whose server is away.
            status @ (408 | 409 | 425 | 429 | 500 | 502 | 503 | 504) => {
                return again(format!("HTTP {status}"));
            }
            _ => &[],
        };
        let commands = request.commands;
        self.requests.pop_front();
        let mut told = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let mut is_broken = false;
        for _ in 0..commands {
            let Some(at) = self.flight.pop_front() else { break };
            let Some(command) = self.command(plan, at) else { break };
            let Some(user) = self.users.get_mut(at) else { break };
            match told.next() {
                Some(line) => {
                    let outcome = answer::read(line, command.verb.name(), user.name.as_str());
                    is_broken |= outcome == Outcome::Other;
                    tally.hear(command.verb, command.line, outcome, after);
                }
                None if response.status == 200 => {
                    tally.hear_nothing(command.verb, command.line, "the answer has no line for it");
                }
                None => {
                    tally.hear_nothing(command.verb, command.line, &format!("HTTP {}", response.status));
                }
            }
            user.commands.start += 1;
            if !user.commands.is_empty() {
                self.ready.push_back(at);
            }
        }
        if is_broken || told.next().is_some() {
            return Err(Stop::Broken("the server's answers are to other commands than were sent".into()));
        }
        if response.closes { again("closed by the server".into()) } else { Ok(Then::GoOn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = r#"{"status":"accepted"}"#;

    fn form(depth: usize, batch: usize) -> Form {
        Form { head: b"H-".to_vec(), depth, batch }
    }

    fn plan(text: &str) -> Plan {
        Plan::read(text.as_bytes().to_vec())
    }

    fn answer(status: u16, body: &str) -> Response<'_> {
        Response { status, closes: false, retry_after: None, body: body.as_bytes() }
    }

    fn filled(lane: &mut Lane, plan: &Plan, form: &Form) -> String {
        let mut out = Vec::new();
        lane.fill(plan, form, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_user_has_one_command_in_flight() {
        let plan = plan("ADD,a,1\nADD,a,2\nADD,b,3\nADD,b,4\n");
        let mut lane = Lane::spread(&plan, 1).remove(0);
        let (form, mut tally) = (form(64, 1), Tally::default());
        let request = |n: u64, line: &str| format!("H-{n}\r\nContent-Length: 7\r\n\r\n{line}");
        let first = request(1, "ADD,a,1") + &request(3, "ADD,b,3");
        assert_eq!(filled(&mut lane, &plan, &form), first);
        assert_eq!(filled(&mut lane, &plan, &form), "");
        let mut again = Vec::new();
        lane.write_again(&plan, &form, &mut again);
        assert_eq!(String::from_utf8(again).unwrap(), first);
        assert_eq!(lane.hear(&plan, &answer(200, OK), Instant::now(), &mut tally), Ok(Then::GoOn));
        assert_eq!(filled(&mut lane, &plan, &form), request(2, "ADD,a,2"));
        assert_eq!(lane.unanswered(&plan), (vec![2, 3], vec![4]));
        for _ in 0..2 {
            assert_eq!(lane.hear(&plan, &answer(200, OK), Instant::now(), &mut tally), Ok(Then::GoOn));
        }
        assert_eq!(filled(&mut lane, &plan, &form), request(4, "ADD,b,4"));
        assert_eq!(lane.hear(&plan, &answer(200, OK), Instant::now(), &mut tally), Ok(Then::GoOn));
        assert!(lane.is_done() && tally.heard == 4);
    }

    #[test]
    fn depth_and_batch_are_kept() {
        let plan = plan("ADD,a,1\nADD,b,1\nADD,c,1\nADD,d,1\nADD,e,1\n");
        let mut lane = Lane::spread(&plan, 1).remove(0);
        let out = filled(&mut lane, &plan, &form(2, 2));
        assert_eq!(
            out,
            "H-1\r\nContent-Length: 15\r\n\r\nADD,a,1\nADD,b,1H-3\r\nContent-Length: 15\r\n\r\nADD,c,1\nADD,d,1"
        );
        let mut tally = Tally::default();
        let both = format!("{OK}\n{OK}\n");
        assert_eq!(lane.hear(&plan, &answer(200, &both), Instant::now(), &mut tally), Ok(Then::GoOn));
        assert_eq!(filled(&mut lane, &plan, &form(2, 2)), "H-5\r\nContent-Length: 7\r\n\r\nADD,e,1");
    }

    #[test]
    fn users_are_spread_by_their_commands() {
        let plan = plan("ADD,a,1\nADD,a,1\nADD,a,1\nADD,b,1\nADD,c,1\nADD,d,1\n");
        let names = |lane: &Lane| lane.users.iter().map(|u| u.name.as_str().to_owned()).collect::<Vec<_>>();
        let lanes: Vec<_> = Lane::spread(&plan, 2).iter().map(names).collect();
        assert_eq!(lanes, [vec!["a"], vec!["b", "c", "d"]]);
        assert_eq!(Lane::spread(&plan, 32).len(), 4);
    }

    #[test]
    fn answers_have_consequences() {
        let plan = plan("ADD,a,1\nADD,b,1\nADD,c,1\n");
        let hear = |status: u16, body: &str, batch: usize| {
            let mut lane = Lane::spread(&plan, 1).remove(0);
            let mut tally = Tally::default();
            filled(&mut lane, &plan, &form(64, batch));
            let then = lane.hear(&plan, &answer(status, body), Instant::now(), &mut tally);
            (then, tally.heard, tally.lost.iter().map(|lost| lost.line).collect::<Vec<_>>())
        };
        let again = |why: &str| Ok(Then::Again { why: why.into(), after: None });
        assert_eq!(hear(200, OK, 1), (Ok(Then::GoOn), 1, vec![]));
        assert_eq!(hear(200, "", 1), (Ok(Then::GoOn), 1, vec![1]));
        assert_eq!(hear(200, OK, 3), (Ok(Then::GoOn), 3, vec![2, 3]));
        assert_eq!(hear(413, OK, 3), (Ok(Then::GoOn), 3, vec![1, 2, 3]));
        assert_eq!(hear(503, "", 1), (again("HTTP 503"), 0, vec![]));
        assert_eq!(hear(401, "", 1), (Err(Stop::Key(401)), 0, vec![]));
        assert!(matches!(hear(404, "", 1).0, Err(Stop::Broken(_))));
        assert!(matches!(hear(200, &format!("{OK}\n{OK}"), 1).0, Err(Stop::Broken(_))));
        assert!(matches!(hear(200, r#"{"user":"b","status":"accepted"}"#, 1).0, Err(Stop::Broken(_))));
    }

    #[test]
    fn an_answer_to_nothing_ends_the_connection() {
        let plan = plan("ADD,a,1\n");
        let mut lane = Lane::spread(&plan, 1).remove(0);
        let heard = lane.hear(&plan, &answer(408, ""), Instant::now(), &mut Tally::default());
        assert!(matches!(heard, Ok(Then::Again { .. })), "{heard:?}");
    }
}
