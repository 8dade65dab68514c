#!/usr/bin/env bash
# The image of the Dockerfile, built and tried without a container engine: a small Debian from debootstrap as its base, buildah in a chroot to build it,
# and a learner's commands inside. As root, with debootstrap and buildah installed; minutes, and about 6 GB for each suite.
#
#   scripts/container_test.sh [SUITE ...]       Debian's suites, bookworm and trixie by default
#
# For a network of its own kind: MIRROR chooses Debian's mirror, pip's variables (PIP_INDEX_URL, PIP_CERT, ...) hold inside too, and OPTIONS is passed on to
# buildah, as in OPTIONS="--volume /etc/ssl/certs:/etc/ssl/certs:ro".
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in debootstrap buildah; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install debootstrap buildah" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "debootstrap and a chroot need root" >&2; exit 2; }
[ $# -gt 0 ] || set -- bookworm trixie
read -ra options <<<"${OPTIONS:-}"
place=$(mktemp -d /var/tmp/mechgrade-container.XXXXXX)
trap 'rm -rf "$place"' EXIT
buildah() { command buildah --root "$place/storage" --runroot "$place/run" --storage-driver vfs "$@"; }

# What Git would check out, with the changes that are not committed.
mkdir -p "$place/course"
git ls-files -z | tar -c --null -T - --ignore-failed-read | tar -x -C "$place/course"

failed=()
for suite in "$@"; do
    echo "=== $suite"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$place/base" "${MIRROR:-http://deb.debian.org/debian}" >"$place/log" ||
        { tail -20 "$place/log"; exit 3; }
    base=$(buildah from scratch)
    buildah add -q "$base" "$place/base" / >/dev/null
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
    for name in "${!PIP_@}"; do
        buildah config --env "$name=${!name}" "$base"
    done
    buildah commit -q "$base" "localhost/debian:$suite" >/dev/null
    buildah rm "$base" >/dev/null
    rm -rf "$place/base"
    buildah bud --isolation chroot --build-arg BASE="localhost/debian:$suite" "${options[@]}" -t "mechgrade:$suite" "$place/course"
    image=$(buildah from "localhost/mechgrade:$suite")
    inside() { buildah run --isolation chroot "${options[@]}" "$image" -- "$@"; }
    inside python -c 'import platform, torch; print("Python", platform.python_version(), "torch", torch.__version__)'
    for command in "mechgrade doctor" "mechgrade grade solutions --strict --plain" "make grade VENV=/opt/venv LEARNER= EXERCISE=find_heads"; do
        echo "--- $command"
        read -ra words <<<"$command"
        inside "${words[@]}" || failed+=("$suite: $command")
    done
    buildah rm --all >/dev/null
    buildah rmi --all --force >/dev/null
done
if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "all passed: $*"
