//! Signals, as a process receives them. The test runs itself again as the process that receives them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not what they call")]

use std::{
    env,
    io::{self, BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use runtime::lifecycle::{ECHO, Shutdown};

const AS_CHILD: &str = "RUNTIME_TEST_SIGNALS";

/// The process: it says when it can be signalled and when it drains, and never ends by itself.
#[test]
fn child() {
    if env::var_os(AS_CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let shutdown = Shutdown::on_signals(Duration::from_secs(600));
        say("ready");
        shutdown.draining().await;
        say("draining");
        shutdown.expired().await;
    });
}

#[allow(clippy::print_stdout, reason = "the other process reads it")]
fn say(word: &str) {
    println!("\n{word}");
}

struct Process {
    child: Child,
    lines: io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Process {
    fn start() -> Process {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(AS_CHILD, "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Process { child, lines };
        process.says("ready");
        process
    }

    fn says(&mut self, word: &str) {
        assert!(self.lines.any(|line| line.unwrap() == word), "{word}");
    }

    /// Sends the signal again and again, the first ones within the echo of the one before.
    fn insist(&mut self, name: &str) -> Option<i32> {
        loop {
            self.signal(name);
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        // A process that has just ended is no failure of the test.
        let _ =
            Command::new("kill").args(["-s", name, &pid]).stderr(Stdio::null()).status().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already when the test succeeds.
        let _ = self.child.kill();
    }
}

#[test]
fn the_first_signal_drains_and_the_second_ends_the_process_at_once() {
    for (first, second, code) in [("TERM", "TERM", 1), ("INT", "INT", 130), ("TERM", "INT", 130)] {
        let mut process = Process::start();
        process.signal(first);
        process.says("draining");
        assert_eq!(process.insist(second), Some(code), "{first} {second}");
    }
}

#[test]
fn a_signal_that_comes_twice_at_once_only_drains() {
    loop {
        let mut process = Process::start();
        let begun = Instant::now();
        process.signal("TERM");
        process.says("draining");
        process.signal("TERM");
        let both_in_time = begun.elapsed() < ECHO;
        // Had the second TERM counted, it would have ended the process with 1 before this.
        let code = process.insist("INT");
        if both_in_time {
            assert_eq!(code, Some(130));
            return;
        }
        // The machine was too busy to send two at once: that is another test's story.
    }
}
