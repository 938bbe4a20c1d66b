//! What a file's current variables hold, as conductances where that is their shape.

use super::affine::{is_zero, uses};
use super::machine::{Machine, Scope};
use super::product::Product;
use super::simplify::{Shift, as_number, name, negate, number};
use super::symbols::CurrentName;
use crate::channel::{BinaryOperator, CurrentKind, CurrentSpec, Expression};

impl Machine<'_> {
    /// Every current that the file writes.
    pub(super) fn currents(&mut self, scope: &Scope) -> Vec<CurrentSpec> {
        let mut currents = Vec::new();
        for CurrentName { name: theirs, ion } in self.symbols.currents.clone() {
            let Some(value) = scope.globals.get(&theirs).cloned() else {
                let line = self.file.breakpoint_line.max(1);
                self.complain(line, format!("current {theirs} is not set"), "set it in BREAKPOINT");
                continue;
            };
            if !self.is_known(&value) {
                continue;
            }
            let value = self.seen_through(value);
            let own_reversal = ion.map(|ion| name(ion.reversal_name()));
            let kind = match self.conductance(&value) {
                Some((conductance_s_per_cm2, reversal)) => {
                    let reversal_mv =
                        Some(reversal).filter(|reversal| Some(reversal) != own_reversal.as_ref());
                    CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv }
                }
                None => CurrentKind::Current { current_ma_per_cm2: value },
            };
            currents.push(CurrentSpec { ion, kind });
        }
        currents
    }

    /// The value of the let that a formula is the name of.
    fn seen_through(&self, mut value: Expression) -> Expression {
        while let Expression::Name(name) = &value
            && let Some(inner) = self.let_value(name)
        {
            value = inner.clone();
        }
        value
    }

    /// `conductance * (v - reversal)`.
    fn conductance(&self, value: &Expression) -> Option<(Expression, Expression)> {
        let product = Product::of(value);
        let drives = product.numerators.iter().enumerate();
        let (idx, (reversal, sign)) = drives.filter_map(|(idx, one)| Some((idx, self.drive(one)?))).next()?;
        let mut rest = product.clone();
        rest.sign *= sign;
        rest.numerators.remove(idx);
        let conductance = rest.expression();
        // `v` alone, beside other uses of `v`, drives nothing: such is the equation of Goldman, Hodgkin and Katz.
        let is_drive = !is_zero(&reversal) || !self.depends_on(&conductance, "v");
        is_drive.then_some((conductance, reversal))
    }

    /// The reversal potential of `v - reversal`, and the sign in front of it.
    fn drive(&self, factor: &Expression) -> Option<(Expression, f64)> {
        let is_v = |side: &Expression| *side == name("v");
        if let Expression::Binary(BinaryOperator::Subtract, a, b) = factor
            && as_number(a).is_none()
            && as_number(b).is_none()
        {
            let (reversal, sign) = if is_v(a) { (b, 1.0) } else { (a, -1.0) };
            let is_drive = (is_v(a) || is_v(b)) && !self.depends_on(reversal, "v") && !uses(reversal, "v");
            return is_drive.then(|| (reversal.as_ref().clone(), sign));
        }
        let Shift { name, sign, offset } = Shift::of(factor)?;
        let reversal = number(offset.abs());
        let reversal = if sign * offset > 0.0 { negate(reversal) } else { reversal };
        (name == "v").then_some((reversal, sign))
    }
}
