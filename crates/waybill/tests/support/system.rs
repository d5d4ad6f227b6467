//! The three services as real processes, which can be killed and started again.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use proto::{
    analytics::v1::{
        ListPlansRequest, Plan, PlanFilter, analytics_service_client::AnalyticsServiceClient,
    },
    producer::v1::{
        GetRunRequest, Run, RunState, StartRunRequest,
        producer_service_client::ProducerServiceClient,
    },
};
use tempfile::TempDir;
use testing::Port;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status, transport::Channel};

/// Nothing here takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at something that has to happen in another process.
const LOOK: Duration = Duration::from_millis(20);

/// A part of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Producer,
    Fleet,
    Analytics,
}

/// All three, on free ports, with their data in a folder of the test's.
pub(crate) struct System {
    folder: TempDir,
    ports: [Port; 6],
    processes: [Option<Child>; 3],
    variables: Vec<(&'static str, String)>,
}

impl System {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With these variables of the environment.
    pub(crate) fn start_with(variables: &[(&'static str, String)]) -> Self {
        let folder = TempDir::new().expect("a folder for the data");
        let (ports, variables) = (std::array::from_fn(|_| Port::take()), variables.to_vec());
        let mut system = Self { folder, ports, processes: [None, None, None], variables };
        for part in [Part::Analytics, Part::Fleet, Part::Producer] {
            system.launch(part);
        }
        system
    }

    /// SIGKILL: no drain, no word, no flush.
    pub(crate) fn kill(&mut self, part: Part) {
        if let Some(mut process) = self.processes[part as usize].take() {
            process.kill().expect("it runs");
            process.wait().expect("it ended");
        }
    }

    /// SIGTERM, and its drain; the exit code.
    pub(crate) fn terminate(&mut self, part: Part) -> Option<i32> {
        let mut process = self.processes[part as usize].take().expect("it runs");
        signal("-TERM", process.id());
        process.wait().expect("it ends").code()
    }

    /// SIGSTOP, until the value is dropped: it is there and does not answer.
    pub(crate) fn freeze(&self, part: Part) -> Frozen {
        let id = self.processes[part as usize].as_ref().expect("it runs").id();
        signal("-STOP", id);
        Frozen(id)
    }

    pub(crate) fn launch(&mut self, part: Part) {
        let (name, at) = (part.name(), part as usize);
        let (data, ports) = (self.folder.path(), &self.ports);
        let url = |part: Part| format!("http://{}", ports[part as usize].address());
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybill"));
        command.arg(name).args([
            "--listen",
            &ports[at].address().to_string(),
            "--ops-listen",
            &ports[at + 3].address().to_string(),
        ]);
        match part {
            Part::Producer => command
                .arg("--data")
                .arg(data.join("producer"))
                .args(["--fleet", &url(Part::Fleet)]),
            Part::Fleet => command.args(["--analytics", &url(Part::Analytics)]),
            Part::Analytics => command
                .arg("--store")
                .arg(store_url(data))
                .args(["--producer", &url(Part::Producer)]),
        };
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.join(format!("{name}.log")))
            .expect("a log");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.processes[at] = Some(process.expect("the binary is built"));
    }

    pub(crate) fn address(&self, part: Part) -> SocketAddr {
        self.ports[part as usize].address()
    }

    /// Waits until every part says that it is ready.
    pub(crate) async fn ready(&self) {
        let begun = Instant::now();
        for part in [Part::Producer, Part::Fleet, Part::Analytics] {
            while !self.is_ready(part) {
                assert!(begun.elapsed() < PATIENCE, "{part:?} is not ready{}", self.logs());
                sleep(LOOK).await;
            }
        }
    }

    fn is_ready(&self, part: Part) -> bool {
        self.ops(part, "GET /readyz", "", "").is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
    }

    /// The metrics of a part, to one who asks for this format.
    pub(crate) fn metrics(&self, part: Part, accept: &str) -> String {
        let answer = self.ops(part, "GET /metrics", accept, "").expect("it answers");
        answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
    }

    /// What the ops port of a part answers. By HTTP/1.0, so that it comes in one piece.
    pub(crate) fn ops(
        &self,
        part: Part,
        what: &str,
        accept: &str,
        body: &str,
    ) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.ports[part as usize + 3].address())?;
        let length = body.len();
        write!(
            stream,
            "{what} HTTP/1.0\r\nHost: ops\r\nAccept: {accept}\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The most memory that a part has taken so far, as the kernel counts it.
    pub(crate) fn peak_memory_mib(&self, part: Part) -> u64 {
        let process = self.processes[part as usize].as_ref().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
        let status = status.expect("Linux tells");
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024
    }

    /// A text with the addresses of the documentation, at the ports of this system.
    pub(crate) fn at_its_ports(&self, text: &str) -> String {
        [("8080", Part::Analytics), ("8081", Part::Producer), ("8082", Part::Fleet)].iter().fold(
            text.to_owned(),
            |text, (port, part)| {
                text.replace(&format!("127.0.0.1:{port}"), &self.address(*part).to_string())
            },
        )
    }

    pub(crate) fn channel(&self, part: Part) -> Channel {
        let uri = format!("http://{}", self.address(part)).parse().expect("a uri");
        runtime::connect::channel(&uri)
    }

    /// Starts a run, waiting for the producer to be there.
    pub(crate) async fn start_run(&self, request: &StartRunRequest) -> Run {
        let mut producer = ProducerServiceClient::new(self.channel(Part::Producer));
        let begun = Instant::now();
        loop {
            match producer.start_run(request.clone()).await {
                Ok(run) => return run.into_inner(),
                Err(status) => self.wait_out(begun, &status).await,
            }
        }
    }

    /// The run, as soon as it is as wanted. Away for a while, the producer is waited for.
    pub(crate) async fn run_until(&self, run_id: &str, wanted: impl Fn(&Run) -> bool) -> Run {
        let mut producer = ProducerServiceClient::new(self.channel(Part::Producer));
        let begun = Instant::now();
        loop {
            match producer.get_run(GetRunRequest { run_id: run_id.to_owned() }).await {
                Ok(run) if wanted(run.get_ref()) => return run.into_inner(),
                Ok(run) => assert!(begun.elapsed() < PATIENCE, "still {run:?}{}", self.logs()),
                Err(status) => self.wait_out(begun, &status).await,
            }
            sleep(LOOK).await;
        }
    }

    pub(crate) async fn finished(&self, run_id: &str) -> Run {
        self.run_until(run_id, |run| run.state() == RunState::Finished).await
    }

    /// Every plan of a run, oldest first.
    pub(crate) async fn plans(&self, run_id: &str) -> Vec<Plan> {
        let mut analytics = AnalyticsServiceClient::new(self.channel(Part::Analytics));
        let filter = PlanFilter { run: run_id.to_owned(), ..PlanFilter::default() };
        let mut request = ListPlansRequest {
            page_size: 1000,
            filter: Some(filter),
            order_by: "sequence".into(),
            ..ListPlansRequest::default()
        };
        let mut plans = Vec::new();
        loop {
            let page =
                analytics.list_plans(request.clone()).await.expect("it answers").into_inner();
            plans.extend(page.plans);
            if page.next_page_token.is_empty() {
                return plans;
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn wait_out(&self, begun: Instant, status: &Status) {
        let away = matches!(status.code(), Code::Unavailable | Code::Cancelled | Code::Unknown);
        assert!(away && begun.elapsed() < PATIENCE, "{status}{}", self.logs());
        sleep(LOOK).await;
    }

    /// What a part has logged so far.
    pub(crate) fn log(&self, part: Part) -> String {
        let path = self.folder.path().join(format!("{}.log", part.name()));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    fn logs(&self) -> String {
        [Part::Producer, Part::Fleet, Part::Analytics]
            .map(|part| {
                let log = self.log(part);
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                format!(
                    "\n--- {}\n{}",
                    part.name(),
                    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
                )
            })
            .concat()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        for part in [Part::Producer, Part::Fleet, Part::Analytics] {
            self.kill(part);
        }
    }
}

/// A process that does nothing until this is dropped.
pub(crate) struct Frozen(u32);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", self.0);
    }
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").arg(name).arg(process.to_string()).status();
    assert!(sent.expect("kill is there").success(), "{name}");
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Producer => "producer",
            Part::Fleet => "fleet",
            Part::Analytics => "analytics",
        }
    }
}

fn store_url(data: &Path) -> String {
    format!("sqlite:{}/analytics.db", data.display())
}
