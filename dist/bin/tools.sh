#!/bin/sh
# Runs mqadmin; a first argument that is the name of its Java class counts for nothing.
# It finds the folder it lies in, through links and PATH too; ROCKETMQ_HOME is that folder's parent unless it is set.
self=$0
case $self in
*/*) ;;
*) [ -e "$self" ] || self=$(command -v -- "$self") ;;
esac
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in
  /*) self=$link ;;
  *) self=$(dirname "$self")/$link ;;
  esac
done
bin=$(CDPATH= cd -- "$(dirname -- "$self")" && pwd) || exit 1
[ -n "$ROCKETMQ_HOME" ] || ROCKETMQ_HOME=$(dirname "$bin")
export ROCKETMQ_HOME
case $1 in
*.MQAdminStartup) shift ;;
esac
exec "$bin/gantry" mqadmin "$@"
