//! From a setting's text to its meaning. An error says what is expected; who said what stands before it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use http::Uri;

/// An address to listen on: `HOST:PORT`, where HOST is an IP address or `localhost`, which is 127.0.0.1
/// as it is when left out (`:8080`, `:0`). `[::]` or `0.0.0.0` listens on all interfaces, port 0 takes a
/// free one.
pub fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    let expected = || {
        "expected HOST:PORT with an IP address or localhost as host, such as 127.0.0.1:8080, \
         [::]:8080 or :0"
            .to_owned()
    };
    let (host, port) = text.trim().rsplit_once(':').ok_or_else(expected)?;
    let port = port.parse().map_err(|_| expected())?;
    let host = match host {
        "" | "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(v6) => IpAddr::V6(v6.parse::<Ipv6Addr>().map_err(|_| expected())?),
            None => IpAddr::V4(host.parse::<Ipv4Addr>().map_err(|_| expected())?),
        },
    };
    Ok(SocketAddr::new(host, port))
}

/// The address of a service: an `http` URL with a host and no path. Connections are not encrypted, so `https`
/// is refused.
pub fn uri(text: &str) -> Result<Uri, String> {
    let uri = web_uri(text).ok_or("expected a URL such as http://HOST:PORT")?;
    match uri.scheme_str() {
        Some("http") => Ok(uri),
        _ => Err("expected http://HOST:PORT: connections are not encrypted here".to_owned()),
    }
}

/// An `http` or `https` URL with a host and no path, for others to follow.
pub fn web_uri(text: &str) -> Option<Uri> {
    let uri: Uri = text.trim().parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = uri.path_and_query().is_none_or(|path| path == "/");
    let host = uri.host().is_some_and(|host| !host.is_empty());
    // A port that is none parses as part of the authority.
    let port =
        uri.port_u16().is_some() || uri.authority().is_some_and(|it| !ends_in_port(it.as_str()));
    (known && bare && host && port).then_some(uri)
}

fn ends_in_port(authority: &str) -> bool {
    authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'))
}

/// A time: whole numbers with units, added up: `250ms`, `10s`, `1m30s`, `1h`, `2d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let expected = || {
        "expected a duration such as 250ms, 10s, 1m30s, 1h or 2d, longer than nothing".to_owned()
    };
    let too_long = || "too long".to_owned();
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit, after) = number_and_unit(rest).ok_or_else(expected)?;
        let nanos: u64 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" | "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return Err(expected()),
        };
        let number: u64 = number.parse().map_err(|_| too_long())?;
        let part = number.checked_mul(nanos).ok_or_else(too_long)?;
        total = total.checked_add(Duration::from_nanos(part)).ok_or_else(too_long)?;
        rest = after.trim_start();
    }
    if total.is_zero() { Err(expected()) } else { Ok(total) }
}

/// A time that may be zero, such as a time-out that is off with `0`.
pub fn duration_or_zero(text: &str) -> Result<Duration, String> {
    let digits = text.trim().trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    if !digits.is_empty() && digits.bytes().all(|digit| digit == b'0') {
        return Ok(Duration::ZERO);
    }
    duration(text)
}

/// Bytes: a whole number, or one with `KB`, `MB`, `GB` (thousands) or `KiB`, `MiB`, `GiB` (1,024s).
pub fn byte_size(text: &str) -> Result<u64, String> {
    let expected = || "expected a size such as 1048576, 512KiB, 64MiB or 2GiB".to_owned();
    let (number, unit, rest) = number_and_unit(text.trim()).ok_or_else(expected)?;
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(expected()),
    };
    if !rest.is_empty() {
        return Err(expected());
    }
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| number.checked_mul(factor)).ok_or_else(|| "too large".to_owned())
}

/// A whole number from 0.
pub fn count(text: &str) -> Result<u64, String> {
    number(0..=u64::MAX)(text)
}

/// A whole number in a range; underscores may group its digits.
pub fn number(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> {
    move |text| {
        let digits = text.trim().replace('_', "");
        let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        let number = digits.parse().ok().filter(|number| plain && range.contains(number));
        number.ok_or_else(|| match (range.start(), range.end()) {
            (0, &u64::MAX) => "expected a whole number of 0 or more".to_owned(),
            (from, &u64::MAX) => format!("expected a whole number of {from} or more"),
            (from, to) => format!("expected a whole number from {from} to {to}"),
        })
    }
}

/// A number of things that there is room for in memory.
pub fn size(range: RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, String> {
    // The number is within a range of usize.
    let parse = number(*range.start() as u64..=*range.end() as u64);
    move |text| parse(text).map(|number| number as usize)
}

/// Yes or no.
pub fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// Some text.
pub fn text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("expected a text".to_owned()) } else { Ok(text.to_owned()) }
}

/// A folder that is there.
pub fn existing_dir(text: &str) -> Result<PathBuf, String> {
    let path = dir(text)?;
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => Ok(path),
        Ok(_) => Err("not a folder".to_owned()),
        Err(error) => Err(format!("expected a folder that is there: {error}")),
    }
}

/// A folder that is there or can be made: what is at this path, if anything, is a folder.
pub fn dir(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("expected the path of a folder".to_owned());
    }
    let path = PathBuf::from(text);
    match fs::metadata(&path) {
        Ok(found) if !found.is_dir() => Err("not a folder".to_owned()),
        _ => Ok(path),
    }
}

/// Splits off a run of digits and the letters after it.
fn number_and_unit(text: &str) -> Option<(&str, &str, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    (!number.is_empty()).then_some((number, unit, rest))
}

#[cfg(test)]
mod tests;
