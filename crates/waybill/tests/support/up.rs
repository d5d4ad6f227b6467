//! `waybill up` as a real process.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::commands::{Ended, ended, run, waybill};

/// The whole system in one process, killed at the end.
pub(crate) struct Up {
    process: Child,
    /// URL of analytics.
    pub(crate) analytics: String,
    /// URL of the producer.
    pub(crate) producer: String,
}

impl Up {
    /// On free ports, until it says that it is up.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_at(data, ["127.0.0.1:0"; 2], arguments, &[])
    }

    /// With the producer and analytics at these addresses.
    pub(crate) fn start_at(
        data: &Path,
        [producer, analytics]: [&str; 2],
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = waybill(&["up", "--data"]);
        command.arg(data).args(["--producer-listen", producer, "--analytics-listen", analytics]);
        for listen in
            ["fleet-listen", "producer-ops-listen", "fleet-ops-listen", "analytics-ops-listen"]
        {
            command.args([&format!("--{listen}"), "127.0.0.1:0"]);
        }
        command.args(arguments).envs(variables.iter().copied());
        let log = data.join("up.log");
        let log_file = std::fs::File::options().create(true).append(true).open(&log);
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file.expect("the folder takes a log"))
            .spawn()
            .expect("the binary starts");
        let stdout = process.stdout.take().expect("it is piped");
        let (mut analytics, mut producer) = (None, None);
        for line in BufReader::new(stdout).lines() {
            let line = line.expect("it writes UTF-8");
            let behind =
                |text: &str| Some(line.split_once(text)?.1.trim_end_matches('/').to_owned());
            analytics = behind("Plans arrive at ").or(analytics);
            producer = behind("--producer ").or(producer);
            if producer.is_some() {
                break;
            }
        }
        match (analytics, producer) {
            (Some(analytics), Some(producer)) => Self { process, analytics, producer },
            _ => panic!("it did not come up: {}", std::fs::read_to_string(log).unwrap_or_default()),
        }
    }

    /// Runs a command against the producer.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&[&["run"], arguments, &["--producer", &self.producer]].concat())
    }

    /// Runs a command against analytics.
    pub(crate) fn plans(&self, arguments: &[&str]) -> Ended {
        run(&[&["plans"], arguments, &["--analytics", &self.analytics]].concat())
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// SIGTERM; the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let mut kill = Command::new("kill");
        kill.args(["-TERM", &self.process.id().to_string()]);
        ended(kill).done();
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
