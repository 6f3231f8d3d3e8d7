//! What all scenarios of a run share.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use crate::capability::{Capability, Presence};
use crate::cluster::Cluster;
use crate::evidence::Redactor;
use crate::run_id::RunId;
use crate::timeouts::Timeouts;

/// A client of one platform part or service, made when it is first needed and then shared.
pub trait Component: Send + Sync + Sized + 'static {
    /// Connects; the port-forwards it opens live as long as the component.
    fn connect(suite: &Suite) -> impl Future<Output = anyhow::Result<Self>> + Send;
}

type Slot = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

/// One per run: the cluster, what it can do, the clients, the run's name.
pub struct Suite {
    run: RunId,
    cluster: Cluster,
    capabilities: BTreeMap<Capability, Presence>,
    redactor: Redactor,
    components: Mutex<HashMap<TypeId, Slot>>,
}

impl Suite {
    /// A suite on a cluster whose capabilities were detected.
    #[must_use]
    pub fn new(run: RunId, cluster: Cluster, capabilities: BTreeMap<Capability, Presence>) -> Self {
        Self {
            run,
            cluster,
            capabilities,
            redactor: Redactor::default(),
            components: Mutex::default(),
        }
    }

    /// The run's name.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// How long things may take.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        self.cluster.timeouts()
    }

    /// What the cluster can show.
    #[must_use]
    pub fn capabilities(&self) -> &BTreeMap<Capability, Presence> {
        &self.capabilities
    }

    /// What knows the run's secrets; tell it of every credential a client reads.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The client of type `C`, connected once per run. A failed connection is tried again by the next caller.
    pub async fn component<C: Component>(&self) -> anyhow::Result<Arc<C>> {
        let slot = Arc::clone(self.components.lock().await.entry(TypeId::of::<C>()).or_default());
        let shared = Arc::clone(slot.get_or_try_init(|| self.connect::<C>()).await?);
        shared.downcast::<C>().map_err(|_other| {
            anyhow::anyhow!("the client of {} has another type", std::any::type_name::<C>())
        })
    }

    async fn connect<C: Component>(&self) -> anyhow::Result<Arc<dyn Any + Send + Sync>> {
        let component: Arc<dyn Any + Send + Sync> = Arc::new(C::connect(self).await?);
        Ok(component)
    }
}
