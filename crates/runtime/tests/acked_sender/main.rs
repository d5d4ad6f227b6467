//! The client's state machine against a plain model of what must hold, over random events.

mod world;

use std::time::Duration;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use runtime::acked::{Credit, sender::Step};
use world::{BASE, CAP, Event, World, event};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_model_holds_and_all_is_answered_in_the_end(
        events in prop::collection::vec(event(), 0..240),
        peers in 0..5usize,
        seed in any::<u64>(),
    ) {
        let mut world = World::new(peers, seed);
        world.settle();
        for event in &events {
            world.happen(event);
            world.settle();
        }
        world.make_peace();
        world.happen(&Event::Finish(Duration::from_secs(30)));
        for _ in 0..4 {
            world.settle();
            world.happen(&Event::Partition);
            world.happen(&Event::WaitUntilWake);
        }
        world.settle();
        prop_assert!(world.finished && world.items.is_empty());
    }

    #[test]
    fn asked_to_finish_it_ends_in_time_whatever_happens(
        before in prop::collection::vec(event(), 0..80),
        after in prop::collection::vec(event(), 0..40),
        within in (0..8_000u64).prop_map(Duration::from_millis),
        peers in 0..4usize,
        seed in any::<u64>(),
    ) {
        let mut world = World::new(peers, seed);
        for event in &before {
            world.settle();
            world.happen(event);
        }
        world.happen(&Event::Finish(within));
        let by = world.finish_by.expect("just asked for");
        world.settle();
        for event in &after {
            world.happen(event);
            world.settle();
        }
        for _ in 0..100 {
            // Nobody helps any more: time alone.
            world.happen(&Event::WaitUntilWake);
            world.settle();
        }
        prop_assert!(world.finished);
        prop_assert!(world.now < by + Duration::from_secs(200));
    }
}

fn welcomed(peers: usize, credit: Credit) -> World {
    let mut world = World::new(peers, 1);
    world.settle();
    for peer in 0..peers {
        world.happen(&Event::Welcome { peer, credit });
    }
    world
}

const WIDE: Credit = Credit { items: 10, bytes: 1_000 };

/// Ids on the stream of a peer.
fn ids_on(world: &World, peer: usize) -> Vec<u32> {
    let link = world.peers[peer].link;
    world.items.iter().filter(|item| item.on == Some(link)).map(|item| item.id).collect()
}

