//! Runs a property.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Holds a property over the same cases in every run. With `PROPTEST_CASES=n` in the environment, over n others.
pub(crate) fn hold<S: Strategy>(cases: u32, strategy: &S, property: impl Fn(S::Value) -> Result<(), String>) {
    let more = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = if more {
        TestRunner::new(config)
    } else {
        TestRunner::new_with_rng(Config { cases, ..config }, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    };
    match runner.run(strategy, |case| property(case).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        // The property says what is wrong; the case itself is a long tree.
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(failure) => panic!("{failure}"),
    }
}
