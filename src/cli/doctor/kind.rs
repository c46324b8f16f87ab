//! Everything that `ensc doctor` can find: a closed table, and the only place where a finding has its code, its level and
//! its advice. `docs/doctor.md` is made of it.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth a look; questions are answered.
    Warn,
    /// Questions fail, or something else happens than the files say.
    Wrong,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Daemon,
    Litellm,
    Models,
    Handles,
    Files,
    Unit,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub code: &'static str,
    pub name: &'static str,
    pub part: Part,
    pub level: Level,
    /// What is so.
    pub means: &'static str,
    /// What to do.
    pub advice: &'static str,
}

// === impl Row ===

impl Row {
    /// What `ensc explain` shows of its code.
    #[must_use]
    pub fn page(&self) -> String {
        let Self { code, name, part, level, means, advice } = self;
        let (part, level) = (part.word(), level.word());
        format!(
            "## {code} · {name}\n\nA finding of `ensc doctor` ({part}, {level}): {means}.\n\nWhat to do: {advice}.\n"
        )
    }
}

// === impl Level ===

impl Level {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Wrong => "wrong",
        }
    }
}

// === impl Part ===

impl Part {
    pub const ALL: [Self; 6] =
        [Self::Daemon, Self::Litellm, Self::Models, Self::Handles, Self::Files, Self::Unit];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Litellm => "litellm",
            Self::Models => "models",
            Self::Handles => "handles",
            Self::Files => "files",
            Self::Unit => "unit",
        }
    }
}

// === impl Kind ===

impl Kind {
    /// The one with this code, in any case.
    #[must_use]
    pub fn with_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.row().code.eq_ignore_ascii_case(code))
    }
}

/// Makes the kinds of the lines of the table, in their order.
macro_rules! table {
    ($($kind:ident: $code:literal $name:literal, $part:ident, $level:ident, $means:literal, $advice:literal;)*) => {
        /// What can be found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($kind,)*
        }

        impl Kind {
            /// In the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its line of the table.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$kind => Row {
                        code: $code,
                        name: $name,
                        part: Part::$part,
                        level: Level::$level,
                        means: $means,
                        advice: $advice,
                    },)*
                }
            }
        }
    };
}

