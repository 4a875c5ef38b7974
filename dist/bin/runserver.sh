#!/bin/sh
# Starts the name server, as mqnamesrv does. There is no JVM: JAVA_HOME and JAVA_OPT may be set here, and have no effect.
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
JAVA_OPT="${JAVA_OPT} -server -Xms4g -Xmx4g"
case $1 in
*.NamesrvStartup) role=mqnamesrv && shift ;;
*.BrokerStartup) role=mqbroker && shift ;;
*) role=mqnamesrv ;;
esac
exec "$bin/gantry" "$role" "$@"
