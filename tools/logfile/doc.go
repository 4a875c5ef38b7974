// Package logfile is where the official commands log: the file that a
// logback_*.xml of the release's conf names, in lines as RocketMQ writes them,
// rolled over by size and age into numbered, compressed files. The XML is
// RocketMQ's own kind, so that what operators change in it, the folder above all,
// has its effect here.
//
// It is no logback: of the file it reads one appender, its rolling and the level.
// Several processes may write one log, as the brokers of one host do.
package logfile
