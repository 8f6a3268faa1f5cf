//! Which step may begin when: the plan's graph, as far as it is done. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Action, Step};
use crate::resources::Address;

/// The steps that are left, and what they wait for.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    waiting: BTreeMap<usize, BTreeSet<Address>>,
    steps: Vec<(Address, Action)>,
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
        let open: BTreeSet<&Address> =
            steps.iter().filter(|step| step.action != Action::NoChange).map(|step| &step.address).collect();
        let needs = |step: &Step| {
            let needs = step.depends_on.iter().filter(|needed| open.contains(needed));
            needs.cloned().collect::<BTreeSet<_>>()
        };
        let waiting = steps.iter().enumerate().filter(|(_, step)| step.action != Action::NoChange);
        Self {
            waiting: waiting.map(|(index, step)| (index, needs(step))).collect(),
            steps: steps.iter().map(|step| (step.address.clone(), step.action)).collect(),
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
        let address = self.steps[index].0.clone();
        for needs in self.waiting.values_mut() {
            needs.remove(&address);
        }
    }

    /// Notes that a step failed, and takes out all that depends on it, near or far.
    pub(crate) fn failed(&mut self, index: usize) -> Vec<Skipped> {
        let mut lost = vec![self.steps[index].0.clone()];
        let mut skipped = Vec::new();
        while let Some(because_of) = lost.pop() {
            let hit = self.waiting.iter().filter(|(_, needs)| needs.contains(&because_of));
            for index in hit.map(|(index, _)| *index).collect::<Vec<_>>() {
                self.waiting.remove(&index);
                lost.push(self.steps[index].0.clone());
                skipped.push(Skipped { index, because_of: because_of.clone() });
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
    use crate::resources::Kind;

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

    #[test]
    fn a_step_without_a_change_is_done_already() {
        let (a, b) = (Address::stream("a"), Address::stream("b"));
        let mut schedule = Schedule::new(&[step(&a, Action::NoChange, &[]), step(&b, Action::Update, &[&a])]);
        assert_eq!(schedule.take_ready(), [1]);
    }
}
