use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, time::Duration};

use super::{Settings, parse};

/// Settings of the producer.
fn settings(flags: &[(&str, &str)], variables: &[(&str, &str)], file: &str) -> Settings {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let flags: BTreeMap<String, String> = flags.iter().map(owned).collect();
    let variables = variables.iter().map(owned).map(|(name, value)| (name, value.into()));
    let file = (PathBuf::from("waybill.toml"), file.parse().unwrap());
    Settings::new("producer", flags, variables, Some(file))
}

fn listen(settings: &mut Settings) -> SocketAddr {
    settings.get("listen", "127.0.0.1:8081".parse().unwrap(), parse::socket_addr)
}

#[test]
fn a_flag_goes_over_a_variable_over_the_section_over_the_top_level() {
    let file = "listen = ':4'\n[producer]\nlisten = ':3'\n[fleet]\nlisten = ':9'";
    let port = |flags, variables, file| {
        let mut settings = settings(flags, variables, file);
        let port = listen(&mut settings).port();
        settings.finish().unwrap();
        port
    };
    let (flag, variable) = ([("listen", ":1")], [("WAYBILL_LISTEN", ":2")]);
    assert_eq!(port(&flag, &variable, file), 1);
    assert_eq!(port(&[], &variable, file), 2);
    assert_eq!(port(&[], &[], file), 3);
    assert_eq!(port(&[], &[], "listen = ':4'"), 4);
    assert_eq!(port(&[], &[("WAYBILL_LISTEN", "")], ""), 8081, "an empty variable is not set");
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_not_text_is_a_problem_and_not_passed_over() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};

    let variables = [("WAYBILL_LISTEN".to_owned(), OsString::from_vec(vec![b':', 0xff]))];
    let mut settings = Settings::new("producer", BTreeMap::new(), variables, None);
    listen(&mut settings);
    let problems = settings.finish().unwrap_err().to_string();
    assert!(problems.contains("WAYBILL_LISTEN: is not UTF-8"), "{problems}");
}

#[test]
fn a_setting_of_several_words_has_the_same_words_everywhere() {
    let read = |flags, variables, file| {
        let mut settings = settings(flags, variables, file);
        settings.optional("ops-listen", parse::text).unwrap()
    };
    assert_eq!(read(&[("ops-listen", "a")], &[], ""), "a");
    assert_eq!(read(&[], &[("WAYBILL_OPS_LISTEN", "b")], ""), "b");
    assert_eq!(read(&[], &[], "producer.ops_listen = 'c'"), "c");
}

#[test]
fn values_of_the_file_may_have_their_own_type() {
    let mut settings = settings(&[], &[], "[producer]\nthreads = 4\nrun = false\nshare = 0.5");
    assert_eq!(settings.get("threads", 1, parse::count), 4);
    assert!(!settings.get("run", true, parse::switch));
    assert_eq!(settings.get("share", String::new(), parse::text), "0.5");
    settings.finish().unwrap();
}

#[test]
fn all_problems_are_reported_together_each_with_who_said_it() {
    let file = "[producer]\nqueue = -3\nlisen = ':1'\nfleet = ['a', 'b']";
    let (flags, variables) = ([("listen", "80a80")], [("WAYBILL_INTERVAL", "10 parsecs")]);
    let mut settings = settings(&flags, &variables, file);
    assert_eq!(listen(&mut settings).port(), 8081, "the default goes on");
    settings.get("interval", Duration::ZERO, parse::duration);
    settings.get("queue", 1, parse::number(1..=1000));
    settings.optional("fleet", parse::uri);
    settings.required("data", parse::dir);
    settings.problem("interval", "longer than the run");
    let problems = settings.finish().unwrap_err();
    let expected = r#"7 settings are wrong
  --listen: "80a80": expected HOST:PORT with an IP address or localhost as host, such as 127.0.0.1:8080, [::]:8080 or :0
  WAYBILL_INTERVAL: "10 parsecs": expected a duration such as 250ms, 10s, 1m30s, 1h or 2d, longer than nothing
  waybill.toml: producer.queue: "-3": expected a whole number from 1 to 1000
  waybill.toml: producer.fleet: expected one value, not a list
  --data: must be given, here or as WAYBILL_DATA
  WAYBILL_INTERVAL: longer than the run
  waybill.toml: producer.lisen: no such setting, did you mean listen?"#;
    assert_eq!(problems.to_string(), expected);
}

#[test]
fn a_problem_with_a_secret_does_not_repeat_it() {
    let mut settings = settings(&[("store", "postgres://me:s3cret@db")], &[], "");
    settings.optional_secret("store", |_| Err::<(), _>("is not a store".to_owned()));
    assert_eq!(settings.finish().unwrap_err().to_string(), "--store: is not a store");
}

#[test]
fn one_problem_is_one_line() {
    let mut settings = settings(&[("listen", "here")], &[], "");
    listen(&mut settings);
    let problems = settings.finish().unwrap_err();
    assert!(problems.to_string().starts_with("--listen: \"here\": expected HOST:PORT"));
    assert_eq!(problems.iter().count(), 1);
}

#[test]
fn the_keys_of_other_commands_are_theirs() {
    let settings = settings(&[], &[], "anything = 1\n[fleet]\nunheard_of = 1");
    settings.finish().unwrap();
}

#[test]
fn a_file_that_cannot_be_read_is_said_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waybill.toml");
    let missing = Settings::read_file(&path).unwrap_err().to_string();
    assert!(missing.starts_with(&format!("{}: cannot be read", path.display())), "{missing}");

    fs::write(&path, "listen = ':1'\nlisten = = 2\n").unwrap();
    let bad = Settings::read_file(&path).unwrap_err().to_string();
    assert!(bad.starts_with(&format!("{}: not TOML at line 2", path.display())), "{bad}");

    fs::write(&path, "listen = ':1'").unwrap();
    assert_eq!(Settings::read_file(&path).unwrap().1.len(), 1);
}
