//! What a sign-in costs: the hash of its password, which is slow on purpose, and the operator's key that every
//! request of the desk's loads shows, which must cost nothing.

use divan::Bencher;
use server::people::OperatorKey;
use server::people::password;

fn main() {
    divan::main();
}

/// One core, 19 MiB, two passes.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn verify_password(bencher: Bencher<'_, '_>) {
    let hash = password::hash("correct horse battery").unwrap_or_default();
    bencher.bench(|| password::verify("correct horse battery", &hash));
}

#[divan::bench]
fn operator_key(bencher: Bencher<'_, '_>) {
    let key = OperatorKey::new("k".repeat(43));
    let shown = "k".repeat(43);
    bencher.bench(|| key.is(divan::black_box(&shown)));
}

/// Of a cookie or an API key, before it is looked up in memory.
#[divan::bench]
fn hash_of_a_secret(bencher: Bencher<'_, '_>) {
    let shown = "0".repeat(64);
    bencher.bench(|| store::records::SecretHash::of(divan::black_box(&shown)));
}
