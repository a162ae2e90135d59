//! A PostgreSQL server of our own. Complete in itself, so that tests of other crates may have it by its path.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use std::sync::{Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing here takes this long unless it never happens.
const LONG: Duration = Duration::from_secs(60);

/// A server on a free loopback port, with its data in a temporary folder. Ended when dropped.
#[derive(Debug)]
pub(crate) struct PostgresServer {
    child: Mutex<Child>,
    programs: PathBuf,
    port: u16,
    folder: TempDir,
    settings: Vec<String>,
    databases: AtomicU32,
}

impl PostgresServer {
    /// One for all tests that run at the same time. It does not wait for its disk, which a crash of processes
    /// does not care for.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start(&["fsync=off"]));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// One with settings of its own, such as `fsync=off`.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            // The server refuses to run as root, and must be able to enter its folder.
            run(Command::new("chown").arg("postgres:").arg(folder.path()));
        }
        let data = folder.path().join("data");
        let options = ["--username=bellwether", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"];
        run(unprivileged(programs.join("initdb")).args(options).arg("-D").arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect::<Vec<_>>();
        let child = Mutex::new(spawn(&programs, folder.path(), port, &settings));
        let server = Self { child, programs, port, folder, settings, databases: AtomicU32::new(0) };
        server.ready();
        server
    }

    /// A database of its own for a test.
    pub(crate) fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        let mut command = Command::new(self.programs.join("createdb"));
        run(command.args(["-h", "127.0.0.1", "-p", &port, "-U", "bellwether", &name]));
        self.url(&name)
    }

    /// How to reach a database of it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://bellwether@127.0.0.1:{}/{database}", self.port)
    }

    /// Its port on the loopback address.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its programs, `pgbench` among them.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Has it offer TLS from now on, with this certificate and key (PEM).
    pub(crate) fn encrypt(&self, certificate: &str, key: &str) {
        let data = self.folder.path().join("data");
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = data.join(name);
            fs::write(&path, text).unwrap();
            if is_root() {
                run(Command::new("chown").arg("postgres:").arg(&path));
            }
            // It refuses a key that others may read.
            run(Command::new("chmod").arg("600").arg(&path));
        }
        let mut settings = fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap();
        std::io::Write::write_all(&mut settings, b"\nssl = on\n").unwrap();
        self.kill();
        self.start_again();
    }

    /// `kill -9`, by its id. Its sessions notice and end by themselves.
    pub(crate) fn kill(&self) {
        let mut child = self.child();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it again after [`kill`](Self::kill), and waits until it answers.
    pub(crate) fn start_again(&self) {
        *self.child() = spawn(&self.programs, self.folder.path(), self.port, &self.settings);
        self.ready();
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it answers.
    pub(crate) fn ready(&self) {
        let begun = Instant::now();
        loop {
            let mut asked = Command::new(self.programs.join("pg_isready"));
            asked.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if asked.status().unwrap().success() {
                return;
            }
            assert!(begun.elapsed() < LONG, "PostgreSQL did not start; {}", self.log());
            // It will not start while sessions of the one that was killed are still there.
            let mut child = self.child();
            if child.try_wait().unwrap().is_some() {
                *child = spawn(&self.programs, self.folder.path(), self.port, &self.settings);
            }
            drop(child);
            // Not synchronisation by sleep: it is asked until it answers.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let mut child = self.child();
        // At once, but it takes its shared memory with it.
        let asked = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < Duration::from_secs(5) {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn spawn(programs: &Path, folder: &Path, port: u16, settings: &[String]) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = unprivileged(programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
    // No socket outside its folder, and not the shared memory of others.
    command.args(["-c", "unix_socket_directories="]);
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    command.spawn().unwrap_or_else(|error| panic!("PostgreSQL cannot be started: {error}"))
}

/// Where Debian puts the newest version, or else where the path leads.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .max_by_key(|folder| {
            let version = folder.parent().and_then(Path::file_name).and_then(OsStr::to_str);
            version.and_then(|version| version.parse::<u32>().ok())
        });
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .or_else(|| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()))
        .expect("these tests need PostgreSQL, in Debian the package postgresql")
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().unwrap();
    asked.stdout.trim_ascii() == b"0"
}

/// A program, run as somebody who may run a server.
fn unprivileged(program: PathBuf) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    // It need not be able to enter the folder the tests run in.
    command.current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
