//! Gates that hold answers until something has happened elsewhere: proofs that calls are really parallel and
//! streams are really passed on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, watch};

/// Both kinds of gates of a simulator.
#[derive(Debug, Default)]
pub(super) struct Gates {
    waves: Mutex<Option<Waves>>,
    tokens: Mutex<BTreeMap<String, TokenGate>>,
}

/// Lets token k + 1 of a stream out only after it was told that token k has been received.
///
/// It stands open for the first token. All streams of its model share it.
#[derive(Clone, Debug)]
pub struct TokenGate {
    inner: Arc<Gate>,
}

#[derive(Debug)]
struct Gate {
    permits: Semaphore,
    passed: AtomicUsize,
}

#[derive(Debug)]
struct Waves {
    /// How many calls must have arrived for the first, second, … wave to be answered.
    thresholds: Vec<usize>,
    arrived: watch::Sender<usize>,
}

/// A call's place before the wave gate.
pub(super) struct Place(Option<(watch::Receiver<usize>, usize)>);

// === impl Gates ===

impl Gates {
    pub(super) fn expect_waves(&self, sizes: &[usize]) {
        let thresholds = sizes
            .iter()
            .scan(0, |sum, size| {
                *sum += size;
                Some(*sum)
            })
            .collect();
        *self.waves() = Some(Waves { thresholds, arrived: watch::Sender::new(0) });
    }

    pub(super) fn token_gate(&self, model: &str) -> TokenGate {
        let gate = Gate { permits: Semaphore::new(1), passed: AtomicUsize::new(0) };
        let gate = TokenGate { inner: Arc::new(gate) };
        self.tokens().insert(model.to_owned(), gate.clone());
        gate
    }

    pub(super) fn open_all(&self) {
        // Calls that wait see the sender go and pass.
        *self.waves() = None;
        for gate in std::mem::take(&mut *self.tokens()).into_values() {
            gate.open();
        }
    }

    /// Counts a call in.
    pub(super) fn arrive(&self) -> Place {
        let waves = self.waves();
        let Some(waves) = waves.as_ref() else { return Place(None) };
        let index = *waves.arrived.borrow();
        waves.arrived.send_replace(index + 1);
        let threshold = waves.thresholds.iter().find(|&&threshold| index < threshold);
        Place(threshold.map(|&threshold| (waves.arrived.subscribe(), threshold)))
    }

    pub(super) fn of_tokens(&self, model: &str) -> Option<TokenGate> {
        let tokens = self.tokens();
        tokens.get(model).or_else(|| tokens.get("*")).cloned()
    }

    fn waves(&self) -> std::sync::MutexGuard<'_, Option<Waves>> {
        self.waves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, TokenGate>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Place ===

impl Place {
    /// Resolves when the call's whole wave has arrived. Dropping it does not take the call back.
    pub(super) async fn wait(self) {
        if let Some((mut arrived, threshold)) = self.0 {
            // An error means that the gate is gone.
            drop(arrived.wait_for(|&count| count >= threshold).await);
        }
    }
}

// === impl TokenGate ===

impl TokenGate {
    /// The client has received a token: the next one may go.
    pub fn received(&self) {
        self.release(1);
    }

    /// Lets this many more tokens go.
    pub fn release(&self, count: usize) {
        self.inner.permits.add_permits(count);
    }

    /// Lets everything go from now on.
    pub fn open(&self) {
        self.inner.permits.close();
    }

    /// How many tokens have gone through.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.inner.passed.load(Ordering::SeqCst)
    }

    /// Resolves when the next token may go. Dropped before, it takes nothing.
    pub(super) async fn pass(&self) {
        if let Ok(permit) = self.inner.permits.acquire().await {
            permit.forget();
        }
        self.inner.passed.fetch_add(1, Ordering::SeqCst);
    }
}
