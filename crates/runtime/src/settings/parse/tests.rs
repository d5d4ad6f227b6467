use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn addresses() {
    let parsed = |text| socket_addr(text).map(|address| address.to_string());
    for (text, address) in [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        (":0", "127.0.0.1:0"),
        (":8080", "127.0.0.1:8080"),
        ("localhost:8080", "127.0.0.1:8080"),
        ("[::]:8080", "[::]:8080"),
        (" [::1]:80 ", "[::1]:80"),
    ] {
        assert_eq!(parsed(text).as_deref(), Ok(address), "{text}");
    }
    for bad in
        ["", "8080", "localhost", "::1:80", "host:80", "127.0.0.1:", ":65536", ":-1", "a b:1"]
    {
        assert!(parsed(bad).is_err(), "{bad}");
    }
}

#[test]
fn urls() {
    for (text, authority) in [
        ("http://127.0.0.1:8082", "127.0.0.1:8082"),
        ("http://fleet/", "fleet"),
        ("http://[::1]:443", "[::1]:443"),
        ("http://[::1]", "[::1]"),
    ] {
        assert_eq!(uri(text).unwrap().authority().unwrap().as_str(), authority);
    }
    for bad in [
        "",
        "fleet:8082",
        "ftp://fleet",
        "http://",
        "http://fleet/path",
        "http://fleet:99999",
        "http://fleet:",
        "http://fleet?x=1",
        "://",
        "http://a b",
    ] {
        assert!(uri(bad).is_err(), "{bad}");
    }
    assert!(uri("https://fleet").unwrap_err().ends_with("connections are not encrypted here"));
    assert!(web_uri("https://jaeger").is_some() && web_uri("https://jaeger:99999").is_none());
}

#[test]
fn durations() {
    for (text, millis) in [
        ("250ms", 250),
        ("10s", 10_000),
        ("1m30s", 90_000),
        ("1h 30m", 5_400_000),
        ("2d", 172_800_000),
        ("1min", 60_000),
        ("2 s", 2_000),
        ("5000us", 5),
    ] {
        assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    for bad in ["", " ", "10", "s", "-5s", "+5s", "1.5s", "10 parsecs", "0s", "1h,30m", "5S"] {
        let error = duration(bad).unwrap_err();
        assert!(error.starts_with("expected a duration such as 250ms"), "{bad}: {error}");
    }
    for long in ["999999999999999999999s", "18446744073709551615h", "213503d 1000000d"] {
        assert_eq!(duration(long), Err("too long".to_owned()), "{long}");
    }
    assert_eq!(duration_or_zero("0"), Ok(Duration::ZERO));
    assert_eq!(duration_or_zero("0s"), Ok(Duration::ZERO));
    assert_eq!(duration_or_zero("1s"), Ok(Duration::from_secs(1)));
    assert!(duration_or_zero("").is_err());
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("0", 0),
        ("1048576", 1 << 20),
        ("512KiB", 512 << 10),
        ("64 MiB", 64 << 20),
        ("2gib", 2 << 30),
        ("5MB", 5_000_000),
    ] {
        assert_eq!(byte_size(text), Ok(bytes), "{text}");
    }
    for bad in ["", "MiB", "-1", "1.5MiB", "1MiBs", "1 2", "1TB"] {
        assert!(byte_size(bad).unwrap_err().starts_with("expected a size"), "{bad}");
    }
    assert_eq!(byte_size("18446744073709551615KiB"), Err("too large".to_owned()));
    assert_eq!(byte_size("99999999999999999999"), Err("too large".to_owned()));
}

#[test]
fn numbers() {
    assert_eq!(count("1_000_000"), Ok(1_000_000));
    assert_eq!(number(1..=10)("10"), Ok(10));
    assert_eq!(number(1..=10)("11"), Err("expected a whole number from 1 to 10".to_owned()));
    assert_eq!(number(1..=u64::MAX)("0"), Err("expected a whole number of 1 or more".to_owned()));
    assert_eq!(size(1..=64)("64"), Ok(64));
    for bad in ["", "-1", "+1", "1.0", "ten", "99999999999999999999"] {
        assert_eq!(count(bad), Err("expected a whole number of 0 or more".to_owned()), "{bad}");
    }
}

#[test]
fn switches_and_texts() {
    assert_eq!((switch("true"), switch("Off")), (Ok(true), Ok(false)));
    assert!(switch("maybe").is_err());
    assert_eq!(text(" a "), Ok("a".to_owned()));
    assert!(text(" ").is_err());
}

#[test]
fn folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("file"), "").unwrap();
    assert!(existing_dir(&path("")).is_ok());
    assert_eq!(existing_dir(&path("file")), Err("not a folder".to_owned()));
    assert!(
        existing_dir(&path("later")).unwrap_err().starts_with("expected a folder that is there")
    );
    assert!(dir(&path("later")).is_ok());
    assert_eq!(dir(&path("file")), Err("not a folder".to_owned()));
    assert!(dir("").is_err());
}

proptest! {
    #[test]
    fn a_duration_is_the_sum_of_its_parts(hours in 0u64..100, minutes in 0u64..100, millis in 1u64..100) {
        let parsed = duration(&format!("{hours}h{minutes}m{millis}ms"));
        let sum = Duration::from_millis((hours * 60 + minutes) * 60_000 + millis);
        prop_assert_eq!(parsed, Ok(sum));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in any::<String>()) {
        let _ = (socket_addr(&text), uri(&text), duration(&text), duration_or_zero(&text));
        let _ = (byte_size(&text), count(&text), switch(&text));
    }
}
