//! Where a run stands in a distributed trace (W3C Trace Context), and which span each of its calls is.
//!
//! Ids of calls are made of the run's and of the step's name, so that whoever tells of a call afterwards knows them again.

/// What goes upstream as `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Traceparent {
    /// Nobody tells of spans here: what came is passed on.
    AsItCame(String),
    /// The run is a span, and each of its calls is one below it.
    Ours(RunSpan),
}

/// The span of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunSpan {
    /// Not zero.
    pub trace: u128,
    /// Not zero.
    pub id: u64,
    /// The caller's span, if it told one.
    pub parent: Option<u64>,
    /// Whether somebody wants to see it.
    pub is_sampled: bool,
}

// === impl Traceparent ===

impl Traceparent {
    /// What the call of a step carries.
    #[must_use]
    pub fn for_call(&self, step: &str) -> String {
        match self {
            Self::AsItCame(text) => text.clone(),
            Self::Ours(span) => {
                let RunSpan { trace, is_sampled, .. } = span;
                format!("00-{trace:032x}-{:016x}-{:02x}", span.call(step), u8::from(*is_sampled))
            }
        }
    }
}

// === impl RunSpan ===

impl RunSpan {
    /// A span below that of a validated `traceparent`, or the first of a new trace.
    #[must_use]
    pub fn below(traceparent: Option<&str>, mut random: impl FnMut() -> u64) -> Self {
        let mut id = || random().max(1);
        match traceparent.and_then(read) {
            Some((trace, parent, is_sampled)) => Self { trace, id: id(), parent: Some(parent), is_sampled },
            None => {
                let trace = u128::from(id()) << 64 | u128::from(id());
                Self { trace, id: id(), parent: None, is_sampled: true }
            }
        }
    }

    /// The id of the span of a step's call.
    #[must_use]
    pub fn call(&self, step: &str) -> u64 {
        let seed = 0xcbf2_9ce4_8422_2325 ^ self.id;
        let hash =
            step.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // The last byte has moved little yet.
        let mixed = (hash ^ (hash >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 29)).max(1)
    }
}

fn read(text: &str) -> Option<(u128, u64, bool)> {
    let mut parts = text.split('-').skip(1);
    let trace = u128::from_str_radix(parts.next()?, 16).ok()?;
    let parent = u64::from_str_radix(parts.next()?, 16).ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    Some((trace, parent, flags & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAME: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_nobody_tells_of_is_passed_on() {
        assert_eq!(Traceparent::AsItCame(CAME.to_owned()).for_call("reply"), CAME);
    }

    #[test]
    fn a_run_goes_on_in_the_trace_of_its_caller() {
        let span = RunSpan::below(Some(CAME), || 7);
        let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
        assert_eq!(span, RunSpan { trace, id: 7, parent: Some(0xb7ad_6b71_6920_3331), is_sampled: true });
        let sent = Traceparent::Ours(span).for_call("reply");
        assert_eq!(sent, format!("00-0af7651916cd43dd8448eb211c80319c-{:016x}-01", span.call("reply")));
        let unsampled = RunSpan::below(Some(&CAME.replace("-01", "-00")), || 7);
        assert!(!unsampled.is_sampled && Traceparent::Ours(unsampled).for_call("reply").ends_with("-00"));
    }

    #[test]
    fn without_one_a_trace_begins() {
        let mut next = 0;
        let span = RunSpan::below(None, || {
            next += 1;
            next - 1
        });
        assert_eq!(span, RunSpan { trace: 1 << 64 | 1, id: 2, parent: None, is_sampled: true });
    }

    #[test]
    fn calls_of_a_run_are_spans_apart() {
        let ids: std::collections::BTreeSet<u64> = (1..50)
            .flat_map(|id| {
                let span = RunSpan { trace: 1, id, parent: None, is_sampled: true };
                (0..50).map(move |step| span.call(&format!("drafts[{step}]")))
            })
            .collect();
        assert_eq!(ids.len(), 49 * 50);
    }
}
