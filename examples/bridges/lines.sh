#!/bin/sh
# A bridge out of process in shell, with curl and openssl (3.0 or newer): each line on standard input is a
# report, signed with the bridge's own key. RELAY_URL, RELAY_BRIDGE and RELAY_KEY_FILE: see README.md.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM INT

say() { printf 'lines: %s\n' "$1" >&2; } # never a word of a report

# Prints the status (000 for no answer), and puts the seconds of Retry-After into a file.
post() {
  now=$(date +%s)
  { printf '%s.%s.' "$1" "$now"; cat "$folder/body"; } >"$folder/signed"
  signature=$(openssl pkeyutl -sign -inkey "$RELAY_KEY_FILE" -rawin -in "$folder/signed" | base64 | tr -d '\n')
  curl --silent --max-time 20 --output /dev/null --dump-header "$folder/headers" --write-out '%{http_code}' \
    --header 'Content-Type: application/json' --header "Authorization: Signed $RELAY_BRIDGE" \
    --header "webhook-id: $1" --header "webhook-timestamp: $now" --header "webhook-signature: v1a,$signature" \
    --data-binary "@$folder/body" "$RELAY_URL/v1/reports" || true
}

# Send it until it is stored; the same id at every attempt makes it one report.
hand_on() {
  id=$(printf %s "$1" | openssl dgst -sha256 -r | cut -c1-32)
  text=$(printf %s "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')
  printf '{"text": "%s"}' "$text" >"$folder/body"
  pause=1
  while :; do
    status=$(post "$id")
    after=$(tr -d '\r' <"$folder/headers" | sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9][0-9]*\)$/\1/p' | head -n 1)
    case $status in
      202) return 0 ;;
      401 | 403) say 'the relay does not know this key; see README.md'; exit 1 ;;
      408 | 429 | 5* | 000) sleep "${after:-$pause}"; pause=$((pause < 32 ? pause * 2 : 60)) ;;
      *) say "a line was refused with $status and is passed by"; return 0 ;;
    esac
  done
}

while IFS= read -r line || [ -n "$line" ]; do
  if [ -n "$line" ]; then hand_on "$line"; fi
done
