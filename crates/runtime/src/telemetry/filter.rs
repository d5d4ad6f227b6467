//! Which events are logged: told at the start, and changed while the process runs.

use std::sync::OnceLock;

use tracing_subscriber::{EnvFilter, Registry, filter::LevelFilter, reload};

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

/// A filter such as `info` or `info,fleet=debug`.
///
/// A word alone must be a level. To `EnvFilter` any other is the name of a module, of which all is logged, and
/// nothing else is: a level with a slip of the pen would silence the process.
pub(super) fn parse(text: &str) -> Result<EnvFilter, String> {
    let is_word = |part: &&str| !part.is_empty() && !part.contains(['=', '[', '{']);
    let mut words = text.split(',').map(str::trim).filter(is_word);
    if let Some(word) = words.find(|word| word.parse::<LevelFilter>().is_err()) {
        return Err(format!("{word:?} is neither a level nor MODULE=LEVEL"));
    }
    EnvFilter::try_new(text).map_err(|error| format!("{text:?} is no filter: {error}"))
}

/// Logs what this filter wants from now on, such as `debug` or `info,fleet=debug`.
///
/// # Errors
/// Why it is no filter, or that there is no log.
pub fn set_log_filter(text: &str) -> Result<(), String> {
    let text = text.trim();
    let wanted = match text {
        "" => Err("expected a filter such as info or info,fleet=debug".to_owned()),
        text => parse(text),
    }?;
    let log = LOG.get().ok_or("telemetry is not started")?;
    log.reload(wanted).map_err(|error| error.to_string())?;
    tracing::info!(filter = text, "log filter is changed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_word_that_is_no_level_is_no_filter() {
        for good in
            ["info", "off", "WARN", "info,fleet=debug", "fleet=trace,producer=off", "[send]=info"]
        {
            assert!(parse(good).is_ok(), "{good}");
        }
        for (bad, word) in
            [("loud", "loud"), ("info,fleet", "fleet"), ("info,fleet=chatty", "chatty")]
        {
            let error = parse(bad).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
