//! When is a book behind?
