//! The alert rules, with links to wherever the runbooks are published.

use serde_json::Value;

use crate::manifest::Object;

const LINK: &str = "runbook_url";

/// Lets every alert's link to its runbook begin with this address; the page keeps its name.
pub(super) fn publish_runbooks(objects: &mut [Object], address: &str) {
    for object in objects {
        for link in links(&mut object.0) {
            let page = link.as_str().and_then(|link| link.rsplit('/').next()).unwrap_or_default();
            *link = format!("{}/{page}", address.trim_end_matches('/')).into();
        }
    }
}

fn links(rules: &mut Value) -> impl Iterator<Item = &mut Value> {
    let groups = rules.pointer_mut("/spec/groups").and_then(Value::as_array_mut);
    let rules = groups
        .into_iter()
        .flatten()
        .filter_map(|group| group.get_mut("rules")?.as_array_mut())
        .flatten();
    rules.filter_map(|rule| rule.get_mut("annotations")?.get_mut(LINK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse_yaml;

    #[test]
    fn links_lead_to_where_the_runbooks_are_and_nothing_else_changes() {
        let text = |link: &str| {
            format!(
                "kind: PrometheusRule\nspec: {{groups: [{{name: g, rules: [{{record: r}}, {{alert: A, annotations: {{summary: s, runbook_url: '{link}'}}}}]}}]}}"
            )
        };
        let mut rules = parse_yaml("test", &text("https://x.example/blob/main/A.md")).unwrap();
        publish_runbooks(&mut rules, "https://wiki.example/runbooks/");
        assert!(rules == parse_yaml("test", &text("https://wiki.example/runbooks/A.md")).unwrap());
    }
}
