# Sourced by influxdb1 and influxdb18: what every InfluxDB 1.x is started with. Each has a function `install`, which
# prints the folder with influxd, and `installed`.
# shellcheck shell=bash
# shellcheck source=tests/parts/http_server.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/http_server.sh"

# What stands on top of the script, behind its first line.
usage() { sed -n '2,/^#$/s/^# //p' "$0" >&2; exit 2; }

# The first address is for backups of the whole server, which nobody makes here.
launch() {
  cat >"$dir/influxdb.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "$dir/meta"
[data]
  dir = "$dir/data"
  wal-dir = "$dir/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:$(port)"
  auth-enabled = $(if [[ -s $dir/password ]]; then echo true; else echo false; fi)
  log-enabled = false
[monitor]
  store-enabled = false
CONF
  spawn "$program" -config "$dir/influxdb.conf"
}

sql() { ask --output /dev/null "${@:2}" --data-urlencode "q=$1" "$(<"$dir/url")/query"; }
as_administrator() { sql 'SHOW USERS' --user "$(<"$dir/user"):$(<"$dir/password")"; }

# Whoever comes first may make the first user.
make_administrator() {
  as_administrator 2>/dev/null && return
  sql "CREATE USER \"$(<"$dir/user")\" WITH PASSWORD '$(<"$dir/password")' WITH ALL PRIVILEGES"
  as_administrator || die "the administrator of $dir is not let in"
}

start() {
  program=$(install)/influxd
  if [[ ${2-} == auth && ! -e $1/url ]]; then
    mkdir -p "$1"
    (umask 077; random_text >"$1/password")
    echo admin >"$1/user"
  fi
  start_server "$1" /ping
  if [[ -s $dir/password ]]; then make_administrator; fi
  cat "$dir/url"
}

# The script's arguments.
carry_out() {
  case ${1-}/$#/${3-} in
    start/2/ | start/3/auth) start "${@:2}" ;;
    stop/2/) stop_server "$2" ;;
    kill/2/) kill_server "$2" ;;
    install/1/) install >/dev/null ;;
    installed/1/) installed ;;
    *) usage ;;
  esac
}
