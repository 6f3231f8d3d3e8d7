#!/bin/sh
# Runs a class of Kafka with the options the official scripts honour.
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseSerialGC -XX:TieredStopAtLevel=1} \
  ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$home/config/log4j2.yaml} ${KAFKA_OPTS} \
  -cp "${CLASSPATH:+$CLASSPATH:}$home/libs/*" "$@"
