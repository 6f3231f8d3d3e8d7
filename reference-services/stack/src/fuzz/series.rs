//! How much a service has to tell after it was asked for everything: a name made up by a client must not become a series.

use url::Url;

use crate::{name::Name, report::Report, stack::client};

/// Series that a service may have at most.
const MOST: usize = 10_000;

/// Counts the series of a service and judges their number.
pub(super) async fn judge(report: &mut Report, name: Name, base: &Url) -> anyhow::Result<()> {
    let url = base.join("/actuator/prometheus")?;
    let text = client()?.get(url).send().await?.error_for_status()?.text().await?;
    let (expected, count) = (format!("1 to {MOST}"), count(&text));
    let title = format!("{name}: series after the run");
    report.judged(&title, &expected, &count.to_string(), is_bounded(count));
    Ok(())
}

/// None at all is a service that tells nothing, which proves nothing.
fn is_bounded(count: usize) -> bool {
    (1..=MOST).contains(&count)
}

/// Each line is a sample of a series of its own, but for what is said about the metrics.
fn count(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_metrics_is_no_series() {
        let text =
            "# HELP a An a.\n# TYPE a counter\na_total{b=\"#\"} 1\na_total{b=\"c\"} 2\n\n# EOF\n";
        assert_eq!(count(text), 2);
    }

    #[test]
    fn ten_thousand_series_are_enough_and_none_are_too_few() {
        let counts = [0, 1, 10_000, 10_001].map(is_bounded);
        assert_eq!(counts, [false, true, true, false]);
    }
}
