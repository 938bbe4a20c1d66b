//! Named intermediate values: their order, and formulas that see through them.

use std::collections::{BTreeMap, BTreeSet};

use super::document::wrong;
use super::expression::Expression;
use super::model::{ChannelModel, Let};
use crate::Error;

/// Each let after those that it uses, otherwise in the given order.
///
/// # Errors
/// [`Error::Channel`] when they use each other in a circle.
pub(super) fn sorted(lets: Vec<Let>) -> Result<Vec<Let>, Error> {
    let idx_by_name: BTreeMap<&str, usize> =
        lets.iter().enumerate().map(|(idx, one)| (one.name.as_str(), idx)).collect();
    let needs = |one: &Let| -> Vec<usize> {
        one.value.names().into_iter().filter_map(|name| idx_by_name.get(name).copied()).collect()
    };
    let needs: Vec<Vec<usize>> = lets.iter().map(needs).collect();
    let order = order(&needs);
    if order.len() < lets.len() {
        let names: Vec<&str> = circle(&needs, &order).iter().map(|idx| lets[*idx].name.as_str()).collect();
        let what = format!("needs itself, in the circle {}", names.join(", "));
        return Err(wrong(&format!("lets.{}", names[0]), what, "break the circle"));
    }
    let mut lets: Vec<Option<Let>> = lets.into_iter().map(Some).collect();
    Ok(order.iter().filter_map(|idx| lets[*idx].take()).collect())
}

/// Indices in an order of use, the smallest first among those that could come; circles and what needs them are left
/// out.
fn order(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut n_open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (idx, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|need| needed_by[*need].push(idx));
    }
    let mut ready: BTreeSet<usize> = (0..needs.len()).filter(|idx| n_open[*idx] == 0).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(idx) = ready.pop_first() {
        order.push(idx);
        for user in &needed_by[idx] {
            n_open[*user] -= 1;
            if n_open[*user] == 0 {
                ready.insert(*user);
            }
        }
    }
    order
}

/// One circle among the indices that have no place in the order: each of those needs another one.
fn circle(needs: &[Vec<usize>], order: &[usize]) -> Vec<usize> {
    let mut is_left = vec![true; needs.len()];
    order.iter().for_each(|idx| is_left[*idx] = false);
    let mut walk_place = vec![None; needs.len()];
    let mut walk = Vec::new();
    let mut next = is_left.iter().position(|is_left| *is_left);
    while let Some(idx) = next {
        if let Some(place) = walk_place[idx] {
            return walk.split_off(place);
        }
        walk_place[idx] = Some(walk.len());
        walk.push(idx);
        next = needs[idx].iter().copied().find(|need| is_left[*need]);
    }
    walk
}

impl ChannelModel {
    /// The value of a formula of this channel; lets are computed as they are needed.
    ///
    /// `value_of` gives the values of all other names.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name without value.
    pub fn evaluate(
        &self,
        expression: &Expression,
        value_of: &impl Fn(&str) -> Option<f64>,
    ) -> Result<f64, Error> {
        let needed = self.names_within(expression);
        let mut values: BTreeMap<&str, f64> = BTreeMap::new();
        for one in self.lets.iter().filter(|one| needed.contains(one.name.as_str())) {
            let value = one.value.evaluate(&|name| values.get(name).copied().or_else(|| value_of(name)))?;
            values.insert(&one.name, value);
        }
        expression.evaluate(&|name| values.get(name).copied().or_else(|| value_of(name)))
    }

    /// Every name that the value of a formula depends on, other than lets.
    #[must_use]
    pub fn base_names<'a>(&'a self, expression: &'a Expression) -> BTreeSet<&'a str> {
        let mut names = self.names_within(expression);
        for one in &self.lets {
            names.remove(one.name.as_str());
        }
        names
    }

    /// Names of a formula and of the lets that it needs, those included.
    fn names_within<'a>(&'a self, expression: &'a Expression) -> BTreeSet<&'a str> {
        let mut names = expression.names();
        for one in self.lets.iter().rev() {
            if names.contains(one.name.as_str()) {
                names.extend(one.value.names());
            }
        }
        names
    }
}