/// Until the sender has nothing more to send, with connections that take everything at once.
fn send_all(world: &mut World) {
    for _ in 0..1_000 {
        let before = world.items.iter().filter(|item| item.on.is_some()).count();
        for peer in 0..world.peers.len() {
            world.settle();
            world.happen(&Event::Sent { peer });
        }
        world.settle();
        if world.items.iter().filter(|item| item.on.is_some()).count() == before {
            return;
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn time_goes_on_while_an_item_is_being_sent() {
    let mut world = welcomed(1, WIDE);
    world.happen(&Event::Offer { bytes: 9 });
    world.settle();
    assert_eq!(world.sender.sending(world.peers[0].link), Some(0));
    world.happen(&Event::Finish(Duration::from_secs(1)));
    world.settle();
    world.happen(&Event::Wait(Duration::from_secs(1)));
    world.settle();
    assert!(world.finished, "a connection that takes nothing does not hold up the end");
}

#[test]
fn an_answer_in_the_middle_of_sending_makes_way_for_the_next() {
    let mut world = welcomed(1, WIDE);
    world.happen(&Event::Offer { bytes: 9 });
    world.happen(&Event::Offer { bytes: 9 });
    world.settle();
    world.happen(&Event::Answer { pick: 0 });
    world.settle();
    assert_eq!(world.sender.sending(world.peers[0].link), Some(1));
}

#[test]
fn only_an_answer_resets_the_backoff() {
    let mut world = World::new(1, 3);
    let mut longest = Duration::ZERO;
    for _ in 0..60 {
        world.settle();
        world.happen(&Event::Welcome { peer: 0, credit: WIDE });
        world.settle();
        world.happen(&Event::Close { peer: 0 });
        world.settle();
        longest = longest.max(world.sender.wake_at().expect("the next attempt") - world.now);
        world.happen(&Event::WaitUntilWake);
    }
    assert!(longest > CAP / 2, "a welcome is no progress: {longest:?}");
    world.happen(&Event::Offer { bytes: 1 });
    world.settle();
    world.happen(&Event::Welcome { peer: 0, credit: WIDE });
    world.settle();
    world.happen(&Event::Answer { pick: 0 });
    world.happen(&Event::Close { peer: 0 });
    world.settle();
    assert!(world.sender.wake_at().expect("the next attempt") <= world.now + BASE);
}

#[test]
fn what_was_in_flight_goes_first_and_in_order_on_the_next_stream() {
    let mut world = welcomed(1, Credit { items: 3, bytes: 1_000 });
    for _ in 0..5 {
        world.happen(&Event::Offer { bytes: 1 });
    }
    send_all(&mut world);
    world.happen(&Event::Answer { pick: 1 });
    world.happen(&Event::Close { peer: 0 });
    world.happen(&Event::WaitUntilWake);
    world.settle();
    world.happen(&Event::Welcome { peer: 0, credit: Credit { items: 3, bytes: 1_000 } });
    // The model checks that each send is of the first that waits.
    send_all(&mut world);
    assert_eq!(ids_on(&world, 0), [0, 2, 3]);
}

#[test]
fn a_peer_that_is_lost_leaves_its_items_to_the_others_at_once() {
    let mut world = welcomed(3, WIDE);
    for _ in 0..12 {
        world.happen(&Event::Offer { bytes: 1 });
    }
    send_all(&mut world);
    let lost = ids_on(&world, 1);
    assert_eq!(lost.len(), 4);
    world.happen(&Event::Close { peer: 1 });
    send_all(&mut world);
    let moved: Vec<u32> = [ids_on(&world, 0), ids_on(&world, 2)].concat();
    assert!(lost.iter().all(|id| moved.contains(id)), "{lost:?} of {moved:?}");
}

#[test]
fn a_peer_that_drains_or_leaves_gets_nothing_new_and_answers_what_it_has() {
    for event in
        [Event::Drain { peer: 0, within: Duration::from_secs(9) }, Event::RemovePeer { peer: 0 }]
    {
        let mut world = welcomed(2, WIDE);
        for _ in 0..6 {
            world.happen(&Event::Offer { bytes: 1 });
        }
        send_all(&mut world);
        let there = ids_on(&world, 0);
        assert_eq!(there.len(), 3);
        world.happen(&event);
        for _ in 0..6 {
            world.happen(&Event::Offer { bytes: 1 });
        }
        send_all(&mut world);
        assert_eq!(ids_on(&world, 0), there, "{event:?}");
        assert_eq!(ids_on(&world, 1).len(), 9);
        for id in there {
            let pick = world.items.iter().filter(|item| item.on.is_some() && item.id < id).count();
            world.happen(&Event::Answer { pick });
            world.settle();
        }
        world.happen(&Event::Close { peer: 0 });
        world.settle();
        let left = usize::from(matches!(event, Event::Drain { .. }));
        assert_eq!(world.peers.len(), 1 + left, "one that was removed is forgotten");
    }
}

#[test]
fn a_peer_that_comes_back_goes_on_with_the_stream_that_it_has() {
    let mut world = welcomed(1, WIDE);
    world.happen(&Event::Offer { bytes: 1 });
    send_all(&mut world);
    world.happen(&Event::RemovePeer { peer: 0 });
    world.happen(&Event::Offer { bytes: 1 });
    send_all(&mut world);
    assert_eq!(ids_on(&world, 0), [0]);
    world.happen(&Event::KeepPeer { peer: 0 });
    send_all(&mut world);
    assert_eq!(ids_on(&world, 0), [0, 1]);
}

#[test]
fn a_large_item_is_not_starved_by_small_ones_and_does_not_hold_them_up() {
    let mut world = welcomed(3, Credit { items: 10, bytes: 100 });
    let offer_small = |world: &mut World| {
        while world.items.iter().filter(|item| item.on.is_none()).count() < 5 {
            world.happen(&Event::Offer { bytes: 20 });
        }
        send_all(world);
    };
    for _ in 0..6 {
        offer_small(&mut world);
    }
    assert_eq!(world.items.iter().filter(|item| item.on.is_some()).count(), 15, "all is full");
    let large = 1 + world.items.iter().map(|item| item.id).max().expect("there are some");
    world.happen(&Event::Offer { bytes: 90 });
    let mut random = StdRng::seed_from_u64(4);
    let (mut answered, mut overtaken) = (0, 0);
    let is_sent =
        |world: &World| world.items.iter().all(|item| item.id != large || item.on.is_some());
    while !is_sent(&world) {
        offer_small(&mut world);
        world.happen(&Event::Answer { pick: random.random_range(0..15) });
        send_all(&mut world);
        answered += 1;
        let later = |item: &&world::Item| item.id > large && item.on.is_some();
        overtaken = overtaken.max(world.items.iter().filter(later).count());
        assert!(answered < 100, "starved by small ones");
    }
    assert!(overtaken > 0, "small ones go on over the other links");
}

/// Items that each peer got of `count` while each answers after a time of its own, at most so many at
/// once.
fn given(peers: usize, at_once: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut world = welcomed(peers, Credit { items: 64, bytes: 1 << 20 });
    let mut random = StdRng::seed_from_u64(seed);
    let mut given = vec![0; peers];
    let mut offered = 0;
    while given.iter().sum::<usize>() < count {
        while world.items.len() < at_once && offered < count {
            world.happen(&Event::Offer { bytes: random.random_range(100..2_000) });
            offered += 1;
        }
        while let Some(step) = world.sender.next(world.now) {
            let Step::Send { link, id, .. } = step else { panic!("{step:?}") };
            let peer = world.peers.iter().position(|peer| peer.link == link).expect("there");
            given[peer] += 1;
            world.sender.on_sent(link);
            let item = world.items.iter_mut().find(|item| item.id == id).expect("there");
            item.on = Some(link);
        }
        world.items.shuffle(&mut random);
        for item in world.items.split_off(world.items.len() / 2) {
            let link = item.on.expect("all were sent");
            assert!(world.sender.on_answer(link, item.id).is_some());
        }
    }
    given
}

#[test]
fn the_busiest_of_several_peers_gets_little_more_than_its_share() {
    for (peers, at_once) in [(2, 1), (3, 1), (3, 20), (3, 150), (7, 40), (20, 600)] {
        let given = given(peers, at_once, peers * 500, 9);
        let busiest = *given.iter().max().expect("peers");
        assert!(busiest * 10 <= 500 * 11, "{at_once} at once: {given:?}");
    }
}
