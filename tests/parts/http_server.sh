# Sourced by influxdb1, influxdb2 and victoria-metrics: what servers that answer HTTP on one port have in common. Each
# has a function `launch`, which spawns it on that port.
# shellcheck shell=bash
# shellcheck source=tests/parts/common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# unpack PACKAGE FOLDER PROGRAM...: programs of a Debian package. Installing the package would start a server on its
# usual port, open to the network and under the feet of whoever uses one there.
unpack() (
  package=$1
  cd "$2" || exit
  shift 2
  quietly apt-get -q download "$package" || {
    [[ $EUID -eq 0 ]] || die "apt cannot give $package. Try: sudo apt-get update"
    apt-get -q update >&2
    quietly apt-get -q download "$package" || die "apt cannot give $package"
  }
  dpkg-deb --fsys-tarfile ./*.deb | tar --extract --strip-components=3 "${@/#/./usr/bin/}"
  rm -f ./*.deb
)

# ask CURL-ARGUMENT...: of a server on this machine, whatever ~/.curlrc and a proxy in the environment say.
ask() { curl -q --silent --show-error --fail --noproxy '*' --max-time 10 "$@"; }

random_text() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; echo; }

port() { sed 's/.*://' "$dir/url"; }

# Is it the process of $dir that listens there? Another program's answers may look the same.
listens() {
  local socket
  socket=$(awk -v address="$(printf '0100007F:%04X' "$(port)")" \
    '$2 == address && $4 == "0A" { print "socket:[" $10 "]" }' /proc/net/tcp)
  [[ -n $socket ]] && grep -qxF "$socket" <(readlink "/proc/$(<"$dir/pid")/fd/"* 2>/dev/null)
}

ready() { running && listens && ask --output /dev/null "$(<"$dir/url")$health" 2>/dev/null; }
ready_or_gone() { gone || ready; }

# A process is seen as ended when its first thread is; the last one closes its port and files.
threads_gone() {
  local threads=("/proc/$1/task"/*)
  [[ ${#threads[@]} -le 1 ]]
}

# end_server SECONDS: `end`, after which another one can be started on the same port and data.
end_server() {
  local pid=none
  if [[ -s $dir/pid ]]; then pid=$(<"$dir/pid"); fi
  end "$1"
  wait_until 10 threads_gone "$pid" || die "threads of process $pid do not end"
}

# start_server DIR PATH: on the port it had before in DIR, or else on a free one. That was free a moment ago; should
# another program have been faster, try again. It is ready when it answers PATH with 2xx.
start_server() {
  local attempt first=''
  open_folder "$1"
  health=$2
  [[ -s $dir/url ]] || first=yes
  for attempt in 1 2 3; do
    if ! running; then
      if [[ -n $first ]]; then printf 'http://127.0.0.1:%s\n' "$(free_port)" >"$dir/url"; fi
      : >"$dir/output.log"
      launch
    fi
    wait_until 60 ready_or_gone || true
    if ready; then return; fi
    end_server 10
    grep -q 'address already in use' "$dir/output.log" || break
    say "port $(port) was taken (attempt $attempt)"
  done
  [[ -z $first ]] || rm -f "$dir/url"
  tail -n 20 "$dir/output.log" >&2
  die "did not start; all it said: $dir/output.log"
}

stop_server() {
  open_folder "$1"
  end_server 60
}

# What is in its memory alone is lost.
kill_server() {
  open_folder "$1"
  running || die "nothing runs in $dir"
  kill -KILL -- "-$(<"$dir/pid")"
  wait_until 10 gone || true
  end_server 10
}
