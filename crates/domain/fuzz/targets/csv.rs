//! Any CSV file: what is read of it, written again, is read the same.

#![no_main]

use domain::{MAX_RECORD_BYTES, Record, Records};

const COLUMNS: [&str; 2] = ["address", "name"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A header that names a column is not to be found by chance each time.
    let header: &[u8] = match bytes.first() {
        Some(byte) if byte % 4 == 0 => b"",
        Some(byte) if byte % 4 == 1 => b"id,address\n",
        Some(byte) if byte % 4 == 2 => b"\xef\xbb\xbfnote, NAME \r\n",
        _ => b"address,id,lat\r\n",
    };
    let file = [header, bytes.get(1..).unwrap_or_default()].concat();
    let Ok(records) = Records::parse_csv(&file, &COLUMNS) else { return };
    assert!(records.iter().is_sorted_by(|a, b| a.line < b.line));
    for Record { id, line, text } in &records {
        assert!(line as usize <= file.len() + 1);
        for field in id.into_iter().chain([text]) {
            assert!(!field.is_empty() && field.trim() == field && field.len() <= MAX_RECORD_BYTES);
        }
    }
    let again = Records::parse_csv(written(&records).as_bytes(), &COLUMNS).expect("written by us");
    assert!(again.iter().map(|record| record.text).eq(records.iter().map(|record| record.text)));
    assert!(again.iter().map(|record| record.id).eq(records.iter().map(|record| record.id)));
});

/// RFC 4180, every field in quotes.
fn written(records: &Records) -> String {
    let has_ids = records.iter().any(|record| record.id.is_some());
    let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
    let mut file = String::from(if has_ids { "id,address\r\n" } else { "address\r\n" });
    for Record { id, text, .. } in records {
        if has_ids {
            file += &(quoted(id.unwrap_or_default()) + ",");
        }
        file += &(quoted(text) + "\r\n");
    }
    file
}
