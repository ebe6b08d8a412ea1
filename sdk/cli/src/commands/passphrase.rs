//! `bimp passphrase`.

use serde_json::json;

use crate::{arguments::NewPassphrase, context::Context, failure::Failure, report::Report};

pub fn run(context: &Context, given: &NewPassphrase) -> Result<Report, Failure> {
    context.change_passphrase(given)?;
    Ok(Report::new(json!({"folder": context.folder()}))
        .field("folder", context.folder().display())
        .line("only the new passphrase opens it now, and all of it is encrypted anew")
        .line("backups made before open with the old passphrase and hold what they held: delete those")
        .line("that you do not need"))
}
