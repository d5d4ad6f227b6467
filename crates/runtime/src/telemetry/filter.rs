//! Which events are logged: told at the start, and changed while the process runs.

use std::sync::OnceLock;

use tracing_subscriber::{EnvFilter, Registry, reload};

/// The filter of the process's log.
static LOG: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// The log's filter is this one from now on.
pub(super) fn is(handle: reload::Handle<EnvFilter, Registry>) {
    // Telemetry is started once; a second start changes nothing, here too.
    let _ = LOG.set(handle);
}

/// The filter of the log, as `WAYBILL_LOG` writes it; none before telemetry is started.
pub fn log_filter() -> Option<String> {
    LOG.get()?.with_current(ToString::to_string).ok()
}

/// Logs what this filter wants from now on, such as `debug` or `info,fleet=debug`.
///
/// # Errors
/// Why it is no filter, or that there is no log.
pub fn set_log_filter(text: &str) -> Result<(), String> {
    let text = text.trim();
    let wanted = match text {
        "" => Err("expected a filter such as info or info,fleet=debug".to_owned()),
        text => EnvFilter::try_new(text).map_err(|error| format!("{text:?} is no filter: {error}")),
    }?;
    let log = LOG.get().ok_or("telemetry is not started")?;
    log.reload(wanted).map_err(|error| error.to_string())?;
    tracing::info!(filter = text, "log filter is changed");
    Ok(())
}
