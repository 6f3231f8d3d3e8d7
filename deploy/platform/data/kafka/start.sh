#!/bin/bash
# Formats the log folder with all users when there is none, then becomes the broker.
set -euo pipefail
umask 077
config=/tmp/server.properties
cp /conf/server.properties "$config"
module=org.apache.kafka.common.security.scram.ScramLoginModule
printf 'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=%s required username="admin" password="%s";\n' "$module" "$(</users/admin)" >>"$config"

format() {
  local users=() user
  for user in /users/*; do
    users+=(--add-scram "SCRAM-SHA-512=[name=${user##*/},password=$(<"$user")]")
  done
  # Whatever lies there was never finished: the file that is looked for is written last.
  rm -rf /data/kafka
  KAFKA_HEAP_OPTS=-Xmx128m /opt/kafka/bin/kafka-storage.sh format --standalone --cluster-id 4L6g3nShTzeMCtKzzX86sw --config "$config" "${users[@]}"
}

[[ -f /data/kafka/meta.properties ]] || format
exec /opt/kafka/bin/kafka-server-start.sh "$config"
