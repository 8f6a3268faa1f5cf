# What one does with this repository. `just ci` is what CI runs; the other recipes are its stages.

# List the recipes
default:
    @just --list

# All of CI, or the stages that are named
ci *stages:
    .ci/run {{ stages }}

# The tests, on the embedded endpoint
test:
    .ci/run test

# Formatting, lints, documentation, dependencies
lint:
    .ci/run fmt clippy doc deny

# The scenarios on LocalStack, without Docker
localstack:
    .ci/run localstack

# The figures of the README
bench:
    .ci/run bench

# The demo, in release
demo *options:
    cargo run --release -- demo {{ options }}

# Write the committed schemas anew
schema:
    cargo run --release --quiet -- schema > pipeline/schema/pipeline-v1.schema.json
    cargo run --release --quiet -- schema --events > cli/schema/events-v1.schema.json
