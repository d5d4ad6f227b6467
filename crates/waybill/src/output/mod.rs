//! Standard output, and the ways a text is written to it.

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod table;

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Standard output behind a buffer that a million rows fit.
pub(crate) struct Out {
    writer: BufWriter<StdoutLock<'static>>,
    /// Columns of the terminal; `None` when output goes elsewhere.
    width: Option<usize>,
}

impl Out {
    /// The output of this process, taken until the `Out` is dropped.
    pub(crate) fn stdout() -> Out {
        let stdout = io::stdout().lock();
        let width = stdout.is_terminal().then(|| {
            terminal_size::terminal_size_of(&stdout).map_or(100, |(width, _)| width.0.into())
        });
        Out { writer: BufWriter::with_capacity(256 << 10, stdout), width }
    }

    /// Columns of the terminal, when there is one.
    pub(crate) fn terminal_width(&self) -> Option<usize> {
        self.width
    }

    /// Writes what is still in the buffer. Dropping an `Out` does too, but tells no one of a full disk.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
