# Runs a command beside a running instance: in its control groups and in its working directory.
#
#   sh join.sh <working directory> [<file cgroup.procs>...] -- <command> [argument...]
cd "$1" || exit 126
shift
while [ "$1" != -- ]; do
  { echo 0 >"$1"; } 2>/dev/null
  shift
done
shift
exec "$@"
