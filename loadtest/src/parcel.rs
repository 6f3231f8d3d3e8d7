//! Files on their way out of a pod: compressed and written into its log, a marked line per piece.
//!
//! A finished container has no file system to copy from, but its log can be read.

use std::io::{Read, Write};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Starts a line that carries a piece of the report.
const REPORT: &str = "ecotrack-load-report ";
/// Starts the line that carries the verdict.
const VERDICT: &str = "ecotrack-load-verdict ";
/// Characters per line: below the 16 KiB at which container runtimes break lines.
const PIECE: usize = 8 * 1024;

/// A line of the log, by what it carries.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A piece of the report.
    Report(&'a str),
    /// The verdict as JSON.
    Verdict(&'a str),
    /// Anything else, for people.
    Words(&'a str),
}

impl<'a> Line<'a> {
    /// Tells what a line carries.
    pub(crate) fn of(line: &'a str) -> Self {
        let report = line.strip_prefix(REPORT).map(Self::Report);
        report
            .or_else(|| line.strip_prefix(VERDICT).map(Self::Verdict))
            .unwrap_or(Self::Words(line))
    }
}

/// Writes the verdict line.
pub(crate) fn send_verdict(json: &str, mut to: impl Write) -> Result<()> {
    writeln!(to, "{VERDICT}{json}").context("the verdict cannot be written")
}

/// Writes a report as marked lines.
pub(crate) fn send_report(report: &[u8], mut to: impl Write) -> Result<()> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(report)?;
    let text = STANDARD.encode(packed.finish()?);
    for piece in text.as_bytes().chunks(PIECE) {
        to.write_all(REPORT.as_bytes())?;
        to.write_all(piece)?;
        to.write_all(b"\n")?;
    }
    to.flush().context("the report cannot be written")
}

/// Puts the pieces of a report together.
pub(crate) fn unpack(pieces: &str) -> Result<Vec<u8>> {
    let packed = STANDARD.decode(pieces).context("the report in the log is damaged")?;
    let mut report = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut report)
        .context("the report in the log is incomplete")?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(log: &str) -> String {
        let carried = log.lines().filter_map(|line| match Line::of(line) {
            Line::Report(piece) => Some(piece),
            Line::Verdict(_) | Line::Words(_) => None,
        });
        carried.collect()
    }

    #[test]
    fn a_report_comes_out_as_it_went_in_between_other_lines() {
        let report: Vec<u8> =
            (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let mut log = b"words before\n".to_vec();
        send_report(&report, &mut log).unwrap();
        log.extend_from_slice(b"words after\n");
        let log = String::from_utf8(log).unwrap();
        assert!(log.lines().count() > 3 && log.lines().all(|line| line.len() < 16 * 1024));
        assert_eq!(unpack(&pieces(&log)).unwrap(), report);
    }

    #[test]
    fn a_lost_piece_is_noticed() {
        let mut log = Vec::new();
        send_report(&vec![7; 100_000], &mut log).unwrap();
        let text = pieces(&String::from_utf8(log).unwrap());
        assert!(unpack(&text[..text.len() / 2 / 4 * 4]).is_err());
    }

    #[test]
    fn the_verdict_has_a_line_of_its_own() {
        let mut log = Vec::new();
        send_verdict("{}", &mut log).unwrap();
        assert_eq!(Line::of(String::from_utf8(log).unwrap().trim_end()), Line::Verdict("{}"));
    }
}
