//! A legacy quote from the cache, and the reading of an answer: the desk's hot path and its way in.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

use feeds::clock;
use feeds::legacy_quotes::{Answer, QuoteMetrics, QuoteServer, Settings};
use market::Symbol;
use sim::quote_server::{self, Delays};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

#[divan::bench]
fn read_an_answer() -> Answer {
    let line =
        b"46.71,ABC,oY01WVirLr,1578000000000,IRrR7UeTO35kSWUgG0QJKmB35sL27FKM7AVhP5qpjCgmWQeXFJs35g==\n";
    Answer::parse(black_box(line)).expect("an answer")
}

#[divan::bench(threads = [1, 2])]
fn peek_among_a_thousand(bencher: divan::Bencher<'_, '_>) {
    let (_runtime, client, symbols) = filled();
    let now = clock::system()();
    bencher.bench(|| {
        let mut held = 0u32;
        for symbol in &symbols {
            held += u32::from(client.peek(black_box(symbol), now).is_some());
        }
        held
    });
}

/// A client with the quotes of a thousand symbols, fetched from a look-alike that is quick.
fn filled() -> (Runtime, QuoteServer, Vec<Symbol>) {
    let runtime = Runtime::new().expect("a runtime");
    let symbols: Vec<Symbol> =
        (0..1_000).map(|at| Symbol::new(&format!("{at:03}")).expect("a symbol")).collect();
    let client = runtime.block_on(async {
        let settings = quote_server::Settings { delays: Delays::None, ..Default::default() };
        let look = Arc::new(quote_server::QuoteServer::new(settings, clock::system(), Arc::default()));
        let port = look.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
        let address = port.url().parse().expect("an address");
        let client = QuoteServer::new(address, Settings::default(), clock::system(), QuoteMetrics::default());
        for symbol in &symbols {
            client.quote(symbol, "oY01WVirLr").await.expect("a quote");
        }
        client
    });
    (runtime, client, symbols)
}
