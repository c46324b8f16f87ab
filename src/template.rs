//! Templates and expressions: compiled once, checked before they run, rendered with fenced answers.
//!
//! The only module that names minijinja. Knows nothing of steps or calls: it is given names and [`Data`].

mod blocks;
pub mod check;
pub mod data;
mod engine;
pub mod fault;
mod fence;
mod filters;
pub mod kind;
pub mod number;
pub mod parts;
mod raw;
mod redact;
mod signature;
mod size;
mod value;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use minijinja::Environment;
use minijinja::machinery;

use self::signature::Callee;
use self::size::Formula;

pub use blocks::{find_json, json_values};
pub use check::Mention;
pub use data::{Answer, Data, Group, Part, Seen};
pub use fault::Fault;
pub use kind::{Kind, Returned};
pub use raw::RawPrint;
pub use size::{Size, Sizes, estimate};

/// Largest text that a template may give, in bytes.
pub const RENDERED_SIZE_MAX: usize = 8 << 20;

/// What a template may spend: about one unit an instruction or 64 bytes printed.
pub const FUEL: u64 = 1_000_000;

/// Whether printed expressions are defused (prompts) or stand as they are (texts, conditions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fence {
    On,
    Off,
}

/// A prompt or text that can be read. Compiled when it is first rendered: a check never is.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    fence: Fence,
    found: Arc<Found<Environment<'static>>>,
}

/// A condition or value that can be read. Compiled when it is first asked.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    found: Arc<Found<minijinja::Expression<'static, 'static>>>,
}

/// What a source was found to be, each when it is first asked for: the cells of an ensemble share it.
struct Found<T> {
    compiled: OnceLock<Result<T, RenderError>>,
    size: OnceLock<Formula>,
    raw_prints: OnceLock<Vec<RawPrint>>,
}

/// The names that a template sees when it runs.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: Vec<(String, Data)>,
}

/// Why a template failed while it ran. For the trace; never holds what an answer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError(pub String);

const NAME: &str = "template";

/// For "did you mean".
#[must_use]
pub fn known_filters() -> Vec<&'static str> {
    Callee::Filter.names()
}

#[must_use]
pub fn known_tests() -> Vec<&'static str> {
    Callee::Test.names()
}

#[must_use]
pub fn known_functions() -> Vec<&'static str> {
    Callee::Function.names()
}

// === impl Template ===

impl Template {
    /// Reads `source`; a fault carries the byte range inside it.
    pub fn compile(source: &str, fence: Fence) -> Result<Self, Fault> {
        machinery::parse(source, NAME, engine::syntax()).map_err(|e| Fault::syntax(&e, source))?;
        Ok(Self { source: source.into(), fence, found: Arc::default() })
    }

    /// The template's own environment. What was read once can be compiled, too.
    fn environment(&self) -> Result<&Environment<'static>, RenderError> {
        let compile = || -> Result<Environment<'static>, minijinja::Error> {
            let mut env = engine::base().clone();
            if self.fence == Fence::On {
                let fence = fence::Fence::of(&machinery::parse(&self.source, NAME, engine::syntax())?);
                env.set_formatter(move |out, _state, value| fence.print(out, value));
            }
            env.add_template_owned(NAME, self.source.to_string())?;
            Ok(env)
        };
        let compiled = self.found.compiled.get_or_init(|| compile().map_err(|e| RenderError::of(&e)));
        compiled.as_ref().map_err(Clone::clone)
    }

    /// As it was written, dedented.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Which names it uses, and what is wrong with how it uses them. `visible` tells what a name is.
    pub fn check(&self, visible: &dyn Fn(&str) -> Option<Kind>) -> (Vec<Mention>, Vec<Fault>) {
        match machinery::parse(&self.source, NAME, engine::syntax()) {
            Ok(root) => check::template(&root, &self.source, visible),
            Err(error) => (Vec::new(), vec![Fault::syntax(&error, &self.source)]),
        }
    }

    /// What it prints without a fence.
    #[must_use]
    pub fn raw_prints(&self) -> &[RawPrint] {
        self.found.raw_prints.get_or_init(|| {
            machinery::parse(&self.source, NAME, engine::syntax())
                .map_or_else(|_| Vec::new(), |root| raw::prints(&root, &self.source))
        })
    }

    /// The most that it can print, given the most that its names can hold.
    #[must_use]
    pub fn size(&self, sizes: &Sizes<'_>) -> Size {
        let read = || {
            machinery::parse(&self.source, NAME, engine::syntax())
                .map_or_else(|_| Formula::default(), |root| Formula::of_template(&root))
        };
        self.found.size.get_or_init(read).size(sizes)
    }

    pub fn render(&self, scope: &Scope) -> Result<String, RenderError> {
        let template = self.environment()?.get_template(NAME).map_err(|e| RenderError::of(&e))?;
        let text = template.render(scope.context()).map_err(|e| RenderError::of(&e))?;
        if text.len() > RENDERED_SIZE_MAX {
            return Err(RenderError(format!("gave more than {} MiB of text", RENDERED_SIZE_MAX >> 20)));
        }
        Ok(text)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.source).finish()
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

