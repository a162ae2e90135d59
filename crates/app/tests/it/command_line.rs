//! Bad flags, files and settings: one line on stderr that names the value and the mend, exit status 2,
//! nothing started.

use std::net::TcpListener;

use crate::house::{Bellwether, Ended, bellwether, ended};

fn assert_refused(arguments: &[&str], told: &[&str]) {
    let Ended { status, stdout, stderr } = ended(arguments);
    assert_eq!(status, Some(2), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    assert_eq!(stderr.lines().count(), 1, "{arguments:?} must be told in one line: {stderr}");
    assert!(stderr.starts_with("bellwether: "), "{stderr}");
    for words in told {
        assert!(stderr.contains(words), "{arguments:?} must name {words:?}: {stderr}");
    }
}

#[test]
fn bad_flags_are_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let up = ["up", "--data", data, "--listen", "127.0.0.1:0"];
    let cases: [(&[&str], &[&str]); 14] = [
        (&[], &["command", "bellwether up", "--help"]),
        (&["fly"], &["fly", "--help"]),
        (&["up", "--nope"], &["--nope", "--help"]),
        (&["up", "--rate", "many"], &["many", "--rate"]),
        (&["up", "--rate", "0", "--data", data, "--listen", "127.0.0.1:0"], &["rate = 0", "1 to"]),
        (&["up", "--coalesce-ms", "51"], &["51", "--coalesce-ms", "0..=50"]),
        (&["up", "--log", "=x="], &["=x=", "info"]),
        (&["up", "--listen", "127.0.0.1:99999", "--data", data], &["127.0.0.1:99999", "--listen"]),
        (&["up", "--listen", "8080", "--data", data], &["8080", "--listen"]),
        (&["up", "--listen", "198.51.100.1:80", "--data", data], &["198.51.100.1:80", "--listen"]),
        (
            &["serve", "--roles", "feeds,desks", "--nats", "nats://127.0.0.1:1"],
            &["\"desks\"", "feeds", "server"],
        ),
        (&["serve", "--roles", "feeds"], &["--nats"]),
        (&["sim", "--listen", "somewhere"], &["somewhere", "--listen"]),
        (&["sim", "--listen", "127.0.0.1:0", "--key="], &["key", "empty", "--key"]),
    ];
    for (arguments, told) in cases {
        assert_refused(arguments, told);
    }
    let missing = folder.path().join("missing.toml");
    assert_refused(
        &[&up[..], &["--config", missing.to_str().unwrap()]].concat(),
        &["missing.toml", "No such file"],
    );
}

#[test]
fn bad_settings_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bellwether.toml");
    let replayed = folder.path().join("gone.csv");
    let replay = format!("[[feeds]]\nkind = \"replay\"\nfile = \"{}\"\n", replayed.display());
    let data = folder.path().join("data");
    let cases: [(&str, &[&str]); 8] = [
        ("listen = \"127.0.0.1:0\"\n\nlisten_to = 7\n", &["bellwether.toml", "line 3", "listen_to"]),
        ("grace = \"long\"\n", &["line 1", "u64"]),
        ("listen = \n", &["line 1"]),
        ("[[feeds]]\nkind = \"reuters\"\n", &["reuters", "finnhub"]),
        ("[[feeds]]\nkind = \"finnhub\"\n", &["no key", "BELLWETHER_FINNHUB_KEY"]),
        ("[[feeds]]\nkind = \"sim\"\nrate = 99000000\n", &["rate = 99000000"]),
        ("[[feeds]]\nkind = \"finnhub\"\nkey = \"k\"\nrest = \"nowhere\"\n", &["nowhere"]),
        (&replay, &["gone.csv", "No such file"]),
    ];
    for (text, told) in cases {
        std::fs::write(&file, text).unwrap();
        let arguments = ["up", "--config", file.to_str().unwrap(), "--listen", "127.0.0.1:0", "--data"];
        assert_refused(&[&arguments[..], &[data.to_str().unwrap()]].concat(), told);
    }
}

#[test]
fn what_others_hold_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_refused(&["up", "--listen", &address, "--data", data], &[&address, "in use", "--listen"]);
    assert_refused(&["sim", "--listen", &address], &[&address, "in use", "--listen"]);

    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let file = file.to_str().unwrap();
    assert_refused(&["up", "--listen", "127.0.0.1:0", "--data", file], &[file, "--data"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "not a folder");

    let first = Bellwether::up(folder.path(), &[]);
    let told = [folder.path().to_str().unwrap(), "in use by another bellwether", "--data"];
    assert_refused(&["up", "--listen", "127.0.0.1:0", "--data", told[0]], &told);
    first.stop();
}

#[test]
fn a_missing_trade_file_is_told() {
    assert_refused(&["bars", "/nowhere/trades.csv"], &["/nowhere/trades.csv", "No such file"]);
    assert_refused(&["bars", "x.csv", "--interval", "2m"], &["2m", "1m, 5m"]);
    assert_refused(&["bars", "x.csv", "--session", "night"], &["night", "extended"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.csv");
    std::fs::write(&file, "a,b\n1,2\n").unwrap();
    assert_refused(&["bars", file.to_str().unwrap()], &["other.csv", "line 1", "\"time\""]);
}

#[test]
fn a_bus_that_is_not_there_is_told_with_the_package_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nats = format!("nats://{free}");
    for roles in ["feeds", "server"] {
        let arguments = ["serve", "--roles", roles, "--nats", &nats, "--listen", "127.0.0.1:0", "--data"];
        let data = folder.path().join(roles);
        let told = [nats.as_str(), "nats-server", "--nats"];
        assert_refused(&[&arguments[..], &[data.to_str().unwrap()]].concat(), &told);
    }
}

#[test]
fn variables_and_flags_override_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bellwether.toml");
    std::fs::write(&file, "listen = \"the-file\"\n").unwrap();
    let refused = |variable: Option<&str>, flags: &[&str]| {
        let mut command = bellwether();
        command.arg("up").arg("--config").arg(&file).arg("--data").arg(folder.path()).args(flags);
        command.envs(variable.map(|value| ("BELLWETHER_LISTEN", value)));
        Ended::of(&mut command).stderr
    };
    assert!(refused(None, &[]).contains("the-file"));
    assert!(refused(Some("a-variable"), &[]).contains("a-variable"));
    assert!(refused(Some("a-variable"), &["--listen", "a-flag"]).contains("a-flag"));
}
