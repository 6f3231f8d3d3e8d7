#!/bin/bash
# Adds the password to the configuration, where no other user and no process list shows it.
set -euo pipefail
umask 077
cp /scripts/redis.conf /data/redis.conf
printf 'requirepass %s\n' "$(</auth/password)" >>/data/redis.conf
exec redis-server /data/redis.conf
