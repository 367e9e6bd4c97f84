#!/bin/sh
# Makes the image keelson/busybox:local from this machine's busybox, without a registry.
# Uses the engine that DOCKER_HOST names, as the docker command does.
set -eu

image=${1:-keelson/busybox:local}
busybox=$(command -v busybox) || {
  echo 'busybox is not installed: apt-get install busybox-static' >&2
  exit 1
}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/www" "$root/proc" "$root/sys" "$root/dev"
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
# A dynamically linked busybox needs its libraries too.
for library in $(ldd "$busybox" 2>/dev/null | grep -o '/[^ ]*' || true); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"

tar -C "$root" -c . |
  docker import --change 'CMD ["/bin/sh"]' --change 'ENV PATH=/bin' - "$image" > /dev/null
echo "made $image"
