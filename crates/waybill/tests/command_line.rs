//! Help, completions, exit codes, and commands that find no service.

mod support {
    pub(crate) mod commands;
}

use support::commands::{dir, run};

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = run(&["--help"]).done();
    for command in [
        "up",
        "producer",
        "fleet",
        "analytics",
        "assign",
        "run",
        "plans",
        "verify",
        "generate",
        "bench",
        "completions",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(help.contains("Exit codes:"));
}

#[test]
fn help_of_a_service_says_unit_default_and_variable() {
    let help = run(&["fleet", "--help"]).done();
    for text in
        ["--ops-listen <HOST:PORT>", "[default: 127.0.0.1:9082]", "[variable: WAYBILL_OPS_LISTEN]"]
    {
        assert!(help.contains(text), "{text}");
    }
}

#[test]
fn version_says_what_was_built() {
    let version = run(&["--version"]).done();
    assert!(version.starts_with(&format!("waybill {} (", env!("CARGO_PKG_VERSION"))), "{version}");
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    assert!(run(&["asign"]).wrong_usage().contains("'assign'"));
    assert!(run(&["assign", "one"]).wrong_usage().contains("<DRIVERS>"));
    assert!(run(&["run", "watch", "7"]).wrong_usage().contains("is not a UUID"));
    assert_eq!(run(&[]).code, 2);
    assert_eq!(
        run(&["fleet", "--listen", "nowhere", "--analytics", "x"]).wrong_usage().lines().count(),
        3
    );
}

#[test]
fn a_number_or_a_time_below_nothing_is_refused_by_the_name_of_its_flag() {
    for (arguments, flag, expected) in [
        (&["run", "start", "--interval", "-5"][..], "--interval: \"-5\"", "a duration such as"),
        (&["run", "start", "--for", "-5s"], "--for: \"-5s\"", "a duration such as"),
        (&["run", "start", "--batches", "-5"], "--batches: \"-5\"", "a whole number"),
        (&["run", "start", "--shipments", "-5"], "--shipments: \"-5\"", "a whole number from 0"),
        (&["run", "start", "--drivers", "-5", "--wait"], "--drivers: \"-5\"", "a whole number"),
        (&["run", "list", "--limit", "-5"], "--limit: \"-5\"", "a whole number of 1 or more"),
    ] {
        let text = run(arguments).wrong_usage();
        assert!(text.starts_with(flag) && text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn completions_know_commands_flags_and_values() {
    for (shell, text) in [
        ("bash", "complete -F _waybill"),
        ("zsh", "#compdef waybill"),
        ("fish", "complete -c waybill"),
    ] {
        let script = run(&["completions", shell]).done();
        assert!(script.contains(text) && script.contains("street-name"), "{shell}");
        assert!(script.contains("full-line"), "{shell}");
    }
}

#[test]
fn made_up_data_of_a_seed_is_always_the_same() {
    let dir = dir();
    let out = dir.path().join("made").to_str().expect("text").to_owned();
    let arguments =
        ["generate", "--shipments", "2", "--drivers", "1", "--seed", "7", "--out", &out];
    assert_eq!(run(&arguments).done(), format!("{out}/shipments.txt\n{out}/drivers.txt\n"));
    let read = |name| std::fs::read_to_string(format!("{out}/{name}")).expect("it is there");
    assert_eq!(read("shipments.txt"), "7633 Beier Drive Apt. 668\n225 Jordan Row Suite 557\n");
    assert_eq!(read("drivers.txt"), "Garret Bernhard\n");
}

#[test]
fn a_taken_port_is_named_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let text = run(&["fleet", "--listen", "127.0.0.1:0", "--ops-listen", &address]).failed();
    assert_eq!(text, format!("--ops-listen: cannot listen on {address}: the port is in use"));
}

#[test]
fn a_section_that_no_command_has_is_named() {
    let dir = dir();
    let path = dir.path().join("waybill.toml");
    std::fs::write(&path, "[up]\nno_run = true\n[flet]\nlisten = \":0\"\n").expect("it is written");
    let ended = run(&["fleet", "--config", &path.display().to_string()]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("[flet]: no such section"), "{ended:?}");
}
