//! Hints about statements and expressions.

use super::{Linter, Rule};
use crate::{
    ast::{Block, Expr, ExprKind, Statement, StatementKind},
    check::Type,
    kind::Kind,
};

impl Linter<'_> {
    pub(super) fn block(&mut self, block: &Block, contract: bool) {
        for statement in &block.statements {
            self.statement(statement, contract);
        }
    }

    fn statement(&mut self, statement: &Statement, contract: bool) {
        for expr in expressions(&statement.kind) {
            self.expr(expr);
        }
        match &statement.kind {
            StatementKind::Require { error: None, .. } if contract => self.hint(
                Rule::NamelessRequire,
                statement.span,
                "who is refused here does not learn why",
                "declare an error and name it: `require(condition, TooLate(deadline));`",
            ),
            StatementKind::For { from, to: None, .. } => self.growing(from),
            _ => {}
        }
        for block in blocks(&statement.kind) {
            self.block(block, contract);
        }
    }

    /// Who can make the array longer can make the loop too dear for everybody.
    fn growing(&mut self, from: &Expr) {
        let place = (self.file, from.span);
        let grows = matches!(
            self.analysis.program.types.get(&place),
            Some(Type::Array(_))
        );
        if grows && root_is_this(from) {
            self.hint(
                Rule::GrowingLoop,
                from.span,
                "this loop costs more with each item, until no call can pay for it",
                "bound the array, or keep the sum that is wanted while items come and go",
            );
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Binary(operator, left, right) = &expr.kind {
            let divided = matches!(&left.kind, ExprKind::Binary(Kind::Slash, ..));
            if *operator == Kind::Star && divided {
                self.hint(
                    Rule::DivisionFirst,
                    expr.span,
                    "the remainder is lost before the multiplication makes it larger",
                    "multiply first, or write `mulDiv(a, b, c, Rounding.Down)`",
                );
            }
            let exact = matches!(operator, Kind::Equal | Kind::NotEqual);
            if exact && (is_time(left) || is_time(right)) {
                self.hint(
                    Rule::ExactTime,
                    expr.span,
                    "no block has exactly this time, or only the one whose author wishes so",
                    "compare with `<`, `<=`, `>` or `>=`",
                );
            }
        }
        for inner in parts(&expr.kind) {
            self.expr(inner);
        }
    }
}

fn is_time(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Member(object, name)
        if name.text == "time" && matches!(&object.kind, ExprKind::Name(base) if base == "block"))
}

fn root_is_this(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::This => true,
        ExprKind::Member(object, _) | ExprKind::Index(object, _) => root_is_this(object),
        _ => false,
    }
}

/// The expressions that stand in a statement itself.
fn expressions(kind: &StatementKind) -> Vec<&Expr> {
    match kind {
        StatementKind::Local { value, .. }
        | StatementKind::Match { value, .. }
        | StatementKind::Assert(value)
        | StatementKind::Delete(value)
        | StatementKind::Destroy(value)
        | StatementKind::Value(value) => vec![value],
        StatementKind::If { condition, .. } | StatementKind::While { condition, .. } => {
            vec![condition]
        }
        StatementKind::For { from, to, .. } => std::iter::once(from).chain(to).collect(),
        StatementKind::Try { call, .. } => vec![call],
        StatementKind::Return(value) => value.iter().collect(),
        StatementKind::Require { condition, error } => std::iter::once(condition)
            .chain(error.iter().flat_map(|error| &error.arguments))
            .collect(),
        StatementKind::Throw(error) => error.arguments.iter().collect(),
        StatementKind::Emit { arguments, .. } => arguments.iter().collect(),
        StatementKind::Assign { target, value, .. } => vec![target, value],
        StatementKind::Block(_)
        | StatementKind::Break
        | StatementKind::Continue
        | StatementKind::Broken => Vec::new(),
    }
}

/// The blocks that stand in a statement.
fn blocks(kind: &StatementKind) -> Vec<&Block> {
    match kind {
        StatementKind::Block(block) => vec![block],
        StatementKind::If {
            then, otherwise, ..
        } => std::iter::once(then).chain(otherwise).collect(),
        StatementKind::While { body, .. } | StatementKind::For { body, .. } => vec![body],
        StatementKind::Match { arms, .. } => arms.iter().map(|arm| &arm.body).collect(),
        StatementKind::Try { body, catch, .. } => vec![body, catch],
        _ => Vec::new(),
    }
}

/// The expressions in an expression.
fn parts(kind: &ExprKind) -> Vec<&Expr> {
    match kind {
        ExprKind::Array(items) => items.iter().collect(),
        ExprKind::New { arguments, .. } => arguments.iter().collect(),
        ExprKind::Member(inner, _)
        | ExprKind::Unary(_, inner)
        | ExprKind::Cast { value: inner, .. } => vec![inner],
        ExprKind::Index(one, other) | ExprKind::Binary(_, one, other) => vec![one, other],
        ExprKind::Call {
            function,
            arguments,
            options,
            ..
        } => std::iter::once(&**function)
            .chain(arguments)
            .chain(options.iter().map(|(_, value)| value))
            .collect(),
        ExprKind::Conditional(condition, yes, no) => vec![condition, yes, no],
        _ => Vec::new(),
    }
}
