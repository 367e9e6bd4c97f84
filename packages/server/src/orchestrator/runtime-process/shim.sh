# Starts one command and outlives Keelson to write down how it ended.
#
#   sh shim.sh <incarnation folder> session|group|namespace <command> [argument...]
#
# Waiting in a shell costs about a megabyte per instance, a Node process forty. Everything that has
# to hold across kill -9 of Keelson is here: the claim, which only one process ever gets; the join of
# the cgroups (in `prepare`), done by the child itself before it becomes the command, so that nothing
# can be forked outside of them; and the exit code, which only a parent learns.
#
# The environment of the service is this shell's own. Assigning to a variable that came from there
# would hand the new value on to the command, so every name here has a prefix that no service uses.
keelson_shim_folder=$1 keelson_shim_mode=$2
shift 2
# The command keeps the PATH it was given; the few programs used here must be found in any case.
keelson_shim_path=$PATH
PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH

mkdir "$keelson_shim_folder/claim" 2>/dev/null || exit 75

# Signals meant for the command reach its own group; one sent here must not lose the exit code.
trap : HUP INT TERM QUIT USR1 USR2

# Process ids are used again; together with its start time one names a single process. Nothing is
# forked where /proc is: `read` looks at the shell itself.
identify() {
  if [ -r /proc/self/stat ]; then
    IFS= read -r keelson_shim_line </proc/self/stat
    set -- "${keelson_shim_line%% *}" ${keelson_shim_line##*) }
    keelson_shim_pid=$1
    shift 20
    echo "$keelson_shim_pid $1"
  else
    keelson_shim_pid=$(exec sh -c 'echo $PPID')
    echo "$keelson_shim_pid $(ps -o lstart= -p "$keelson_shim_pid")"
  fi
}

# Nobody would find what runs without this file, so on a full disk nothing is started.
run() {
  {
    echo "$keelson_shim_identity"
    identify
  } >"$keelson_shim_folder/pid.new" && mv "$keelson_shim_folder/pid.new" "$keelson_shim_folder/pid" &&
    [ -s "$keelson_shim_folder/pid" ] || exit 74
  if [ "$keelson_shim_mode" = namespace ]; then
    # enter.sh, inside of the namespace, does the rest.
    export keelson_shim_path
  else
    . "$keelson_shim_folder/prepare"
    PATH=$keelson_shim_path
  fi
  exec "$@"
}

keelson_shim_output=$keelson_shim_folder/spool/output
identify >"$keelson_shim_folder/shim.new"
IFS= read -r keelson_shim_identity <"$keelson_shim_folder/shim.new"
rm -f "$keelson_shim_folder/shim.new"
if [ "$keelson_shim_mode" = group ]; then
  # Without setsid(1), as on macOS, job control gives the command a process group of its own.
  set -m
  (run "$@") </dev/null >>"$keelson_shim_output" 2>&1 &
  keelson_shim_child=$!
  # A trapped signal ends the wait early, with the child still there.
  while :; do
    wait "$keelson_shim_child"
    keelson_shim_code=$?
    kill -0 "$keelson_shim_child" 2>/dev/null || break
  done
else
  # Not in the background: a shell starts what runs there with SIGINT and SIGQUIT ignored, and then
  # `stop_signal: SIGINT` does nothing.
  (run "$@") </dev/null >>"$keelson_shim_output" 2>&1
  keelson_shim_code=$?
fi
[ "$keelson_shim_code" != 74 ] || [ -s "$keelson_shim_folder/pid" ] || exit 74

# A full disk takes no text, but mostly still a symbolic link, whose text lies in its inode. Where
# not even that can be made it is tried until there is room, or nobody waits for it any more.
record_exit() {
  if echo "$keelson_shim_code" >"$keelson_shim_folder/exit.new" &&
    [ -s "$keelson_shim_folder/exit.new" ]; then
    mv "$keelson_shim_folder/exit.new" "$keelson_shim_folder/exit"
  else
    ln -s "$keelson_shim_code" "$keelson_shim_folder/exit"
  fi
} 2>/dev/null
until record_exit; do
  [ -d "$keelson_shim_folder" ] || break
  sleep 1
done
