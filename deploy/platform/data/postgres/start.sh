#!/bin/bash
# Makes the cluster when there is none, then becomes PostgreSQL.
set -euo pipefail
data=/data/pg
unfinished=/data/unfinished

make_cluster() {
  rm -rf "$unfinished"
  initdb -D "$unfinished" -U postgres --auth-local=trust --auth-host=scram-sha-256 --data-checksums --encoding=UTF8 --locale=C.UTF-8
  pg_ctl -D "$unfinished" -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
  psql -qX -v ON_ERROR_STOP=1 -h /tmp -U postgres -f /scripts/bootstrap.sql
  pg_ctl -D "$unfinished" -w stop
  printf '%s\n' 'local all all trust' 'hostssl all all all scram-sha-256' >"$unfinished/pg_hba.conf"
  mv "$unfinished" "$data"
}

[[ -d $data ]] || make_cluster
# A mounted volume's files are made group-writable, which PostgreSQL refuses.
chmod 0700 "$data"
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp \
  -c ssl=on -c ssl_cert_file=/certs/tls.crt -c ssl_key_file=/certs/tls.key -c ssl_min_protocol_version=TLSv1.2 \
  -c password_encryption=scram-sha-256 -c wal_level=replica -c synchronous_commit=on \
  -c shared_buffers=64MB -c max_connections=150 -c log_timezone=UTC -c timezone=UTC
