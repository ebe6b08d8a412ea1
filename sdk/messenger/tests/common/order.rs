//! B1-B5, whatever happened: no device shows a text before one that its author's device had shown.

use parlance_messenger::ContentId;
use std::collections::{BTreeMap, BTreeSet};

/// What was said: what the author's device showed in the conversation then, and where in the order of its group it was.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    read: BTreeMap<ContentId, (BTreeSet<ContentId>, u64)>,
}

/// What a device has done in a conversation.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// In its order.
    pub texts: Vec<ContentId>,
    /// What it has shown too early, as it said.
    pub marked: BTreeSet<ContentId>,
    /// The place in the order at which it came in last (B5).
    pub since: u64,
}

impl Texts {
    pub fn said(&mut self, id: ContentId, shown: impl IntoIterator<Item = ContentId>, at: u64) {
        self.read.insert(id, (shown.into_iter().collect(), at));
    }

    /// The texts that stand before one that their author's device had shown, and that one. What had to be waited for for too long,
    /// and what was said before a device came in, does not count.
    pub fn wrong(&self, shown: &Shown) -> Vec<(ContentId, ContentId)> {
        let places: BTreeMap<ContentId, usize> = shown.texts.iter().copied().zip(0..).collect();
        let mut wrong = Vec::new();
        for (place, id) in shown.texts.iter().enumerate() {
            let Some((read, _)) = self.read.get(id) else {
                continue;
            };
            for before in read {
                let late = places.get(before).is_some_and(|it| *it > place);
                let old = self
                    .read
                    .get(before)
                    .is_none_or(|(_, at)| *at < shown.since);
                if late && !old && !self.was_given_up(shown, (id, read), before) {
                    wrong.push((*id, *before));
                }
            }
        }
        wrong
    }

    /// Whether a text is marked, or one that its author had read, for want of this one.
    fn was_given_up(
        &self,
        shown: &Shown,
        (id, read): (&ContentId, &BTreeSet<ContentId>),
        before: &ContentId,
    ) -> bool {
        let lacked = |marked: &&ContentId| {
            let lacks = self.read.get(*marked);
            lacks.is_some_and(|(lacks, _)| lacks.contains(before))
        };
        let mut marked = shown.marked.iter().filter(lacked);
        marked.any(|marked| marked == id || read.contains(marked))
    }
}

#[test]
fn an_answer_before_what_it_answers_is_found() {
    let mut texts = Texts::default();
    texts.said([1; 16], [], 5);
    texts.said([2; 16], [[1; 16]], 6);
    texts.said([3; 16], [[1; 16], [2; 16]], 6);
    let shown = |order: &[u8]| Shown {
        texts: order.iter().map(|n| [*n; 16]).collect(),
        ..Shown::default()
    };
    assert!(texts.wrong(&shown(&[1, 2, 3])).is_empty());
    assert!(texts.wrong(&shown(&[2, 3])).is_empty());
    assert_eq!(texts.wrong(&shown(&[2, 1, 3])), [([2; 16], [1; 16])]);
    let late = shown(&[2, 3, 1]);
    assert_eq!(texts.wrong(&late).len(), 2);
    // The second was shown without the first, and says so; the third has read it.
    let marked = [[2; 16]].into();
    assert!(texts.wrong(&Shown { marked, ..late }).is_empty());
    let marked = [[3; 16]].into();
    let late = shown(&[2, 1, 3]);
    assert_eq!(texts.wrong(&Shown { marked, ..late }).len(), 1);
    // The first was said before this device came in.
    let since = 6;
    let late = shown(&[2, 1]);
    assert!(texts.wrong(&Shown { since, ..late }).is_empty());
}
