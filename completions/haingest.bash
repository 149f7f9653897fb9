# shellcheck shell=bash
# Completion of haingest for bash. Written by haingest-gendocs out of cli/; `make docs` writes it anew.

_haingest_reply() { mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur"); }

_haingest() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' argument='' i options=() words=()
  COMPREPLY=()

  # bash takes "--output=json" for three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $prev in
    -o | --output) _haingest_reply auto table json ndjson csv; return ;;
    --log-format) _haingest_reply text json; return ;;
    --config | --ha-token-file | --db | --ca-file | --save | --api-token-file | --from | --influx-token-file | --influx-password-file | --history-token-file | --history-password-file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
    --ha-url | --columns | --timeout | --where | --max-removals | --prune-after | --influx-url | --influx-org | --influx-bucket | --influx-database | --influx-retention-policy | --influx-username | --tag | --listen | --cors-origin | --allowed-host | --layout | --include | --exclude | --backfill | --durability | --spool-max-bytes | --spool-max-age | --id | --history-to | --history-org | --history-bucket | --history-database | --history-retention-policy | --history-username | --since | --until | --measurement | --strings) return ;;
  esac

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config | --ha-url | --ha-token-file | --db | -o | --output | --columns | --log-format | --timeout | --ca-file | --where | --save | --api-token-file | --from | --max-removals | --prune-after | --influx-url | --influx-token-file | --influx-org | --influx-bucket | --influx-database | --influx-retention-policy | --influx-username | --influx-password-file | --tag | --listen | --cors-origin | --allowed-host | --layout | --include | --exclude | --backfill | --durability | --spool-max-bytes | --spool-max-age | --id | --history-to | --history-token-file | --history-org | --history-bucket | --history-database | --history-retention-policy | --history-username | --history-password-file | --since | --until | --measurement | --strings)
        [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
        ((i++)) ;;
      discover | sync | serve | watch | dead-letters | migrate-from-influx) command=${command:-${COMP_WORDS[i]}} ;;
      devices | entities | areas | floors | labels | config_entries | aliases | states | list | retry | drop) argument=${COMP_WORDS[i]} ;;
    esac
  done
  case $command in
    discover)
      options=(--where --save --stored --config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      [[ -n $argument ]] || words=(devices entities areas floors labels config_entries aliases states)
      ;;
    sync)
      options=(--api-token-file --from -n --dry-run --exit-code --to --max-removals --new-house --prune-after --history --influx-url --influx-token-file --influx-org --influx-bucket --influx-database --influx-retention-policy --influx-username --influx-password-file --tag --config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      ;;
    serve)
      options=(--api-token-file --max-removals --new-house --prune-after --listen --private --cors-origin --allowed-host --watch --no-influx --influx-url --influx-token-file --influx-org --influx-bucket --influx-database --influx-retention-policy --influx-username --influx-password-file --layout --include --exclude --tag --backfill --device-history --durability --spool-max-bytes --spool-max-age --config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      ;;
    watch)
      options=(--max-removals --new-house --prune-after --no-influx --influx-url --influx-token-file --influx-org --influx-bucket --influx-database --influx-retention-policy --influx-username --influx-password-file --layout --include --exclude --tag --backfill --device-history --durability --spool-max-bytes --spool-max-age --config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      ;;
    dead-letters)
      options=(--id --config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      [[ -n $argument ]] || words=(list retry drop)
      ;;
    migrate-from-influx)
      options=(-n --dry-run --max-removals --new-house --prune-after --influx-url --influx-token-file --influx-org --influx-bucket --influx-database --influx-retention-policy --influx-username --influx-password-file --layout --no-sync --history-to --history-token-file --history-org --history-bucket --history-database --history-retention-policy --history-username --history-password-file --since --until --measurement --restart --verify-only --strings --config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      ;;
    *)
      options=(--config --ha-url --ha-token-file --db -o --output --columns -q --quiet -v --verbose --log-format --timeout --ca-file --insecure --show-config -h --help --version)
      words=(discover sync serve watch dead-letters migrate-from-influx)
      ;;
  esac
  if [[ $cur == -* ]]; then _haingest_reply "${options[@]}"; else _haingest_reply "${words[@]}"; fi
}

complete -F _haingest haingest
