#!/bin/sh
# Starts a name server and a broker on this host, to play with; their output goes to ns.log and bk.log here.
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
addr=127.0.0.1:9876
nohup "$bin/gantry" mqnamesrv >ns.log 2>&1 &
nohup "$bin/gantry" mqbroker -n "$addr" >bk.log 2>&1 &
echo "Start Name Server and Broker Successfully, $addr"
