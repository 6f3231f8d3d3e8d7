#!/bin/bash
# Topics and rights, as the registry of events says who tells and who listens. Can be run again at any time.
set -euo pipefail
umask 077
broker=kafka.data.svc.cluster.local
port=9093
side_by_side=3
cat >/tmp/client.properties <<CONFIG
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="$(</users/admin)";
ssl.truststore.type=PEM
ssl.truststore.location=/certs/ca.crt
CONFIG

# Cheaper than a Java start that finds nobody; the Job's deadline ends it.
until (exec 3<>"/dev/tcp/$broker/$port") 2>/dev/null; do sleep 1; done

as_admin="--bootstrap-server $broker:$port --command-config /tmp/client.properties"
topic() { echo "kafka-topics.sh $as_admin --create --if-not-exists --partitions 3 --replication-factor 1 --topic $1"; }
allow() { echo "kafka-acls.sh $as_admin --add --force --allow-principal User:$1 ${*:2}"; }
writes() { allow "$1" --operation Write --operation Describe "${@:2}"; }
reads() { allow "$1" --operation Read --operation Describe "${@:2}"; }

{
  for name in user-events order-events payment-events notification-events; do
    topic "$name"
    topic "$name.dlt"
  done
  # Its own topic, and the dead letters of what it consumes.
  writes user-service --topic user-events
  writes product-service --topic order-events.dlt
  writes order-service --topic order-events --topic payment-events.dlt
  writes payment-service --topic payment-events
  writes notification-service --topic notification-events --topic user-events.dlt --topic order-events.dlt --topic payment-events.dlt
  reads product-service --group product-service --topic order-events
  reads order-service --group order-service --topic payment-events
  reads notification-service --group notification-service --topic user-events --topic order-events --topic payment-events
  reads conformance --group '*' --topic '*'
} | tr '\n' '\0' | xargs -0 -P "$side_by_side" -I {} bash -fc '/opt/kafka/bin/{}'
