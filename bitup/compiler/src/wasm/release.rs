//! When memory that a turn of a loop took is free behind it.

use crate::ir::{Shape, Stmt};

/// True where nothing that lives longer than a turn gets lists in it. Locals from `first` on end with the turn.
pub(super) fn may(turn: &[Stmt], first: usize, shapes: &[Shape]) -> bool {
    let ends = |local: usize| local >= first || !shapes.get(local).is_some_and(Shape::has_list);
    turn.iter().all(|statement| match statement {
        Stmt::Set(local, _) => ends(*local),
        Stmt::Put(path, value) => path.local >= first || !value.shape.has_list(),
        // A list that grows may move.
        Stmt::Push(path, _) => path.local >= first,
        Stmt::Change(path, _, _, result) => ends(path.local) && result.is_none_or(ends),
        Stmt::If(_, then, otherwise) => may(then, first, shapes) && may(otherwise, first, shapes),
        Stmt::Loop(_, body, last, _) => may(body, first, shapes) && may(last, first, shapes),
        Stmt::Try(tried) => {
            let locals = tried.result.into_iter().chain(tried.error);
            locals.into_iter().all(ends)
                && may(&tried.body, first, shapes)
                && may(&tried.catch, first, shapes)
        }
        // What is taken out of a list was there before.
        _ => true,
    })
}
