//! The list of rules, in the order of their codes.

mod call_exceeds_context;
mod cascade_order;
mod cold_samples;
mod deadline;
mod drafts_exceed_context;
mod elsewhere;
mod judge_is_contestant;
mod kebab_case;
mod known_family;
mod limit;
mod lone_model;
mod loops;
mod member_timeout;
mod memory;
mod need_all;
mod panel_of_one;
mod rate_limit;
mod raw_in_judgement;
mod role_named_profile;
mod secret;
mod small_proposer;
mod unmentioned_answers;
mod unreachable_fallback;
mod unused_allow;
mod used_twice;
mod vote_on_two;

use crate::lint::Rule;

/// Every rule: of sense (`L0xx`), then of policy (`L1xx`).
pub const RULES: &[Rule] = &[
    judge_is_contestant::RULE,
    cold_samples::RULE,
    vote_on_two::RULE,
    panel_of_one::RULE,
    cascade_order::RULE,
    need_all::RULE,
    member_timeout::RULE,
    unmentioned_answers::RULE,
    drafts_exceed_context::RULE,
    small_proposer::RULE,
    unreachable_fallback::RULE,
    raw_in_judgement::RULE,
    deadline::RULE,
    role_named_profile::RULE,
    call_exceeds_context::RULE,
    rate_limit::RULE,
    unused_allow::RULE,
    lone_model::RULE,
    loops::RULE,
    kebab_case::RULE,
    used_twice::RULE,
    known_family::RULE,
    memory::RULE,
    secret::RULE,
    limit::RULE,
    elsewhere::RULE,
];
