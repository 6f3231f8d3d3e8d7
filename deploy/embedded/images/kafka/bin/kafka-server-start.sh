#!/bin/sh
# A broker lives long: let the compiler do its best, unlike in the short-lived tools.
KAFKA_JVM_PERFORMANCE_OPTS=${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseG1GC -Djava.awt.headless=true}
export KAFKA_JVM_PERFORMANCE_OPTS
exec "$(dirname "$(readlink -f "$0")")/kafka-run-class.sh" kafka.Kafka "$@"
