# The second half of shim.sh, for an instance with a mount namespace of its own (namespace.ts): it
# runs inside, and becomes the command.
#
#   unshare --mount sh enter.sh <incarnation folder> <command> [argument...]
keelson_shim_folder=$1
shift
. "$keelson_shim_folder/prepare"
PATH=$keelson_shim_path
unset keelson_shim_path
exec "$@"