// What is so, then what to do.
table! {
    DaemonDown: "D001" "daemon-down", Daemon, Wrong,
        "nobody answers on the daemon's port",
        "start it with `systemctl start optillm-proxy`; why it ended stands in `journalctl -u optillm-proxy -n 50`";
    AnotherServer: "D002" "another-server", Daemon, Wrong,
        "something else than `ensc serve` answers on the daemon's port",
        "`ss -ltnp` names the process; stop it, then `systemctl restart optillm-proxy`";
    CallerKey: "D003" "caller-key", Daemon, Wrong,
        "the daemon refuses the key of its callers that we have",
        "set OPTILLM_API_KEY as in the unit's environment file, for LiteLLM and for this command";
    OpenPort: "D004" "open-port", Daemon, Wrong,
        "the daemon's port is open on another address than 127.0.0.1",
        "whoever reaches it can use every model: find who listens there with `ss -ltnp` and stop it";
    NotReady: "D005" "not-ready", Daemon, Wrong,
        "the daemon is up, and LiteLLM did not answer it",
        "see what is said of LiteLLM; if that is sound, the daemon was started with another `--base-url`";
    Stale: "D006" "stale", Daemon, Wrong,
        "the daemon's last reload failed: it serves what it read before",
        "mend what `ensc check` says, then `systemctl reload optillm-proxy`";
    OtherVersion: "D007" "other-version", Daemon, Warn,
        "the daemon is of another version than this command",
        "`systemctl restart optillm-proxy` starts the binary that is installed";
    OtherPlan: "D008" "other-plan", Daemon, Wrong,
        "a handle runs another plan than the files say",
        "`systemctl reload optillm-proxy`; or look at other files, with `--ensembles`";
    MissingHandle: "D009" "missing-handle", Daemon, Wrong,
        "the daemon does not serve a handle of the files",
        "`systemctl reload optillm-proxy`; or look at other files, with `--ensembles`";
    ExtraHandle: "D010" "extra-handle", Daemon, Warn,
        "the daemon serves a handle that the files do not have",
        "`systemctl reload optillm-proxy`; or look at other files, with `--ensembles`";
    LitellmDown: "D101" "litellm-down", Litellm, Wrong,
        "nobody answers at the base URL",
        "start LiteLLM, or correct `base_url` and `--base-url`";
    NoLitellm: "D102" "no-litellm", Litellm, Wrong,
        "what answers at the base URL is not LiteLLM",
        "correct `base_url` and `--base-url`: every call goes through LiteLLM";
    KeyMissing: "D103" "key-missing", Litellm, Wrong,
        "LiteLLM wants a key, and OPENAI_API_KEY is not set",
        "set OPENAI_API_KEY in the unit's environment file, and for this command";
    KeyRefused: "D104" "key-refused", Litellm, Wrong,
        "LiteLLM refuses the key in OPENAI_API_KEY",
        "take a key that LiteLLM knows: its master key, or one made by it";
    LitellmOld: "D105" "litellm-old", Litellm, Wrong,
        "LiteLLM is older than 1.98",
        "install 1.98 or later: older ones show a broken stream as a whole answer, and some repeat every failure";
    VersionUnknown: "D106" "version-unknown", Litellm, Warn,
        "LiteLLM does not say its version",
        "see that `litellm --version` says 1.98 or later";
    PageUnread: "D107" "page-unread", Litellm, Warn,
        "a page of LiteLLM could not be read, so something was not looked at",
        "look at LiteLLM's log; a key that may see `/v1/models` and `/v1/model/info` shows more";
    GoneClients: "D108" "gone-clients", Litellm, Wrong,
        "LiteLLM's file lacks a setting that holds for all handles: `cancel_on_disconnect: true`, and that its health check skips them",
        "`ensc sync litellm` writes both, then restart LiteLLM: without them a client that leaves stops nothing, and a health check runs every ensemble";
    UnknownModel: "D201" "unknown-model", Models, Wrong,
        "LiteLLM does not know a model that an ensemble asks",
        "load it (`ovctl ensemble` or `mlxctl ensemble`, with the handle), add it to LiteLLM's `model_list`, or name another in the `.ens` file";
    SmallerLimit: "D202" "smaller-limit", Models, Wrong,
        "LiteLLM gives a model less context or output than its `model` block says",
        "write LiteLLM's number in `models.ens`: calls that are planned larger are refused";
    LargerLimit: "D203" "larger-limit", Models, Warn,
        "LiteLLM gives a model more context or output than its `model` block says",
        "write LiteLLM's number in `models.ens`, unless less is meant";
    Loop: "D204" "loop", Models, Wrong,
        "LiteLLM sends a member's calls back to this daemon",
        "give the model its own server in LiteLLM's `model_list`: the daemon refuses such calls";
    Memory: "D205" "memory", Models, Wrong,
        "the models of a handle need more memory than its tier has",
        "take a smaller model or one less: models that do not fit together push each other out";
    FallsBackHere: "D206" "falls-back-here", Models, Warn,
        "LiteLLM's file lets a handle of ours answer when a member fails",
        "take the handle out of the line that is named, then restart LiteLLM: the daemon asks without fallbacks, but who asks the member by name gets an ensemble that asks it again";
    AliasHere: "D207" "alias-here", Models, Wrong,
        "an alias in LiteLLM's file sends a member's calls to a handle of ours",
        "take the alias out of `model_group_alias`, then restart LiteLLM: the daemon refuses calls that come back to it";
    NotRouted: "D301" "not-routed", Handles, Wrong,
        "LiteLLM does not know a handle",
        "`ensc export litellm --write` its file, then restart LiteLLM";
    RoutedElsewhere: "D302" "routed-elsewhere", Handles, Wrong,
        "LiteLLM sends a handle to something else than this daemon",
        "`ensc export litellm --write` its file, then restart LiteLLM; an entry by hand with this name must go";
    AskedAgain: "D303" "asked-again", Handles, Wrong,
        "LiteLLM would run a failed ensemble again, or take its handle out of service",
        "`ensc export litellm --write` its file (`num_retries: 0`, `cooldown_time: 0`), then restart LiteLLM";
    ShortTimeout: "D304" "short-timeout", Handles, Wrong,
        "LiteLLM gives up on a handle before its own deadline",
        "`ensc export litellm --write` its file, then restart LiteLLM: a timeout of LiteLLM is tried again by clients";
    Canary: "D305" "canary", Handles, Wrong,
        "a probe through LiteLLM was not answered by this daemon",
        "if it says 401, LiteLLM was started with another OPTILLM_API_KEY; else see LiteLLM's log";
    Replaced: "D306" "replaced", Handles, Wrong,
        "LiteLLM's file lets another model answer when a handle fails",
        "take the line that is named out, then restart LiteLLM: who stands in for whom is said in the ensemble, by `else`, and told in the receipt";
    Renamed: "D307" "renamed", Handles, Wrong,
        "an alias in LiteLLM's file sends a handle elsewhere, or an `opt-` name to what is no handle",
        "take the alias out of `model_group_alias`, then restart LiteLLM: who asks for an ensemble must get it";
    Registry: "D401" "registry", Files, Wrong,
        "the handles registry differs from the ensembles",
        "`ensc sync handles` writes it";
    Router: "D402" "router", Files, Wrong,
        "LiteLLM's file differs from the ensembles",
        "`ensc sync litellm` writes it, then restart LiteLLM";
    Env: "D403" "env", Files, Warn,
        "the environment file's variables differ from the ensembles",
        "`sudo ensc sync env` writes it; secrets in it stay";
    EnsemblesMd: "D404" "ensembles-md", Files, Wrong,
        "the document that `mlxctl` reads differs from the ensembles",
        "`ensc sync ensembles-md` writes it";
    WarmProfiles: "D405" "warm-profiles", Files, Wrong,
        "a warm profile of `ovctl` differs from the ensembles",
        "`ensc sync warm-profiles` writes them";
    Provider: "D406" "provider", Files, Wrong,
        "OptiLLM's `proxy_config.yaml` is not LiteLLM alone",
        "take other providers out, then `ensc sync optillm`: every call goes through LiteLLM";
    Documents: "D407" "documents", Files, Warn,
        "a document of the platform differs from the ensembles",
        "`ensc sync docs` writes them";
    FileUnread: "D408" "file-unread", Files, Warn,
        "a file of the platform cannot be read, so it was not looked at",
        "run `sudo ensc doctor` if it is root's; else mend what is said of it";
    OldProfile: "D409" "old-profile", Files, Warn,
        "there is a warm profile for a handle that no ensemble has",
        "`rm` it if nobody else wants it: `ovctl` would still load its models";
    NoUnit: "D501" "no-unit", Unit, Warn,
        "there is no unit of the daemon",
        "install `systemd/optillm-proxy.service`, or name it with `--unit`";
    UnitFlags: "D502" "unit-flags", Unit, Wrong,
        "the unit starts something else than `ensc serve`, or with flags that it does not take",
        "correct `ExecStart`, then `systemctl daemon-reload` and `systemctl restart optillm-proxy`";
    UnitElsewhere: "D503" "unit-elsewhere", Unit, Wrong,
        "the unit's flags say another port or LiteLLM than the settings",
        "correct `ExecStart` or `ensc.toml`, then `systemctl daemon-reload` and `systemctl restart optillm-proxy`";
    UnitEnv: "D504" "unit-env", Unit, Warn,
        "the unit does not read the environment file",
        "write `EnvironmentFile=` with its path into the unit, then `systemctl daemon-reload` and `systemctl restart optillm-proxy`";
    NotReloaded: "D505" "not-reloaded", Unit, Warn,
        "the unit was changed after systemd had read it",
        "`systemctl daemon-reload`, then `systemctl restart optillm-proxy`";
    NoBinary: "D506" "no-binary", Unit, Wrong,
        "the binary that `ExecStart` names is not there, or cannot be run",
        "install `ensc` where it is looked for, or write its whole path into `ExecStart`, then `systemctl daemon-reload`";
    OtherBinary: "D507" "other-binary", Unit, Warn,
        "the unit starts a binary of another version than this command",
        "install one version of `ensc` in both places, then `systemctl restart optillm-proxy`";
    OldBinary: "D508" "old-binary", Unit, Warn,
        "the daemon runs another binary than the one that the unit would start now",
        "`systemctl restart optillm-proxy`";
    NotRun: "D509" "not-run", Unit, Warn,
        "systemd does not run the unit",
        "`systemctl status optillm-proxy` says why; what answers on the port was started by somebody else";
    UnitRefused: "D510" "unit-refused", Unit, Wrong,
        "systemd cannot use the unit",
        "`systemd-analyze verify` with the unit's path says why; a masked one needs `systemctl unmask optillm-proxy`";
}
