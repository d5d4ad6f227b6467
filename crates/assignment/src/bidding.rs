//! Rounds of bids, the naive auction: how both searches for shortest paths, [`jv`](crate::jv) and
//! [`paths`](crate::paths), begin.

use alloc::vec::Vec;

/// How the bid of a row went.
pub(crate) enum Bid<R> {
    /// Nobody lost a column.
    Settled,
    /// The price was raised, and this row lost its column.
    Outbid(R),
    /// This row has no column, and no bid would bring one.
    Lost(R),
}

/// Two rounds of bids, in each of which every row bids `each` times on average at most; gives the rows
/// that still wait, ascending.
#[inline(always)]
pub(crate) fn bid_all<R: Copy + Ord>(
    mut bidders: Vec<R>,
    each: usize,
    mut bid: impl FnMut(R) -> Bid<R>,
) -> Vec<R> {
    for _ in 0..2 {
        bidders = round(&bidders, each, &mut bid);
    }
    bidders.sort_unstable();
    bidders
}

#[inline(always)]
fn round<R: Copy>(bidders: &[R], each: usize, bid: &mut impl FnMut(R) -> Bid<R>) -> Vec<R> {
    let mut bids = bidders.len() * each;
    let mut losers = Vec::with_capacity(bidders.len());
    for &bidder in bidders {
        let mut bidder = bidder;
        loop {
            match bid(bidder) {
                Bid::Settled => break,
                Bid::Outbid(loser) if bids > 0 => {
                    bids -= 1;
                    bidder = loser;
                }
                Bid::Outbid(loser) | Bid::Lost(loser) => {
                    losers.push(loser);
                    break;
                }
            }
        }
    }
    losers
}
