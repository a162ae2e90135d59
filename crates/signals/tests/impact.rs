//! What moved: against an independent calculation, and on made-up markets whose truth is known.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::Write;
use std::process::{Command, Stdio};

use market::calendar::{DayHours, is_trading_day};
use market::{Bar, Date, Hours, Price, Timestamp, Volume};
use signals::headline::HeadlineId;
use signals::impact::{
    Minutes, MoveSettings, References, StudySettings, Unstudied, articles_around, pooled, study,
    unusual_moves,
};

const US: Hours = Hours::UsEquity;

struct Draw(u64);

impl Draw {
    /// Uniform in 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: twelve uniforms.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Trading days from Monday, 2026-01-05 on, across the clock change of March.
fn days(count: usize) -> Vec<DayHours> {
    let first = Date::from_ymd(2026, 1, 5);
    let open = (0..).map(|n| first.plus_days(n)).filter(|date| is_trading_day(*date));
    open.take(count).map(|date| DayHours::of(date, US)).collect()
}

/// A market of minute bars: each step has this deviation, and the jumps at their minutes (day, minute
/// of the session) come on top, over one minute.
fn market(seed: u64, n_days: usize, deviation: f64, jumps: &[(usize, usize, f64)]) -> Vec<Bar> {
    let mut draw = Draw(seed);
    let mut paid = 100.0;
    let mut bars = Vec::new();
    for (number, day) in days(n_days).iter().enumerate() {
        for minute in 0..390usize {
            let open = paid;
            // Open and close are livelier than noon.
            let lively = if !(60..330).contains(&minute) { 2.0 } else { 1.0 };
            paid *= 1.0 + draw.normal() * deviation * lively;
            for (_, _, jump) in jumps.iter().filter(|(d, m, _)| (*d, *m) == (number, minute)) {
                paid *= 1.0 + jump;
            }
            let price = |value: f64| Price::from_units((value * 1e8) as i64);
            bars.push(Bar {
                start: day.opens.saturating_add_nanos(minute as i64 * 60_000_000_000),
                open: price(open),
                high: price(open.max(paid)),
                low: price(open.min(paid)),
                close: price(paid),
                volume: Volume::from_units((1_000 + (draw.unit() * 100.0) as i128) * 100_000_000),
                trades: 10,
                vwap_micros: 0,
            });
        }
    }
    bars
}

fn moment(day: usize, minute: usize, second: i64) -> Timestamp {
    days(day + 1)[day].opens.saturating_add_nanos((minute as i64 * 60 + second) * 1_000_000_000)
}

#[test]
fn jumps_are_found_and_calm_is_not_called_a_move() {
    let jumps = [(8, 100, 0.02), (11, 250, -0.015), (14, 10, 0.05)];
    let bars = market(1, 20, 0.0004, &jumps);
    let found = unusual_moves(Minutes::new(&bars, US).unwrap(), MoveSettings::default());
    let onsets: Vec<_> = found.iter().map(|m| m.onset).collect();
    assert_eq!(onsets, jumps.map(|(day, minute, _)| moment(day, minute, 0)));
    for (one, (_, _, jump)) in found.iter().zip(jumps) {
        assert!((one.ppm as f64 / 1e6 - jump).abs() < 0.006, "{one:?}");
        assert_eq!(one.ppm.signum() as f64, one.deviations.signum());
        assert_eq!(one.to.seconds() - one.from.seconds(), 300);
    }
    let calm = market(2, 20, 0.0004, &[]);
    assert_eq!(unusual_moves(Minutes::new(&calm, US).unwrap(), MoveSettings::default()), []);
}

#[test]
fn what_is_usual_depends_on_the_half_hour_and_on_nothing_later() {
    // The same step is unusual at noon and usual at the open.
    let bars = market(3, 20, 0.0004, &[(10, 2, 0.006), (10, 200, 0.006)]);
    let settings = MoveSettings::default();
    let found = unusual_moves(Minutes::new(&bars, US).unwrap(), settings);
    assert_eq!(found.iter().map(|m| m.onset).collect::<Vec<_>>(), [moment(10, 200, 0)]);
    // What was said before stays said, whatever follows.
    let known = bars.partition_point(|bar| bar.start < moment(12, 0, 0));
    let earlier = unusual_moves(Minutes::new(&bars[..known], US).unwrap(), settings);
    assert_eq!(earlier, found);
}

#[test]
fn jumps_do_not_hide_the_move_that_follows_them() {
    // Thirty jumps of five per cent in one hour of the day, and then one of a single per cent: ten deviations of a calm
    // minute there, and not one of a deviation by squares.
    let mut jumps: Vec<(usize, usize, f64)> =
        (0..30).map(|n| (5 + n % 10, 150 + 12 * (n / 10), if n % 2 == 0 { 0.05 } else { -0.05 })).collect();
    jumps.push((18, 160, 0.01));
    let bars = market(5, 20, 0.0004, &jumps);
    let found = unusual_moves(Minutes::new(&bars, US).unwrap(), MoveSettings::default());
    let last = found.last().unwrap();
    assert_eq!((last.onset, found.len()), (moment(18, 160, 0), jumps.len()));
    assert!(last.deviations > 6.0, "{last:?}");
}

#[test]
fn the_lag_of_articles_is_the_one_they_were_made_with() {
    let jumps: Vec<(usize, usize, f64)> = (6..26).map(|day| (day, 70 + 9 * (day % 20), 0.02)).collect();
    let bars = market(4, 27, 0.0004, &jumps);
    // Every article comes 90 seconds before its move; and one a day has nothing to do with any.
    let articles: Vec<(HeadlineId, Timestamp)> = jumps
        .iter()
        .enumerate()
        .flat_map(|(n, (day, minute, _))| {
            let (about, other) = (moment(*day, *minute - 2, 30), moment(*day, 5, 0));
            [(HeadlineId(n as u64), about), (HeadlineId(1_000 + n as u64), other)]
        })
        .collect();
    let found = unusual_moves(Minutes::new(&bars, US).unwrap(), MoveSettings::default());
    assert_eq!(found.len(), jumps.len());
    for (n, one) in found.iter().enumerate() {
        let near = articles_around(one, &articles, 600, 600);
        assert_eq!(near.iter().map(|a| (a.article.0, a.lag_seconds)).collect::<Vec<_>>(), [(n as u64, -90)]);
    }
}

/// The same by Python's `statistics`, from the same closes looked up in another way.
fn by_python(bars: &[Bar], day: usize, minute: usize, length: usize) -> (f64, f64, f64) {
    let mut text = String::new();
    for bar in bars {
        text.push_str(&format!("{} {} {}\n", bar.start.seconds(), bar.close.units(), bar.volume.units()));
    }
    let starts: Vec<String> =
        days(day + 1).iter().map(|d| (d.opens.seconds() + minute as i64 * 60).to_string()).collect();
    let script = r"
import sys
from fractions import Fraction
from statistics import mean, stdev
length, starts = int(sys.argv[1]), [int(s) for s in sys.argv[2:]]
close, volume = {}, {}
for line in sys.stdin:
    at, c, v = map(int, line.split()); close[at], volume[at] = c, v
def ret(s):
    return Fraction(close[s + 60 * (length - 1)], close[s - 60]) - 1
refs = [ret(s) for s in starts[:-1] if s - 60 in close]
here = ret(starts[-1]) - mean(refs)
t = float(here) / (stdev([float(r) for r in refs]) * (1 + 1 / len(refs)) ** 0.5)
usual = mean([Fraction(sum(volume[s + 60 * i] for i in range(length))) for s in starts[:-1] if s - 60 in close])
print(float(here), t, float(usual))
";
    let mut python = Command::new("python3")
        .args(["-c", script, &length.to_string()])
        .args(&starts)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs; `make test` says how to install it");
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let answer = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = answer.split_whitespace().map(|n| n.parse().unwrap()).collect();
    (numbers[0], numbers[1], numbers[2])
}

#[test]
fn the_study_agrees_with_pythons_statistics() {
    let bars = market(5, 21, 0.0006, &[(20, 130, 0.01)]);
    let minutes = Minutes::new(&bars, US).unwrap();
    for (day, minute, length) in [(20, 120, 30), (20, 60, 5), (15, 200, 60)] {
        let settings = StudySettings { minutes: length as u32, days: 60, ..StudySettings::default() };
        let told = study(minutes, moment(day, minute, 0), settings).unwrap();
        let (abnormal, t, usual) = by_python(&bars, day, minute, length);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
        assert!(close(told.abnormal, abnormal), "{told:?} {abnormal}");
        assert!(close(told.t, t), "{told:?} {t}");
        assert!((told.usual_volume.units() as f64 - usual).abs() <= usual * 1e-12 + 1.0);
        assert_eq!((told.n as usize, told.references), (day, References::SameHour));
    }
}

#[test]
fn an_effect_that_is_there_is_found_at_its_size() {
    let events: Vec<(usize, usize, f64)> = (25..55).map(|day| (day, 100 + 3 * (day % 30), 0.01)).collect();
    let bars = market(6, 56, 0.0004, &events);
    let minutes = Minutes::new(&bars, US).unwrap();
    let settings = StudySettings { minutes: 10, ..StudySettings::default() };
    let studies: Vec<_> = events
        .iter()
        .map(|(day, minute, _)| study(minutes, moment(*day, *minute - 1, 20), settings).unwrap())
        .collect();
    let together = pooled(&studies).unwrap();
    assert!((together.mean - 0.01).abs() < 0.002, "{together:?}");
    assert!(together.t > 10.0, "{together:?}");
}

#[test]
fn where_nothing_is_there_little_is_found() {
    let bars = market(7, 60, 0.0004, &[]);
    let minutes = Minutes::new(&bars, US).unwrap();
    let settings = StudySettings { minutes: 10, ..StudySettings::default() };
    let mut draw = Draw(8);
    let studies: Vec<_> = (0..600)
        .map(|_| {
            let (day, minute) = (32 + (draw.unit() * 27.0) as usize, 15 + (draw.unit() * 350.0) as usize);
            study(minutes, moment(day, minute, 0), settings).unwrap()
        })
        .collect();
    // Beyond 2.1 lies about one in twenty of Student's t with some twenty degrees of freedom.
    let beyond = studies.iter().filter(|study| study.t.abs() > 2.1).count();
    assert!((10..=60).contains(&beyond), "{beyond} of 600");
    assert!(pooled(&studies).unwrap().mean.abs() < 0.001);
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let bars = market(9, 3, 0.0004, &[]);
    let minutes = Minutes::new(&bars, US).unwrap();
    let settings = StudySettings { minutes: 10, ..StudySettings::default() };
    let at_open = study(minutes, moment(2, 0, 0), settings);
    assert_eq!(at_open, Err(Unstudied::NoPriceBefore), "the night is no price of a moment ago");
    assert_eq!(study(minutes, moment(2, 390, 0), settings), Err(Unstudied::NoPriceAfter));
    let earlier = study(minutes, moment(2, 200, 0), settings).unwrap();
    assert_eq!(earlier.references, References::Earlier);
    let few = StudySettings { references_min: 40, ..settings };
    assert_eq!(study(minutes, moment(2, 200, 0), few), Err(Unstudied::TooFewReferences));
    let flat: Vec<Bar> = bars.iter().map(|bar| Bar { close: bars[0].close, ..*bar }).collect();
    let flat = study(Minutes::new(&flat, US).unwrap(), moment(2, 200, 0), settings);
    assert_eq!(flat, Err(Unstudied::NoVariation));
    assert!(Minutes::new(&[bars[1], bars[0]], US).is_err());
}