// === impl Expression ===

impl Expression {
    /// Reads `source`; a fault carries the byte range inside it.
    pub fn compile(source: &str) -> Result<Self, Fault> {
        machinery::parse_expr(source).map_err(|e| Fault::syntax(&e, source))?;
        Ok(Self { source: source.into(), found: Arc::default() })
    }

    fn compiled(&self) -> Result<&minijinja::Expression<'static, 'static>, RenderError> {
        let compile = || engine::base().compile_expression_owned(self.source.to_string());
        let compiled = self.found.compiled.get_or_init(|| compile().map_err(|e| RenderError::of(&e)));
        compiled.as_ref().map_err(Clone::clone)
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The same as [`Template::check`].
    pub fn check(&self, visible: &dyn Fn(&str) -> Option<Kind>) -> (Vec<Mention>, Vec<Fault>) {
        match machinery::parse_expr(&self.source) {
            Ok(root) => check::expression(&root, &self.source, visible),
            Err(error) => (Vec::new(), vec![Fault::syntax(&error, &self.source)]),
        }
    }

    /// What an item of its value is, as far as it can be told.
    #[must_use]
    pub fn element(&self, visible: &dyn Fn(&str) -> Option<Kind>) -> Kind {
        machinery::parse_expr(&self.source)
            .map_or(Kind::Any, |root| check::element_of(&root, &self.source, visible))
    }

    /// The most that its value can hold.
    #[must_use]
    pub fn size(&self, sizes: &Sizes<'_>) -> Size {
        let read = || {
            machinery::parse_expr(&self.source)
                .map_or_else(|_| Formula::default(), |root| Formula::of_expression(&root))
        };
        self.found.size.get_or_init(read).size(sizes)
    }

    pub fn holds(&self, scope: &Scope) -> Result<bool, RenderError> {
        self.compiled()?.eval(scope.context()).map(|value| value.is_true()).map_err(|e| RenderError::of(&e))
    }

    /// What it reads of its names, in order.
    #[must_use]
    pub fn readings(&self) -> Vec<parts::Reading> {
        machinery::parse_expr(&self.source)
            .map_or_else(|_| Vec::new(), |root| parts::readings(&root, &self.source))
    }

    /// Why it does not hold: of `a and b`, the first part that does not; of that, each value that it compares, with
    /// its place in the source. A value that cannot be had is left out.
    #[must_use]
    pub fn sides(&self, scope: &Scope) -> Vec<(Range<usize>, Data)> {
        let Ok(root) = machinery::parse_expr(&self.source) else { return Vec::new() };
        let part = |range: &Range<usize>| Self::compile(&self.source[range.clone()]).ok();
        let lost = parts::conjuncts(&root, &self.source)
            .into_iter()
            .find(|range| part(range).is_some_and(|part| !part.holds(scope).unwrap_or(false)))
            .unwrap_or(0..self.source.len());
        let lost_source = &self.source[lost.clone()];
        let Ok(root) = machinery::parse_expr(lost_source) else { return Vec::new() };
        let places = parts::sides(&root, lost_source);
        let values = places.into_iter().filter_map(|range| {
            let value = Self::compile(&lost_source[range.clone()]).ok()?.value(scope).ok()?;
            Some((lost.start + range.start..lost.start + range.end, value))
        });
        values.collect()
    }

    pub fn value(&self, scope: &Scope) -> Result<Data, RenderError> {
        let value = self.compiled()?.eval(scope.context()).map_err(|e| RenderError::of(&e))?;
        Ok(value::from_value(&value))
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

// === impl Found ===

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { compiled: OnceLock::new(), size: OnceLock::new(), raw_prints: OnceLock::new() }
    }
}

// === impl Scope ===

impl Scope {
    /// Adds a name; a later one of the same name hides an earlier one.
    pub fn set(&mut self, name: impl Into<String>, data: Data) {
        self.names.push((name.into(), data));
    }

    fn context(&self) -> minijinja::Value {
        minijinja::Value::from_object(value::Names(
            self.names.iter().map(|(name, data)| (name.clone(), value::to_value(data))).collect(),
        ))
    }
}

// === impl RenderError ===

impl RenderError {
    fn of(error: &minijinja::Error) -> Self {
        use minijinja::ErrorKind;
        Self(match error.kind() {
            ErrorKind::OutOfFuel => "ran out of fuel".to_owned(),
            ErrorKind::UndefinedError => "used a value that is not there".to_owned(),
            kind => format!("failed: {kind}"),
        })
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
