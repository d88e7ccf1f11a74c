//! Reading: file and environment to checked settings, every mistake at once
