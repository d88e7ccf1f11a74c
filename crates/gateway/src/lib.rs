//! The corridor: listeners, rooms, errands, egress, responses
