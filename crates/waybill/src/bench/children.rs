//! The processes of a bench. Each is killed when what holds it is dropped.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{self, ChildStderr, ChildStdout, Command, Stdio},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    cpu::{self, CpuTimes},
    memory::{self, Peaks},
};
use crate::{
    client::Peer,
    error::Error,
    ready::{ready, url},
};

/// Log lines that are kept for the case that a process does not start.
const LAST_LINES: usize = 20;

/// A process.
pub(super) struct Child(process::Child);

impl Child {
    pub(super) fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    fn stderr(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// This program with these arguments, and none of the settings of its environment.
pub(super) fn spawn(arguments: &[&str], set_up: impl FnOnce(&mut Command)) -> Result<Child, Error> {
    let mut command = Command::new(env::current_exe().map_err(Error::Runtime)?);
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("WAYBILL_") || name_text.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    set_up(&mut command);
    Ok(Child(command.spawn().map_err(Error::Runtime)?))
}

/// The three services.
pub(super) struct System {
    producer: Service,
    fleet: Service,
    analytics: Service,
    /// Removed at the end, after the processes.
    _data: TempDir,
}

struct Service {
    process: Child,
    listen: SocketAddr,
    ops_listen: SocketAddr,
}

impl System {
    /// Starts all three with their data in a new folder in `dir`, and waits until they are ready.
    pub(super) async fn start(dir: &Path) -> Result<Self, Error> {
        Self::start_with(dir, &[]).await
    }

    /// The same with these variables of the environment.
    pub(super) async fn start_with(
        dir: &Path,
        variables: &[(&'static str, String)],
    ) -> Result<Self, Error> {
        let made = tempfile::Builder::new().prefix("waybill-bench-").tempdir_in(dir);
        let data =
            made.map_err(|error| Error::File { path: dir.to_owned(), problem: error.into() })?;
        let store = format!("sqlite:{}", data.path().join("analytics.db").display());
        let analytics = Service::start("analytics", &["--store", &store], variables)?;
        let fleet = Service::start("fleet", &["--analytics", &url(analytics.listen)], variables)?;
        let kept = data.path().join("producer").display().to_string();
        let fleet_url = url(fleet.listen);
        let arguments = ["--data", &kept, "--fleet", &fleet_url];
        let producer = Service::start("producer", &arguments, variables)?;
        for service in [&analytics, &fleet, &producer] {
            ready(service.ops_listen).await;
        }
        Ok(Self { producer, fleet, analytics, _data: data })
    }

    pub(super) fn producer(&self) -> Peer {
        self.producer.peer()
    }

    pub(super) fn fleet(&self) -> Peer {
        self.fleet.peer()
    }

    /// The CPU time that each process took so far.
    pub(super) fn cpu_times(&self) -> Result<CpuTimes, Error> {
        Ok(CpuTimes {
            producer: cpu::time(self.producer.process.id())?,
            fleet: cpu::time(self.fleet.process.id())?,
            analytics: cpu::time(self.analytics.process.id())?,
        })
    }

    /// The peak of memory of each process so far.
    pub(super) fn peaks(&self) -> Result<Peaks, Error> {
        Ok(Peaks {
            producer: memory::peak_mib(self.producer.process.id())?,
            fleet: memory::peak_mib(self.fleet.process.id())?,
            analytics: memory::peak_mib(self.analytics.process.id())?,
        })
    }
}

impl Service {
    fn start(
        part: &'static str,
        arguments: &[&str],
        variables: &[(&'static str, String)],
    ) -> Result<Self, Error> {
        let ports = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
        let mut process = spawn(&[&[part], ports.as_slice(), arguments].concat(), |command| {
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.envs(variables.iter().map(|(name, value)| (name, value)));
        })?;
        let mut lines = Vec::new();
        let stderr = process.stderr().ok_or_else(|| Error::Bench(format!("{part} has no log")))?;
        let mut log = BufReader::new(stderr);
        loop {
            let mut line = String::new();
            if log.read_line(&mut line).map_err(Error::Runtime)? == 0 {
                let text = lines.join("");
                return Err(Error::Bench(format!("{part} did not start:\n{}", text.trim_end())));
            }
            if let Some((listen, ops_listen)) = addresses(&line) {
                // What nobody reads would stop the process when the pipe is full.
                thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
                return Ok(Self { process, listen, ops_listen });
            }
            lines.push(line);
            lines.drain(..lines.len().saturating_sub(LAST_LINES));
        }
    }

    fn peer(&self) -> Peer {
        let uri = url(self.listen).parse().expect("an address behind http:// is a URL");
        Peer::new(&uri)
    }
}

/// The addresses of a service, where a line of its log says them.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let address = |name| line.get(name)?.as_str()?.parse().ok();
    Some((address("listen")?, address("ops_listen")?))
}
