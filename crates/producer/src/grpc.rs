//! `ProducerService`: decodes, calls, encodes.

use std::{ops::RangeInclusive, pin::Pin, sync::Arc};

use futures_util::{Stream, StreamExt};
use proto::{
    RunId, Violations,
    producer::v1::{
        CreateRosterRequest, GetRosterRequest, GetRosterResponse, GetRunRequest,
        ListRostersRequest, ListRostersResponse, ListRunsRequest, ListRunsResponse, Roster, Run,
        StartRunRequest, StopRunRequest, WatchRunRequest, producer_service_server::ProducerService,
    },
    records::driver,
};
use tonic::{Request, Response, Status};

use crate::{
    error::Error,
    moment::{Clock, Moment},
    request::{Order, check_name, is_name},
    rosters,
    runs::Runs,
    store::KeptRoster,
    watch::watch,
    wire,
};

const RUNS_PAGE: Page = Page { default: 50, allowed: 1..=1_000 };
const ROSTERS_PAGE: Page = Page { default: 50, allowed: 1..=1_000 };
const DRIVERS_PAGE: Page = Page { default: 1_000, allowed: 1..=10_000 };

/// The service's calls.
pub(crate) struct Calls {
    pub(crate) runs: Arc<Runs>,
    pub(crate) clock: Clock,
}

#[tonic::async_trait]
impl ProducerService for Calls {
    type WatchRunStream = Pin<Box<dyn Stream<Item = Result<Run, Status>> + Send>>;

    async fn start_run(&self, request: Request<StartRunRequest>) -> Result<Response<Run>, Status> {
        let order = Order::read(request.into_inner())?;
        Ok(Response::new(self.runs.start(order).await?))
    }

    async fn get_run(&self, request: Request<GetRunRequest>) -> Result<Response<Run>, Status> {
        let id = run_id(&request.get_ref().run_id)?;
        Ok(Response::new(self.runs.get(id).await?))
    }

    async fn list_runs(
        &self,
        request: Request<ListRunsRequest>,
    ) -> Result<Response<ListRunsResponse>, Status> {
        let ListRunsRequest { page_size, page_token } = request.into_inner();
        let (count, after) = RUNS_PAGE.read(page_size, &page_token, RunPlace::read)?;
        let after = after.map(|RunPlace(start, id)| (start, id));
        let mut listed = self.runs.list(after, count + 1).await?;
        let more = listed.len() > count;
        listed.truncate(count);
        let last = listed.last().filter(|_| more);
        let next_page_token =
            last.map(|(start, id, _)| RunPlace(*start, *id).token()).unwrap_or_default();
        let runs = listed.into_iter().map(|(_, _, run)| run).collect();
        Ok(Response::new(ListRunsResponse { runs, next_page_token }))
    }

    async fn watch_run(
        &self,
        request: Request<WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        let id = run_id(&request.get_ref().run_id)?;
        let watched = watch(Arc::clone(&self.runs), id).await?;
        Ok(Response::new(Box::pin(watched.map(|run| run.map_err(Status::from)))))
    }

    async fn stop_run(&self, request: Request<StopRunRequest>) -> Result<Response<Run>, Status> {
        let id = run_id(&request.get_ref().run_id)?;
        Ok(Response::new(self.runs.stop(id).await?))
    }

    async fn create_roster(
        &self,
        request: Request<CreateRosterRequest>,
    ) -> Result<Response<Roster>, Status> {
        let roster = rosters::read(request.get_ref(), self.clock.now())?;
        let kept = self.runs.with_store(move |store| rosters::create(store, &roster)).await?;
        Ok(Response::new(shown(kept)))
    }

    async fn get_roster(
        &self,
        request: Request<GetRosterRequest>,
    ) -> Result<Response<GetRosterResponse>, Status> {
        let GetRosterRequest { name, page_size, page_token } = request.into_inner();
        let mut violations = Violations::new();
        check_name("name", &name, &mut violations);
        if !violations.is_empty() {
            return Err(Error::Invalid(violations).into());
        }
        let (count, first) =
            DRIVERS_PAGE.read(page_size, &page_token, |token| token.parse::<u32>().ok())?;
        let first = first.unwrap_or_default();
        let read = move |store: &_| rosters::page(store, &name, first, count as u32);
        let (roster, page) = self.runs.with_store(read).await?;
        let behind = first.saturating_add(page.len() as u32);
        let next_page_token =
            if behind < roster.drivers { behind.to_string() } else { String::new() };
        let drivers = (0..page.len()).map(|i| driver(&page, i)).collect();
        let roster = Some(shown(roster));
        Ok(Response::new(GetRosterResponse { roster, drivers, next_page_token }))
    }

    async fn list_rosters(
        &self,
        request: Request<ListRostersRequest>,
    ) -> Result<Response<ListRostersResponse>, Status> {
        let ListRostersRequest { page_size, page_token } = request.into_inner();
        let (count, after) = ROSTERS_PAGE
            .read(page_size, &page_token, |token| is_name(token).then(|| token.to_owned()))?;
        let after = after.unwrap_or_default();
        let read = move |store: &crate::store::Store| Ok(store.list_rosters(&after, count + 1)?);
        let mut listed = self.runs.with_store(read).await?;
        let more = listed.len() > count;
        listed.truncate(count);
        let last = listed.last().filter(|_| more);
        let next_page_token = last.map(|(name, ..)| name.clone()).unwrap_or_default();
        let show = |(name, drivers, create)| wire::roster(name, drivers, create);
        let rosters = listed.into_iter().map(show).collect();
        Ok(Response::new(ListRostersResponse { rosters, next_page_token }))
    }
}

fn shown(roster: KeptRoster) -> Roster {
    wire::roster(roster.name, roster.drivers, roster.create)
}

fn run_id(text: &str) -> Result<RunId, Error> {
    text.parse().map_err(|error: proto::InvalidId| {
        let mut violations = Violations::new();
        violations.add("run_id", error.to_string());
        Error::Invalid(violations)
    })
}

/// What a page of a list may be.
struct Page {
    default: usize,
    allowed: RangeInclusive<i32>,
}

impl Page {
    /// How many items, and behind which place; a place that makes no sense is the caller's mistake.
    fn read<T>(
        &self,
        size: i32,
        token: &str,
        place: impl FnOnce(&str) -> Option<T>,
    ) -> Result<(usize, Option<T>), Error> {
        let mut violations = Violations::new();
        if size != 0 && !self.allowed.contains(&size) {
            let (least, most) = (self.allowed.start(), self.allowed.end());
            violations.add("page_size", format!("is {size}, not {least} to {most}"));
        }
        let place = if token.is_empty() {
            None
        } else {
            let place = place(token);
            if place.is_none() {
                violations.add("page_token", "is none that was given out");
            }
            place
        };
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        Ok((usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(self.default), place))
    }
}

/// A run's place in the list.
struct RunPlace(Moment, RunId);

impl RunPlace {
    fn token(&self) -> String {
        format!("{:x}.{}", self.0.unix_ms(), self.1)
    }

    fn read(token: &str) -> Option<Self> {
        let (start, id) = token.split_once('.')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        Some(Self(Moment::from_unix_ms(start), id.parse().ok()?))
    }
}
