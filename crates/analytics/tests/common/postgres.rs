//! A PostgreSQL of the tests: a real server on a folder of its own, with fsync as in earnest.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use analytics::store::{Postgres, PostgresOptions, PostgresUrl};
use tempfile::TempDir;
use testing::Port;
use tokio_postgres::{Client, NoTls};

/// Runs the server until its standard input ends, as it does when the tests end, however they do; then
/// stops it, and removes its folder if that is said.
const KEEPER: &str = r#"
    # What ends the tests from a terminal comes here too, and must not come first.
    trap '' HUP INT TERM
    "$1" -D "$2/data" >>"$2/log" 2>&1 &
    read -r _
    # A server that has just been started does not hear the first.
    while kill -INT $! 2>/dev/null; do sleep 0.05; done
    [ -z "$3" ] || rm -rf "$2"
"#;

/// What the tests need of a server.
const SETTINGS: &str = "
    fsync = on
    shared_buffers = 64MB
    max_connections = 60
    logging_collector = off
    log_line_prefix = '%m [%p] '
";

/// A server, and where its sockets are.
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    port: Port,
    keeper: Option<Child>,
    _removed: Option<TempDir>,
}

impl Cluster {
    /// The one that all tests of this binary share; `None`, with one line, where there is no PostgreSQL.
    pub fn shared() -> Option<&'static Cluster> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        SHARED.get_or_init(|| Cluster::made(None, "")).as_ref()
    }

    /// One of its own, for a test that stops it or sets it up; gone with the value.
    pub fn own(settings: &str) -> Option<Cluster> {
        Cluster::made(Some(TempDir::new().unwrap()), settings)
    }

    fn made(folder: Option<TempDir>, settings: &str) -> Option<Cluster> {
        let Some(programs) = programs() else {
            eprintln!("skipped: PostgreSQL (15 or later) is not installed");
            return None;
        };
        let path = match &folder {
            Some(folder) => folder.path().to_owned(),
            None => TempDir::new().unwrap().keep(),
        };
        let owner = owner();
        if let Some((user, group)) = owner {
            chown(&path, Some(user), Some(group)).unwrap();
        }
        let port = Port::take();
        let mut cluster =
            Cluster { folder: path, programs, owner, port, keeper: None, _removed: folder };
        let made = cluster
            .command("initdb")
            .args(["--no-sync", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"])
            .arg(cluster.folder.join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let socket = cluster.folder.display();
        let settings = format!(
            "{SETTINGS}\nport = {}\nlisten_addresses = '127.0.0.1'\n\
             unix_socket_directories = '{socket}'\n{settings}\n",
            cluster.port()
        );
        cluster.append("data/postgresql.conf", &settings);
        cluster.start();
        Some(cluster)
    }

    /// A copy of it that follows it.
    pub fn standby(&self) -> Cluster {
        let folder = TempDir::new().unwrap();
        let path = folder.path().to_owned();
        if let Some((user, group)) = self.owner {
            chown(&path, Some(user), Some(group)).unwrap();
        }
        let mut standby = Cluster {
            folder: path,
            programs: self.programs.clone(),
            owner: self.owner,
            port: Port::take(),
            keeper: None,
            _removed: Some(folder),
        };
        let copied = standby
            .command("pg_basebackup")
            .args([
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
                "-U",
                "postgres",
                "-h",
            ])
            .arg(&self.folder)
            .args(["-p", &self.port().to_string(), "-D"])
            .arg(standby.folder.join("data"))
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let (port, socket) = (standby.port(), standby.folder.display());
        let settings = format!("port = {port}\nunix_socket_directories = '{socket}'\n");
        standby.append("data/postgresql.conf", &settings);
        standby.start();
        standby
    }

    /// Makes a standby the one that is written to.
    pub fn promote(&self) {
        let mut promote = self.command("pg_ctl");
        promote.args(["promote", "-s", "-D"]).arg(self.folder.join("data"));
        assert!(promote.status().unwrap().success());
    }

    /// Adds to a file, which its owner then has.
    pub fn append(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        self.write(file, &format!("{before}\n{text}"));
    }

    /// Writes a file that only its owner reads.
    pub fn write(&self, file: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.join(file);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = self.owner {
            chown(&path, Some(user), Some(group)).unwrap();
        }
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    fn command(&self, program: &str) -> Command {
        self.as_owner(&self.programs.join(program))
    }

    fn as_owner(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts the server and waits until it answers.
    pub fn start(&mut self) {
        let remove = if self._removed.is_some() { "" } else { "remove" };
        let keeper = self
            .as_owner(Path::new("/bin/sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(self.programs.join("postgres"))
            .arg(&self.folder)
            .arg(remove)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.keeper = Some(keeper);
        let until = Instant::now() + Duration::from_secs(30);
        let ready = || {
            let mut ready = self.command("pg_isready");
            ready.args(["-q", "-h"]).arg(&self.folder).args(["-p", &self.port().to_string()]);
            ready.status().unwrap().success()
        };
        while !ready() {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "PostgreSQL does not start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the server as a power cut does, and waits until all of it is gone.
    pub fn kill(&mut self) {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let postmaster = file.lines().next().unwrap().to_owned();
        let children = children(&postmaster);
        let kill = |signal: &str, process: &str| {
            let mut kill = Command::new("kill");
            kill.args([signal, process]).stderr(Stdio::null()).status().unwrap().success()
        };
        for process in [&postmaster].into_iter().chain(&children) {
            kill("-9", process);
        }
        self.end();
        // A server does not start while one of the last is there.
        while children.iter().any(|process| kill("-0", process)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) {
        let Some(mut keeper) = self.keeper.take() else { return };
        drop(keeper.stdin.take());
        keeper.wait().unwrap();
    }

    /// A connection of the owner of everything.
    pub async fn admin(&self, database: &str) -> Client {
        let config = format!(
            "host={} port={} user=postgres dbname={database}",
            self.folder.display(),
            self.port()
        );
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A new database.
    pub async fn database(&self, name: &str) -> PostgresUrl {
        let name = &name[..name.len().min(60)];
        let admin = self.admin("postgres").await;
        admin.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await.unwrap();
        self.url(&format!("user=postgres&dbname={name}"))
    }

    /// The URL of this server over its unix socket, with this query.
    pub fn url(&self, query: &str) -> PostgresUrl {
        let (folder, port) = (self.folder.display(), self.port());
        PostgresUrl::parse(&format!("postgres://?host={folder}&port={port}&{query}")).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// A replica's store.
pub async fn open(url: &PostgresUrl) -> Postgres {
    Postgres::open(url, PostgresOptions::default()).await.unwrap()
}

fn children(parent: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-o", "pid=", "--ppid", parent]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
}

/// The folder of initdb and postgres.
fn programs() -> Option<PathBuf> {
    let named = std::env::var_os("WAYBILL_POSTGRES").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps them off the path, a folder a version.
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.flatten().map(|folder| folder.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let folders = named.into_iter().chain(std::env::split_paths(&path));
    // What is on the path may be a link to one of several.
    let programs =
        |folder: PathBuf| Some(fs::canonicalize(folder.join("initdb")).ok()?.parent()?.to_owned());
    folders
        .chain(versions.into_iter().rev())
        .filter_map(programs)
        .find(|folder| version(folder).is_some_and(|version| version >= 15))
}

fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Who runs the server where we are root, as whom it refuses to run.
fn owner() -> Option<(u32, u32)> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let user = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = user.split(':').skip(2).map_while(|number| number.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
