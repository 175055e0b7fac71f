//! What people choose, hashed slowly: Argon2id with 19 MiB, two passes, one lane.

mod guessable;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::{Config, ThreadMode, Variant, Version};
use countersign_domain::InvalidValue;
use tokio::sync::Semaphore;

use crate::WebError;
use crate::lines::{Lines, Turn};
use crate::network::Network;

/// The shortest password, in characters.
pub const MINIMUM_LENGTH: usize = 12;
/// The longest password, in bytes.
pub const MAXIMUM_LENGTH: usize = 512;

/// A password could not be hashed, or a stored verifier is damaged.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct PasswordError(#[from] argon2::Error);

fn config() -> Config<'static> {
    Config {
        variant: Variant::Argon2id,
        version: Version::Version13,
        mem_cost: 19 * 1024,
        time_cost: 2,
        lanes: 1,
        thread_mode: ThreadMode::Sequential,
        hash_length: 32,
        ..Config::default()
    }
}

/// Whether a new password is acceptable for somebody of whom these things are known: e-mail address, organization.
pub fn check(password: &str, about: &[&str]) -> Result<(), InvalidValue> {
    if password.chars().count() < MINIMUM_LENGTH {
        return Err(InvalidValue(format!("Use at least {MINIMUM_LENGTH} characters").into()));
    }
    if password.len() > MAXIMUM_LENGTH {
        return Err(InvalidValue(format!("Use at most {MAXIMUM_LENGTH} bytes").into()));
    }
    if guessable::is_guessable(password, about) {
        let message = "This is among the first passwords that anybody would try: choose a few unrelated words";
        return Err(InvalidValue(message.into()));
    }
    Ok(())
}

/// The PHC string of a password. Takes about 20 ms of CPU: call it where blocking is allowed.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    countersign_persistence::clock::fill_random(&mut salt);
    Ok(argon2::hash_encoded(password.as_bytes(), &salt, &config())?)
}

/// A verifier that no password fits: verifying against it costs as much as against a real one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| {
    let mut password = [0; 32];
    countersign_persistence::clock::fill_random(&mut password);
    argon2::hash_encoded(&password, b"nobody-has-this-", &config()).ok()
});

/// Hashes and verifies on blocking threads, a few at a time, so that a flood slows down only itself.
pub(crate) struct PasswordPool {
    places: Arc<Semaphore>,
    lines: Lines,
}

/// How long a verification waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);

impl Default for PasswordPool {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_places(processors)
    }
}

impl PasswordPool {
    fn with_places(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), lines: Lines::default() }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Result<String, WebError> {
        self.run(move || hash(&password).map_err(WebError::internal)).await
    }

    /// Whether a password fits a verifier; without one, does the same work and says no.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, WebError> {
        if password.len() > MAXIMUM_LENGTH {
            return Ok(false);
        }
        self.run(move || fits(&password, phc)).await
    }

    /// Waits until no other verification from the same network is under way. Whoever may ask as often as they like
    /// stands in line here before they verify, so that a flood from one network has one place of the pool at most.
    pub async fn line_up(&self, network: Network) -> Result<Turn, WebError> {
        tokio::time::timeout(PATIENCE, self.lines.wait(network)).await.map_err(|_| WebError::Busy)
    }

    /// Verifies for whoever has lined up.
    pub async fn verify_in_turn(&self, turn: &Turn, password: String, phc: Option<String>) -> Result<bool, WebError> {
        if password.len() > MAXIMUM_LENGTH {
            return Ok(false);
        }
        self.run_in_turn(turn, move || fits(&password, phc)).await
    }

    async fn run_in_turn<T: Send + 'static>(
        &self,
        turn: &Turn,
        work: impl FnOnce() -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let turn = turn.clone();
        let work = move || {
            let outcome = work();
            drop(turn);
            outcome
        };
        self.run(work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| WebError::Busy)?.map_err(WebError::internal)?;
        // Place and turn are the work's own: whoever hangs up before the end must not let another one start beside it.
        let work = move || {
            let outcome = work();
            drop(place);
            outcome
        };
        tokio::task::spawn_blocking(work).await.map_err(WebError::internal)?
    }
}

