#!/bin/sh
# Starts a sound server of its own for a test: servers.sh jack|pulse|pipewire|alsa
#
# "alsa" is PulseAudio as a program finds it through ALSA's plugin, which PASTREAM_HOST_API makes the default host API.
#
# Prints the environment that clients need, NAME=VALUE, then SERVER_PID=… as its last line. The server ends, and all
# that it kept is removed, when standard input ends: also when the test that holds the other end crashes or is killed.
trap '' INT TERM HUP
folder=$(mktemp -d "${TMPDIR:-/tmp}/pastream-server-XXXXXX") || exit 1
log="$folder/log"
server= helpers= daemon= manager= name= host_api=

# Whether the command succeeds before the server ends, or 15 seconds are over.
ready() {
  tries=0
  while ! eval "$1" >"$folder/ready" 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then return 1; fi
    sleep 0.05
  done
}

finish() {
  for process in $helpers $server; do
    kill -TERM "$process" 2>/dev/null
    kill -CONT "$process" 2>/dev/null # it may have been stopped
    tries=0
    while kill -0 "$process" 2>/dev/null; do
      tries=$((tries + 1))
      [ $tries -eq 40 ] && kill -KILL "$process" 2>/dev/null
      [ $tries -eq 80 ] && break
      sleep 0.05
    done
  done
  [ -n "$name" ] && rm -rf /dev/shm/jack_"${name}"_* /dev/shm/jack_sem.*_"${name}"_*
  rm -rf "$folder"
}

unset PULSE_SERVER

start_jack() { # NAME, options of scheduling
  name=$1
  shift
  # The name is ours until we have removed its files: a test that has killed its server still removes them in its end,
  # and they would be those of another's server. The server keeps the lock, too, if this script is killed.
  command exec 4>"/dev/shm/pastream-$(id -u)-$name.lock" && flock -n 4 || return 1
  # Fewer ports than usual take 40 MB of shared memory instead of 100.
  HOME=$folder jackd "$@" -p 128 -n "$name" -L 2 -d dummy -r 48000 -p 256 >"$log" 2>&1 &
  server=$!
  # The first means that the name was free: another server of that name would answer, too.
  ready "grep -qs 'server starting' $log && JACK_DEFAULT_SERVER=$name jack_lsp | grep -q loopback:playback_2" && return
  kill -KILL "$server" 2>/dev/null
  return 1
}

jack() {
  # JACK has eight places for servers, and gives that of a killed one back only to a server of the same name; so there
  # are few names, which tests that run at the same time share. Realtime scheduling is refused in some places.
  rounds=0
  while [ $rounds -lt 20 ]; do
    for scheduling in "-R -P60" "-r"; do
      for number in 0 1 2 3 4 5; do
        # shellcheck disable=SC2086
        start_jack "pastream-test-$number" $scheduling && return
      done
    done
    rounds=$((rounds + 1))
    sleep 1
  done
  return 1
}

pulse() {
  printf 'pcm.!default { type pulse }\nctl.!default { type pulse }\n' >"$folder/.asoundrc"
  export HOME="$folder" XDG_RUNTIME_DIR="$folder" XDG_CONFIG_HOME="$folder"
  export PULSE_RUNTIME_PATH="$folder" PULSE_STATE_PATH="$folder" PULSE_SERVER="unix:$folder/socket"
  pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --disable-shm=yes --high-priority=no \
    --realtime=no --load="module-native-protocol-unix auth-anonymous=1 socket=$folder/socket" \
    --load="module-null-sink sink_name=loop rate=48000 channels=2 format=float32le" >"$log" 2>&1 &
  server=$!
  ready "pactl list short sources | grep -q loop.monitor" || return 1
  # A null sink whose monitor is not read has a latency of two seconds.
  parec --latency-msec=10 -d loop.monitor >/dev/null 2>&1 &
  helpers=$!
}

alsa() {
  host_api=ALSA
  pulse
}

# Waits for a socket, at most 10 seconds.
appears() {
  tries=0
  while [ ! -S "$1" ] && [ $tries -lt 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
}

# PipeWire, the session manager that it needs, and its server of PulseAudio's protocol, with a bus of their own.
pipewire() {
  export HOME="$folder" XDG_RUNTIME_DIR="$folder" XDG_CONFIG_HOME="$folder" XDG_STATE_HOME="$folder"
  export DBUS_SESSION_BUS_ADDRESS="unix:path=$folder/bus" PULSE_SERVER="unix:$folder/pulse/native"
  unset PULSE_RUNTIME_PATH DISPLAY
  command dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS" >"$log" 2>&1 &
  helpers=$!
  appears "$folder/bus"
  command pipewire >>"$log" 2>&1 &
  daemon=$!
  helpers="$daemon $helpers"
  appears "$folder/pipewire-0"
  command wireplumber >>"$log" 2>&1 &
  manager=$!
  helpers="$manager $helpers"
  command pipewire-pulse >>"$log" 2>&1 &
  server=$!
  ready "pactl info" || return 1
  ready "pactl load-module module-null-sink sink_name=loop rate=48000 channels=2 format=float32le" || return 1
  ready "pactl get-default-sink | grep -q '^loop$' && pactl get-default-source | grep -q loop.monitor"
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}
if ! "$1"; then
  cat "$log" "$folder/ready" >&2
  finish
  exit 1
fi
echo "HOME=$folder"
echo "XDG_CACHE_HOME=$cache" # where a runtime keeps what it has compiled
echo "XDG_RUNTIME_DIR=$folder"
echo "XDG_CONFIG_HOME=$folder"
echo "PULSE_SERVER=${PULSE_SERVER:-unix:$folder/socket}"
echo "PASTREAM_HOST_API=$host_api"
echo "JACK_DEFAULT_SERVER=${name:-pastream-test-none}"
echo "JACK_NO_AUDIO_RESERVATION=1"
echo "PIPEWIRE_PID=$daemon"      # of PipeWire itself,
echo "WIREPLUMBER_PID=$manager" # its session manager; the last is that of its server of PulseAudio's protocol
echo "SERVER_PID=$server"
# A server that a test kills is waited for: JACK takes a process that nobody has waited for as one that lives.
exec 3<&0
trap : USR1
(
  read -r _ <&3
  kill -USR1 $$
) &
reader=$!
wait "$server" 2>/dev/null
wait "$reader"
finish
