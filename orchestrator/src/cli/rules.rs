//! Rules of a tournament as arguments.

/// Rules of the halving format; left out, the server's own.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Rules {
    /// Rungs of the halving format.
    #[arg(long, value_name = "N", requires = "blocks")]
    rungs: Option<u32>,
    /// Keep one in N methods after each rung but the last [default: 2].
    #[arg(long, value_name = "N", requires = "rungs")]
    eta: Option<u32>,
    /// New shared blocks of each rung, such as 1,2,3.
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "rungs")]
    blocks: Vec<u32>,
}

impl Rules {
    /// As the API wants them; `None` for the default.
    pub(crate) fn to_json(&self) -> Option<serde_json::Value> {
        self.rungs.map(|rungs| {
            serde_json::json!({
                "format": "halving",
                "rungs": rungs,
                "eta": self.eta.unwrap_or(2),
                "blocks_per_rung": self.blocks,
            })
        })
    }
}
