//! Which step may begin when: the plan's graph, as far as it is done. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Action, Step};
use crate::resources::Address;

/// The steps that are left, and what they wait for.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Steps, each with the steps that it waits for.
    waiting: BTreeMap<usize, BTreeSet<usize>>,
    addresses: Vec<Address>,
}

/// A step that will not be begun, and the step it depends on that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) index: usize,
    pub(crate) because_of: Address,
}

impl Schedule {
    /// A schedule of everything that has to be done; steps without a change are done already.
    pub(crate) fn new(steps: &[Step]) -> Self {
        let open = || steps.iter().enumerate().filter(|(_, step)| step.action != Action::NoChange);
        let mut at: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
        for (index, step) in open() {
            at.entry(&step.address).or_default().push(index);
        }
        let needs = |step: &Step| {
            let near = step.depends_on.iter().filter_map(|needed| at.get(needed)).flatten();
            near.copied().filter(|index| step.waits_for(&steps[*index])).collect::<BTreeSet<_>>()
        };
        Self {
            waiting: open().map(|(index, step)| (index, needs(step))).collect(),
            addresses: steps.iter().map(|step| step.address.clone()).collect(),
        }
    }

    /// How many steps are not begun.
    pub(crate) fn left(&self) -> usize {
        self.waiting.len()
    }

    /// Takes out the steps that may begin now.
    pub(crate) fn take_ready(&mut self) -> Vec<usize> {
        let ready = self.waiting.iter().filter(|(_, needs)| needs.is_empty()).map(|(index, _)| *index);
        let ready: Vec<usize> = ready.collect();
        for index in &ready {
            self.waiting.remove(index);
        }
        ready
    }

    /// Notes that a step is done.
    pub(crate) fn done(&mut self, index: usize) {
        for needs in self.waiting.values_mut() {
            needs.remove(&index);
        }
    }

    /// Notes that a step failed, and takes out all that depends on it, near or far.
    pub(crate) fn failed(&mut self, index: usize) -> Vec<Skipped> {
        let mut lost = vec![index];
        let mut skipped = Vec::new();
        while let Some(missed) = lost.pop() {
            let hit = self.waiting.iter().filter(|(_, needs)| needs.contains(&missed));
            for index in hit.map(|(index, _)| *index).collect::<Vec<_>>() {
                self.waiting.remove(&index);
                lost.push(index);
                skipped.push(Skipped { index, because_of: self.addresses[missed].clone() });
            }
        }
        skipped
    }

    /// Takes out everything that is left.
    pub(crate) fn abandon(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.waiting).into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{Desired, Kind};

    fn step(address: &Address, action: Action, depends_on: &[&Address]) -> Step {
        Step {
            address: address.clone(),
            kind: Kind::Stream,
            name: address.to_string(),
            action,
            changes: Vec::new(),
            reason: None,
            operations: Vec::new(),
            depends_on: depends_on.iter().map(|needed| (*needed).clone()).collect(),
            desired: None,
        }
    }

    #[test]
    fn independent_steps_begin_together_and_dependents_after_them() {
        let (a, b, c) = (Address::stream("a"), Address::stream("b"), Address::stream("c"));
        let steps = [
            step(&a, Action::Create, &[]),
            step(&b, Action::Create, &[]),
            step(&c, Action::Create, &[&a, &b]),
        ];
        let mut schedule = Schedule::new(&steps);
        assert_eq!(schedule.take_ready(), [0, 1]);
        schedule.done(0);
        assert_eq!(schedule.take_ready(), [] as [usize; 0]);
        schedule.done(1);
        assert_eq!(schedule.take_ready(), [2]);
        assert_eq!(schedule.left(), 0);
    }

    #[test]
    fn what_depends_on_a_failure_near_or_far_is_skipped_and_the_rest_goes_on() {
        let (a, b, c, d) =
            (Address::stream("a"), Address::stream("b"), Address::stream("c"), Address::stream("d"));
        let steps = [
            step(&a, Action::Create, &[]),
            step(&b, Action::Create, &[&a]),
            step(&c, Action::Create, &[&b]),
            step(&d, Action::Create, &[]),
        ];
        let mut schedule = Schedule::new(&steps);
        assert_eq!(schedule.take_ready(), [0, 3]);
        let skipped: Vec<usize> = schedule.failed(0).into_iter().map(|skipped| skipped.index).collect();
        assert_eq!(skipped, [1, 2]);
        assert_eq!(schedule.left(), 0);
    }

    /// A step for what is wanted at an address, and one for what had another name there.
    fn renamed(address: &Address, depends_on: &[&Address]) -> [Step; 2] {
        let gone = Step { name: format!("old {address}"), ..step(address, Action::Delete, depends_on) };
        let tags = crate::resources::tags::Tags::default();
        let spec = crate::resources::Spec::StreamConsumer(crate::resources::stream_consumer::ConsumerSpec {});
        let (address, name) = (address.clone(), address.to_string());
        let desired = Desired {
            address: address.clone(),
            name,
            tags,
            spec,
            depends_on: Vec::new(),
            secrets: Vec::new(),
        };
        [Step { desired: Some(desired), ..step(&address, Action::Create, &[]) }, gone]
    }

    #[test]
    fn what_goes_waits_for_what_comes_in_its_place_and_for_what_used_it() {
        let (a, b) = (Address::stream("a"), Address::stream("b"));
        let ([new_a, old_a], [mut new_b, mut old_b]) = (renamed(&a, &[&a, &b]), renamed(&b, &[&b]));
        // `b` uses `a`: the old `a` goes last, after the old `b`.
        new_b.depends_on = vec![a.clone()];
        old_b.depends_on = vec![b.clone()];
        let mut schedule = Schedule::new(&[new_a, old_a, new_b, old_b]);
        let mut order = Vec::new();
        while schedule.left() > 0 {
            let ready = schedule.take_ready();
            assert_eq!(ready.len(), 1, "{order:?}");
            schedule.done(ready[0]);
            order.extend(ready);
        }
        assert_eq!(order, [0, 2, 3, 1]);
    }

    #[test]
    fn what_had_several_names_at_one_address_goes_side_by_side() {
        let (a, b) = (Address::stream("a"), Address::stream("b"));
        let [new, old] = renamed(&a, &[&a, &b]);
        let older = Step { name: "older".to_owned(), ..old.clone() };
        let mut schedule = Schedule::new(&[new, old, older, step(&b, Action::Delete, &[])]);
        assert_eq!(schedule.take_ready(), [0, 3]);
        [0, 3].into_iter().for_each(|index| schedule.done(index));
        assert_eq!(schedule.take_ready(), [1, 2]);
    }

    #[test]
    fn a_step_without_a_change_is_done_already() {
        let (a, b) = (Address::stream("a"), Address::stream("b"));
        let mut schedule = Schedule::new(&[step(&a, Action::NoChange, &[]), step(&b, Action::Update, &[&a])]);
        assert_eq!(schedule.take_ready(), [1]);
    }
}
