//! Where the password comes from: the URL, a file of its own, `PGPASSWORD`, or a line of `PGPASSFILE`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::url::PostgresUrl;

/// The password that goes with a URL, read anew at every connection.
///
/// # Errors
/// The password's own file cannot be read. Its text is in no error.
pub(super) fn of(url: &PostgresUrl) -> Result<Option<Vec<u8>>, String> {
    if url.config.get_password().is_some() {
        return Ok(None);
    }
    if let Some(file) = &url.password_file {
        return read(file).map(Some);
    }
    if let Some(password) = env::var_os("PGPASSWORD").filter(|password| !password.is_empty()) {
        return Ok(Some(password.into_encoded_bytes()));
    }
    let file = passfile().and_then(|file| fs::read_to_string(file).ok());
    Ok(file.and_then(|text| line_for(&text, url)).map(String::into_bytes))
}

/// The first line of a file: an editor ends it with a line feed that is no part of the password.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    let failed = |why: &dyn std::fmt::Display| {
        format!("the file with the password, {}: {why}", file.display())
    };
    let mut password = fs::read(file).map_err(|error| failed(&error))?;
    let end = password.iter().position(|byte| b"\r\n".contains(byte));
    password.truncate(end.unwrap_or(password.len()));
    if password.is_empty() { Err(failed(&"is empty")) } else { Ok(password) }
}

fn passfile() -> Option<PathBuf> {
    let named = env::var_os("PGPASSFILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| env::home_dir().map(|home| home.join(".pgpass")))
}

/// The password of the first line that fits: `HOST:PORT:DATABASE:USER:PASSWORD`, where `*` fits all.
fn line_for(text: &str, url: &PostgresUrl) -> Option<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(fields).find_map(|fields| {
        let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let is_host =
            |(name, number): (String, u16)| fits(&host, &name) && fits(&port, &number.to_string());
        let fits =
            fits(&database, url.database()) && fits(&user, url.user()) && url.hosts().any(is_host);
        fits.then_some(password)
    })
}

/// The fields of a line; `\` takes the meaning from the character behind it.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut rest = line.chars();
    while let Some(letter) = rest.next() {
        let letter = match letter {
            // The last field is the password, whatever is in it.
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => rest.next().unwrap_or('\\'),
            letter => letter,
        };
        if let Some(field) = fields.last_mut() {
            field.push(letter);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        PostgresUrl::parse(text).expect("a good URL")
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let text = "# comment\nother:5432:*:me:one\ndb:5432:plans:me:t\\:w\\\\o:2\n*:*:*:*:three\n";
        let of = |at| line_for(text, &url(at));
        assert_eq!(of("postgres://me@db/plans").as_deref(), Some("t:w\\o:2"));
        assert_eq!(of("postgres://me@other/plans").as_deref(), Some("one"));
        assert_eq!(of("postgres://me@db:6432/plans").as_deref(), Some("three"));
        assert_eq!(line_for("db:5432:plans:you:x\nbroken", &url("postgres://me@db/plans")), None);
    }

    #[test]
    fn a_file_holds_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("password");
        let with = || url("postgres://me@db/plans").with_password_file(file.clone()).expect("one");
        let missing = of(&with()).expect_err("no file");
        assert!(missing.contains(&file.display().to_string()), "{missing}");
        fs::write(&file, "s3cret\r\n").expect("written");
        assert_eq!(of(&with()), Ok(Some(b"s3cret".to_vec())));
        fs::write(&file, "\n").expect("written");
        assert!(of(&with()).expect_err("nothing in it").ends_with("is empty"));
    }
}