fn fits(password: &str, phc: Option<String>) -> Result<bool, WebError> {
    let known = phc.is_some();
    let Some(phc) = phc.or_else(|| NOBODY.clone()) else { return Ok(false) };
    let fits = argon2::verify_encoded(&phc, password.as_bytes()).map_err(WebError::internal)?;
    Ok(fits && known)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, mpsc};

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let pool = PasswordPool::default();
        let phc = pool.hash("correct horse battery".into()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(pool.verify("correct horse battery".into(), Some(phc.clone())).await.unwrap());
        assert!(!pool.verify("correct horse batterz".into(), Some(phc)).await.unwrap());
        assert!(!pool.verify("correct horse battery".into(), None).await.unwrap());
    }

    #[test]
    fn short_and_guessable_passwords_are_refused() {
        assert!(check("elevenchars", &[]).is_err());
        assert!(check("twelve chars", &[]).is_ok());
        assert!(check(&"one and another".repeat(35), &[]).is_err());
        assert!(check("Password1234", &[]).is_err());
        assert!(check("twelve chars", &["twelve@acme.example"]).is_ok());
        assert!(check("twelve@acme.example", &["twelve@acme.example"]).is_err());
    }

    /// Work that begins and then takes until the gate is dropped.
    struct Endless {
        begun: Arc<AtomicUsize>,
        gate: Arc<Mutex<mpsc::Receiver<()>>>,
    }

    impl Endless {
        fn new() -> (Self, mpsc::Sender<()>) {
            let (gate, closed) = mpsc::channel();
            (Self { begun: Arc::default(), gate: Arc::new(Mutex::new(closed)) }, gate)
        }

        fn work(&self) -> impl FnOnce() -> Result<(), WebError> + Send + use<> {
            let (begun, gate) = (Arc::clone(&self.begun), Arc::clone(&self.gate));
            move || {
                begun.fetch_add(1, Ordering::SeqCst);
                gate.lock().unwrap().recv().unwrap_err();
                Ok(())
            }
        }

        fn begun(&self) -> usize {
            self.begun.load(Ordering::SeqCst)
        }
    }

    async fn one(pool: &PasswordPool, network: &str, work: impl FnOnce() -> Result<(), WebError> + Send + 'static) {
        let turn = pool.line_up(Network::of(Some(network.parse().unwrap()))).await.unwrap();
        pool.run_in_turn(&turn, work).await.unwrap();
    }

    #[tokio::test]
    async fn a_flood_from_one_network_leaves_places_to_the_others() {
        let pool = Arc::new(PasswordPool::with_places(2));
        let (endless, gate) = Endless::new();
        let flood = (0..20).map(|_| {
            let (pool, work) = (Arc::clone(&pool), endless.work());
            tokio::spawn(async move { one(&pool, "192.0.2.1", work).await })
        });
        let mut flood = flood.collect::<Vec<_>>();
        while endless.begun() == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            one(&pool, "192.0.2.2", || Ok(())).await;
        }
        assert_eq!(endless.begun(), 1, "the flood took more than one place");

        // Hanging up does not end the work, so the next one has to wait for it all the same.
        flood.remove(0).abort();
        for _ in 0..3 {
            one(&pool, "192.0.2.2", || Ok(())).await;
        }
        assert_eq!(endless.begun(), 1, "who hung up let another one start");
        drop(gate);
        for work in flood {
            work.await.unwrap();
        }
        assert_eq!(endless.begun(), 20);
        // The thread of whoever hung up may leave the line a moment after the next one has moved up.
        while !pool.lines.is_empty() {
            tokio::task::yield_now().await;
        }
    }
}
