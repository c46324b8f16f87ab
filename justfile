# What there is to do here. `just` lists it.
_list:
    @just --list --unsorted

# everything that must hold before a change is in
test:
    tests/all.sh

# format, lints, documentation
check:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# write what the tests find into fixtures and snapshots; read the change before you commit it
bless:
    ENSC_BLESS=1 INSTA_UPDATE=always cargo test

# with the official clients and a real LiteLLM: all, or one of node, python, litellm; words pick tests by name
clients *words:
    tests/clients/run.sh {{ words }}

# the pages as a book, in target/book
book:
    docs/book/build.sh

# what the daemon adds, beside a bare client and a relay; needs a quiet machine
bench *options:
    cargo bench --locked --bench latency -- {{ options }}

# licences, bans and sources of the crates (needs cargo-deny)
deny:
    cargo deny check licenses bans sources

# the Debian package; `sudo packaging/try.sh PACKAGE` tries it in a fresh Debian
package:
    packaging/deb.sh
