//! What this cluster can show, each with proof.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::json;

use super::output::{print, print_json};
use super::{ClusterQuestion, Done, Format, connect};
use crate::capability::{Capability, Presence, detect};

/// Prints every capability. Only a cluster that does not answer is an error: absence is an answer.
pub(super) async fn doctor(question: &ClusterQuestion) -> Done {
    let cluster = connect(&question.context, question.profile.as_deref()).await?;
    let capabilities = detect(&cluster).await;
    match question.format {
        Format::Json => print_json(
            &json!({"context": cluster.context(), "kubernetes": cluster.version(), "capabilities": capabilities}),
        )?,
        Format::Text => {
            print(&format!("context {}, Kubernetes {}\n\n", cluster.context(), cluster.version()))?;
            print(&table(&capabilities))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(capabilities: &BTreeMap<Capability, Presence>) -> String {
    let line = |(capability, presence): (&Capability, &Presence)| {
        let (state, version) = (presence.state(), presence.version().unwrap_or("-"));
        format!("{capability:<18} {state:<8} {version:<16} {}\n", presence.proof())
    };
    let count = capabilities.values().filter(|presence| presence.is_present()).count();
    let lines: String = capabilities.iter().map(line).collect();
    format!("{lines}\n{count} of {} capabilities present\n", capabilities.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_versions_are_aligned_and_counted() {
        let capabilities = BTreeMap::from([
            (
                Capability::Istio,
                Presence::Present { version: "1.31.1".into(), proof: "ready".into() },
            ),
            (Capability::ExternalSecrets, Presence::Absent { proof: "not found".into() }),
        ]);
        let expected = "istio              present  1.31.1           ready\n\
                        external-secrets   absent   -                not found\n\n\
                        1 of 2 capabilities present\n";
        assert_eq!(table(&capabilities), expected);
    }
}
