//! A replica that is cut off costs no batch, and no more time than it takes to notice.

use std::time::Duration;

use simulation::{cut_off, network::KEEPALIVE};

/// Ten a second: the last falls due after 5.9 s.
const BATCHES: u64 = 60;

#[test]
fn the_batches_of_a_replica_that_is_cut_off_move_within_the_keepalive_time() {
    // In the middle of the last batches, so that what waits at the replica is what the run waits for.
    let cut = Duration::from_millis(5_850);
    let (noticed, slack) = (2 * KEEPALIVE, Duration::from_millis(500));
    let mut moved = 0;
    for seed in 0..30 {
        let took = cut_off(seed, BATCHES, cut).expect("settled, exactly once");
        assert!(took < cut + noticed + slack, "seed {seed}: {took:?}");
        moved += usize::from(took > cut + KEEPALIVE);
    }
    assert!(moved > 3, "hardly a batch was at the replica, in {moved} of 30 seeds");
}
