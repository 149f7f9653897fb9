# Sourced by the scripts beside it: one cache for what is installed, one way to run a process that belongs to a folder.
# shellcheck shell=bash

# A failure inside $(...) ends the script, too; above all an installation must not be taken for finished then.
shopt -s inherit_errexit

# shellcheck disable=SC2034 # for those scripts
parts_here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
parts_cache=${HAINGEST_PARTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/haingest-parts}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# The mounts that the command behind it makes are its own and end with it. In a chroot whose / is no mount point the
# kernel refuses to set how mounts spread; there they spread as that machine has it.
own_mounts=(unshare --mount)
"${own_mounts[@]}" true 2>/dev/null || own_mounts+=(--propagation unchanged)

# Debian packages: installs those that are missing.
need_packages() {
  local package missing=()
  for package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $EUID -eq 0 ]] || die "needs the packages ${missing[*]}. Try: sudo apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  apt-get -q -o DPkg::Lock::Timeout=600 update >&2
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
    install --no-install-recommends "${missing[@]}" >&2
}

# quietly COMMAND...: shows what it prints only when it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [[ $status -eq 0 ]] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# install_once NAME FUNCTION: prints the folder that FUNCTION filled, now or earlier. FUNCTION gets a temporary
# folder; only a finished one gets its name, and the lock makes a second caller wait for the first.
install_once() {
  local name=$1 fill=$2 lock folder=$parts_cache/$1
  if [[ ! -d $folder ]]; then
    mkdir -p "$parts_cache"
    exec {lock}>"$folder.lock"
    flock "$lock"
    if [[ ! -d $folder ]]; then
      rm -rf --one-file-system "$folder".tmp.*
      local partial
      partial=$(mktemp -d "$folder.tmp.XXXXXX")
      chmod 755 "$partial"
      say "installing $name into $parts_cache (once, some minutes)"
      "$fill" "$partial" >&2
      mv "$partial" "$folder"
    fi
    exec {lock}>&-
  fi
  printf '%s\n' "$folder"
}

# have_installed NAME: whether install_once has filled it, for tests that must not wait for that.
have_installed() { [[ -d $parts_cache/$1 ]] || die "not installed. Try: tests/parts/install"; }

# have_commands COMMAND...: the same for what comes from Debian packages.
have_commands() {
  local command
  for command; do
    command -v "$command" >/dev/null || die "no $command here. Try: tests/parts/install"
  done
}

# The name under which a requirements file's content is installed: another content, another folder.
install_name() {
  printf '%s-%.12s\n' "$(basename "$1" .txt)" "$(sha256sum "$1")"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# open_folder DIR: makes it, its absolute path becomes $dir, and the commands on it take turns.
open_folder() {
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  exec {dir_lock}>"$dir/.lock"
  flock -w 600 "$dir_lock" || die "another command holds $dir/.lock"
}

# spawn COMMAND...: starts it in a session of its own, with a clean environment; $dir/pid and $dir/output.log. It does
# not outlive the process HAINGEST_PART_OWNER, however that one ends.
spawn() {
  setsid env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$dir" LANG=C.UTF-8 HAINGEST_PART="$dir" "$@" \
    </dev/null >>"$dir/output.log" 2>&1 {dir_lock}>&- &
  echo $! >"$dir/pid"
  wait_until 10 begun $! # until then it has this script's environment
  if [[ -n ${HAINGEST_PART_OWNER-} ]]; then
    # A killed process that nobody has waited for still has its number; so it is asked for its state.
    # shellcheck disable=SC2016 # expanded by that shell
    setsid sh -c 'while kill -0 "$1"; do
        grep -q "^State:[[:space:]]*[^ZX]" "/proc/$2/status" || kill -s KILL -- "-$1"
        sleep 1
      done' sh $! "$HAINGEST_PART_OWNER" </dev/null >/dev/null 2>&1 {dir_lock}>&- &
  fi
}

# Is the process of $dir alive? (A stale pid may by now be somebody else's: ask its environment.)
running() {
  [[ -s $dir/pid ]] && grep -qzxF "HAINGEST_PART=$dir" "/proc/$(<"$dir/pid")/environ" 2>/dev/null
}

begun() { running || ! kill -0 "$1" 2>/dev/null; }

# wait_until SECONDS COMMAND...: false when COMMAND has not come true by then.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || return 1
    sleep 0.1
  done
}

gone() { ! running; }

# end SECONDS: ends the process of $dir and all it started: politely, then, after so many seconds, by force.
end() {
  if running; then
    local pid
    pid=$(<"$dir/pid")
    kill -TERM "$pid"
    wait_until "$1" gone || say "$pid did not end by itself and is killed"
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait_until 10 gone || die "process $pid does not end"
  fi
  rm -f "$dir/pid"
}
