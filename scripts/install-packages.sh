#!/usr/bin/env bash
# Installs those of the given things that are missing, with the system's package manager.
#   scripts/install-packages.sh compiler postgresql nginx node python chromium
set -euo pipefail

fail() {
    echo "$*" >&2
    exit 1
}

# A directory counts only if a server can be started from it; many systems have just the client.
# The places are those of crates/persistence/src/private_postgres/locate.rs.
has_postgresql() {
    local directory
    if [ -n "${PG_BINDIR:-}" ]; then
        [ -x "$PG_BINDIR/initdb" ] && [ -x "$PG_BINDIR/postgres" ]
        return
    fi
    for directory in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/libexec/postgresql* \
        /usr/pgsql-*/bin "${HOMEBREW_PREFIX:-/opt/homebrew}"/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql*/bin; do
        if [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
            return 0
        fi
    done
    command -v initdb >/dev/null && command -v postgres >/dev/null
}

has() {
    case $1 in
        compiler) command -v cc >/dev/null ;;
        postgresql) has_postgresql ;;
        # Debian has it where only root looks for programs.
        nginx) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] ;;
        node) command -v node >/dev/null && command -v npm >/dev/null ;;
        # Debian has what a virtual environment needs in a package of its own.
        python) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        chromium)
            command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
                command -v google-chrome >/dev/null || [ -d /Applications/Chromium.app ]
            ;;
        *) fail "unknown: $1 (known: compiler postgresql nginx node python chromium)" ;;
    esac
}

# The names of the packages, by package manager.
packages() {
    case "$1 $2" in
        "apt-get compiler") echo gcc libc6-dev ;;
        "apk compiler") echo build-base ;;
        *" compiler") echo gcc ;;
        "dnf postgresql") echo postgresql-server ;;
        "brew postgresql") echo postgresql@17 ;;
        *" postgresql") echo postgresql ;;
        *" nginx") echo nginx ;;
        "brew node") echo node ;;
        *" node") echo nodejs npm ;;
        "apt-get python") echo python3 python3-venv ;;
        "brew python") echo python ;;
        *" python") echo python3 ;;
        "apt-get chromium") if grep -q '^ID=ubuntu' /etc/os-release; then echo chromium-browser; else echo chromium; fi ;;
        *" chromium") echo chromium ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

no_cluster=/etc/postgresql-common/createcluster.d/countersign.conf
no_services=/usr/sbin/policy-rc.d
temporary=()

remove_temporary() {
    as_root rm -f "${temporary[@]}"
}

apt_install() {
    # Debian's package would create and start a server for the whole system, on port 5432. Nobody asked for one, so it is
    # told not to, unless PostgreSQL's packages are here already: then what the system does is its owner's choice.
    if [ ! -e /etc/postgresql-common ]; then
        # For this installation only.
        temporary+=("$no_cluster")
        trap remove_temporary EXIT
        as_root mkdir -p "$(dirname "$no_cluster")"
        echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
    fi
    # Nor did anybody ask for the web server on port 80 that nginx's package would start.
    if [[ " $* " == *" nginx "* ]] && [ ! -e "$no_services" ]; then
        temporary+=("$no_services")
        trap remove_temporary EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$no_services" >/dev/null
        as_root chmod 755 "$no_services"
    fi
    # A container's package lists are empty, and old ones name packages that are gone.
    if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit)" ]; then
        as_root apt-get update
    fi
    if ! apt_get_install "$@"; then
        as_root apt-get update
        apt_get_install "$@"
    fi
    if [[ " $* " == *" nginx "* ]] && command -v systemctl >/dev/null; then
        as_root systemctl disable --quiet nginx.service
    fi
}

apt_get_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

missing=()
for thing in "$@"; do
    has "$thing" || missing+=("$thing")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ -n "${PG_BINDIR:-}" ] && [[ " ${missing[*]} " == *" postgresql "* ]]; then
    fail "PG_BINDIR is $PG_BINDIR, but there are no executables initdb and postgres in it."
fi

manager=
for candidate in apt-get dnf apk brew; do
    if command -v "$candidate" >/dev/null; then
        manager=$candidate
        break
    fi
done
[ -n "$manager" ] || fail "Missing: ${missing[*]}. No apt-get, dnf, apk or brew here to install them: please do it by hand."

names=()
for thing in "${missing[@]}"; do
    read -ra more < <(packages "$manager" "$thing")
    names+=("${more[@]}")
done
if [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "Missing: ${names[*]}. Installing them needs root, and there is no sudo: please do it as root."
fi
echo "Installing what is missing: ${names[*]}"
case $manager in
    apt-get) apt_install "${names[@]}" ;;
    dnf) as_root dnf install --assumeyes "${names[@]}" ;;
    apk) as_root apk add "${names[@]}" ;;
    brew) brew install "${names[@]}" ;;
esac

for thing in "${missing[@]}"; do
    has "$thing" || fail "${names[*]} installed, but $thing is still not found."
done
