//! What must be true of every durable book? Named laws, each run on a fresh store; `store_laws!` makes a test of each.
//!
//! The reference in memory obeys them too: where a store and the reference differ, a law is missing.

mod bench;
mod corrections;
mod holds;
mod leases;
mod openings;
mod rolling;
mod usage;

pub use corrections::*;
pub use holds::*;
pub use leases::*;
pub use openings::*;
pub use rolling::*;
pub use usage::*;

/// Makes one `#[test]` of each law. Given is a function that calls `law` on a fresh store and waits for its end:
/// `fn on_a_fresh_store(law: impl AsyncFnOnce(&dyn Store))`.
#[macro_export]
macro_rules! store_laws {
    ($on_a_fresh_store:path) => {
        $crate::store_laws! { $on_a_fresh_store =>
            ceilings_never_sum_over_the_cap
            a_lease_tells_what_others_have_reserved
            a_cap_lowered_under_what_is_used_leaves_no_room
            what_is_given_back_is_free_for_others
            what_an_account_spends_without_a_lease_counts_all_the_same
            giving_back_never_goes_under_what_is_used
            giving_back_never_raises_a_ceiling
            a_holder_with_memory_keeps_its_ceiling
            a_holder_without_memory_starts_from_what_was_posted
            leases_are_told_in_the_order_of_the_wants
            a_counter_not_seen_before_starts_from_the_holds_in_the_book
            a_total_not_seen_before_starts_from_everything
            windows_are_counted_apart
            units_are_counted_apart
            a_hold_counts_for_its_key_its_team_and_its_account_alone
            what_was_spent_counts_until_so_long_after_its_minute
            a_rolling_cap_tells_when_it_has_room_again
            a_slice_of_a_bucket_that_is_over_is_reserved_until_it_is_given_back
            of_a_rolling_slice_a_process_strands_nothing_and_a_machine_what_was_open
            a_later_opening_fences_every_earlier_one
            lanes_are_replayed_behind_the_highest_line_posted
            process_death_strands_nothing
            machine_death_strands_the_open_slice
            giving_back_frees_nothing_that_a_machine_took
            a_journal_behind_its_mark_strands_the_open_slice
            what_is_replayed_after_a_machine_death_is_not_counted_twice
            machine_death_strands_only_its_own_instance
            a_fact_posted_again_changes_nothing
            a_hold_settles_once
            a_cost_over_the_hold_is_booked_in_full
            a_voided_hold_returns_money_and_task
            an_unknown_hold_stays_spent_until_it_is_known
            facts_about_a_hold_that_was_never_made_change_nothing
            the_newest_hold_owns_a_task
            a_task_is_named_once
            what_is_unsettled_is_told_whole_and_oldest_first
            usage_is_summed_by_key_account_method_and_day
            usage_leaves_voided_holds_out
            a_thread_is_at_work_from_a_tasks_admission_until_it_is_settled
            a_correction_is_money_and_no_task
            a_correction_counts_in_the_windows_of_its_instant
            a_correction_posted_again_changes_nothing
            a_correction_stands_in_usage
            what_a_key_has_settled_is_told_by_the_minute
        }
    };
    ($on_a_fresh_store:path => $($law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $on_a_fresh_store(async |store: &dyn $crate::Store| $crate::laws::$law(store).await);
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryStore;
    use crate::port::Store;

    fn in_memory(law: impl AsyncFnOnce(&dyn Store)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(law(&MemoryStore::default()));
    }

    crate::store_laws!(in_memory);

    /// A law that no test runs is none.
    #[test]
    fn every_law_is_in_the_list() {
        let parts = [
            include_str!("laws/leases.rs"),
            include_str!("laws/openings.rs"),
            include_str!("laws/holds.rs"),
            include_str!("laws/rolling.rs"),
            include_str!("laws/usage.rs"),
            include_str!("laws/corrections.rs"),
        ];
        let written = parts.iter().flat_map(|part| part.lines()).filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next());
        let listed: Vec<&str> = include_str!("laws.rs").lines().map(str::trim).collect();
        let missing: Vec<&str> = written.filter(|law| !listed.contains(law)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
