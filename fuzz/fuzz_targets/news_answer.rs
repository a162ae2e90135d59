#![no_main]

#[allow(dead_code)]
#[path = "../../crates/feeds/tests/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::news(data));
