//! The techniques and prompts that come with the language, as text. They are `.ens` like any other: what they do can be
//! read (`ensc explain --prelude moa`), copied and changed.

/// One file of the prelude.
#[derive(Clone, Copy, Debug)]
pub struct PreludeFile {
    /// As it is shown in places: `prelude/panel.ens`.
    pub name: &'static str,
    pub text: &'static str,
}

/// Every file, in the order of the manual.
pub const FILES: &[PreludeFile] = &[
    PreludeFile { name: "prelude/panel.ens", text: include_str!("prelude/panel.ens") },
    PreludeFile { name: "prelude/sampling.ens", text: include_str!("prelude/sampling.ens") },
    PreludeFile { name: "prelude/steps.ens", text: include_str!("prelude/steps.ens") },
    PreludeFile { name: "prelude/loops.ens", text: include_str!("prelude/loops.ens") },
    PreludeFile { name: "prelude/choosing.ens", text: include_str!("prelude/choosing.ens") },
    PreludeFile { name: "prelude/texts.ens", text: include_str!("prelude/texts.ens") },
    PreludeFile { name: "prelude/prompts.ens", text: include_str!("prelude/prompts.ens") },
];
