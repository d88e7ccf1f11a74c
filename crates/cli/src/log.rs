//! Where do the process's own messages go? To stderr, readable alone, with their fields.

use tracing::Level;

/// Begins; a second beginning changes nothing.
pub(crate) fn begin() {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).with_target(false).with_max_level(Level::INFO);
    let _ = log.try_init();
}
