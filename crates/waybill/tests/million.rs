//! One million shipments and one million drivers in one batch, through all three processes.

mod support {
    pub(crate) mod system;
}

use proto::producer::v1::{StartRunRequest, Synthetic, start_run_request::Source};
use support::system::{Part, System};

const MILLION: u32 = 1_000_000;
const MEMORY_MIB: u64 = 2048;

#[tokio::test]
async fn a_million_by_a_million_fits_in_two_gib_a_process() {
    let system = System::start();
    let request = StartRunRequest {
        source: Some(Source::Synthetic(Synthetic {
            shipments: MILLION,
            drivers: MILLION,
            seed: 1,
        })),
        batch_limit: 1,
        ..StartRunRequest::default()
    };
    let run = system.start_run(&request).await;
    let run = system.finished(&run.run_id).await;
    assert_eq!((run.batches_settled, run.assigned), (1, u64::from(MILLION)));
    assert!(run.total > run.greedy_total, "optimality gives something at this size");

    let plans = system.plans(&run.run_id).await;
    assert_eq!((plans.len(), plans[0].assigned, plans[0].certified), (1, MILLION, true));
    for part in [Part::Producer, Part::Fleet, Part::Analytics] {
        let peak = system.peak_memory_mib(part);
        assert!(peak < MEMORY_MIB, "{part:?} took {peak} MiB");
    }
}
