//! What holds for a handle, and where each of it comes from.

use std::sync::{Arc, LazyLock};

use crate::source::Sources;
use crate::syntax::ast;

use super::Setting;
use super::options;
use super::roles::{Role, Roles};

/// An option with the layer that set it.
#[derive(Clone, Debug)]
pub struct Inherited<'a> {
    pub setting: &'a ast::Setting,
    pub layer: Arc<str>,
    /// Written in the block of a step around: its `timeout` is that of each call, not of the handle.
    pub is_near: bool,
}

/// Options first, in the order of the layers, then roles by name; built-ins last.
pub fn settings(sources: &Sources, roles: &Roles, inherited: &[Inherited<'_>]) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    // What is allowed changes nothing about what happens.
    for option in inherited.iter().filter(|option| option.setting.name.text != options::ALLOW) {
        let name = &option.setting.name.text;
        settings.retain(|setting| *setting.name != **name);
        settings.push(Setting {
            name: name.as_str().into(),
            value: short(sources.text(option.setting.value.span())).into(),
            layer: Arc::clone(&option.layer),
            place: sources.place(option.setting.span).into(),
            role: false,
        });
    }
    for (name, filled) in roles {
        settings.push(Setting {
            name: name.as_str().into(),
            value: match &filled.role {
                Role::Text(text) => short(&format!("{text:?}")).into(),
                role => role.to_string().into(),
            },
            layer: Arc::clone(&filled.layer),
            place: sources.place(filled.span).into(),
            role: true,
        });
    }
    let missing = BUILT_IN
        .iter()
        .filter(|built_in| !inherited.iter().any(|option| option.setting.name.text == *built_in.name));
    settings.extend(missing.cloned().collect::<Vec<_>>());
    settings
}

/// What holds where nobody has said anything. Shared by all handles.
static BUILT_IN: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    let settings = [
        ("timeout", "5m"),
        ("handle", "\"opt-{name}-{profile}-{tier}\""),
        ("retries", "2"),
        ("history", "full"),
        ("need", "half of the members, rounded up"),
        ("grace", "none: stragglers are awaited until the deadline"),
        ("max_tokens", "8k for steps that are not final, at most the model's `max_output`"),
    ];
    let setting = |(name, value): (&str, &str)| Setting {
        name: name.into(),
        value: value.into(),
        layer: "built in".into(),
        place: "".into(),
        role: false,
    };
    settings.into_iter().map(setting).collect()
});

/// One line, at most 60 characters.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
