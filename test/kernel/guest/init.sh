#!/bin/sh
# The guest's first process. Its root is the machine's, read-only; what is written goes to memory, and to the
# exchange directory. The kernel hands it these as variables, from its command line: repository, exchange, node.
set -e
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t configfs configfs /sys/kernel/config
mount -t debugfs debugfs /sys/kernel/debug
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
# The new /tmp hides a repository below it.
case "$repository" in
/tmp/*)
  mkdir -p "$repository"
  mount -t hostfs -o "ro,$repository" hostfs "$repository"
  ;;
esac
mkdir /tmp/exchange
mount -t hostfs -o "$exchange" hostfs /tmp/exchange
ip link set lo up
cd "$repository"
# What leaves through the console is not a terminal's: no carriage returns.
stty -opost -echo </dev/console
export HOME=/tmp TMPDIR=/tmp
exec "$node" --disable-warning=ExperimentalWarning test/kernel/guest/main.ts
