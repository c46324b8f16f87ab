//! `--n`: the plan of a handle for several answers to one question, as the daemon makes it for a request with `n`.

use crate::plan::{Plan, bounds, several};
use crate::serve::CHOICES_MAX;

/// How many answers are wanted.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Choices {
    /// As many answers to one question, as a request with `n` gets [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(CHOICES_MAX)))]
    n: Option<u32>,
}

impl Choices {
    /// More than one are wanted.
    #[must_use]
    pub fn several(self) -> bool {
        self.n.is_some_and(|n| n > 1)
    }

    #[must_use]
    pub fn plan(self, plan: &Plan) -> Plan {
        several::several(plan, self.n.unwrap_or(1))
    }

    /// Why a request for as many would be refused, if it would. `plan` is what [`Self::plan`] gave.
    #[must_use]
    pub fn breach(self, plan: &Plan) -> Option<String> {
        let n = self.n.filter(|n| *n > 1)?;
        bounds::breaches(plan).first().map(|breach| breach.of_choices(&plan.handle, n))
    }
}
