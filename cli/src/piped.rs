//! The pipeline file from stdin, which `-f -` asks for. What it names lies in the current folder. Stdin is taken then: nothing
//! else can be read from it, answers neither.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use pipectl_pipeline::spec::MAX_FILE_BYTES;

use crate::args::Globals;
use crate::error::{CommandError, Kind};
use crate::output::Output;

/// What the file is called in findings, in plans and in the ledger.
pub(crate) const NAME: &str = "<stdin>";

/// Whether this path stands for stdin.
pub(crate) fn is_meant(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// All of stdin, or one byte more than a pipeline file may have.
pub(crate) fn text(output: &Output) -> Result<Vec<u8>, CommandError> {
    if std::io::stdin().is_terminal() {
        output.note("reading the pipeline file from the terminal; Ctrl-D ends it");
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|cause| CommandError::wrap(Kind::File, "cannot read stdin", cause))?;
    Ok(bytes)
}

/// Fails where the pipeline file comes from stdin and something else needs it.
pub(crate) fn leave_alone(globals: &Globals, what: &str, way_out: &str) -> Result<(), CommandError> {
    if !is_meant(&globals.file) {
        return Ok(());
    }
    let text = format!("`-f -` reads the pipeline file from stdin, and {what}");
    Err(CommandError::new(Kind::Usage, text).hint(way_out))
}
