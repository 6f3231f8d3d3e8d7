//! Static checks of everything that is shipped beside the code: charts, rules, dashboards, contracts, requirements, controls.
//! They need no cluster. One module per kind; a new kind is a module and a line here, marked as test code so that its helpers may `expect`.

#[cfg(test)]
mod chart;
#[cfg(test)]
mod controls;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod observability;
#[cfg(test)]
mod promql;
#[cfg(test)]
mod promtool;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod requirements;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scenarios;
