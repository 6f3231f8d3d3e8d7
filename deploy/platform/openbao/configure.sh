#!/bin/sh
# Policies, logins, the database engine and the first secrets. Can be run again at any time; an existing secret is never written.
set -eu
services="user-service product-service order-service payment-service notification-service"
outside=provider-sandbox
postgres=postgres.data.svc.cluster.local

# Waits for what starts beside this Job; the Job's deadline ends it, and the last reason is in the log.
until_done() {
  until "$@" >/tmp/answer 2>/tmp/reason; do
    if ! cmp -s /tmp/reason /tmp/told; then cat /tmp/reason >&2; cp /tmp/reason /tmp/told; fi
    sleep 1
  done
}

login_role() { # name, ServiceAccount, namespace, life of its tokens
  bao write "auth/kubernetes/role/$1" audience=openbao token_policies="$1" token_ttl="$4" token_max_ttl="$4" \
    bound_service_account_names="$2" bound_service_account_namespaces="$3"
}

database_role() { # service
  owner=$(echo "$1" | tr - _)
  bao write "database/roles/$1" - <<JSON
{
  "db_name": "ecotrack", "default_ttl": "$DATABASE_LEASE", "max_ttl": "$DATABASE_LEASE",
  "creation_statements": [
    "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE $owner",
    "ALTER ROLE \"{{name}}\" SET role = '$owner'",
    "ALTER ROLE \"{{name}}\" SET search_path = '$owner'"
  ],
  "revocation_statements": [
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'",
    "DROP ROLE IF EXISTS \"{{name}}\""
  ]
}
JSON
}

first_values() { # whose
  bao kv metadata get -mount=secret "ecotrack/$1" >/tmp/answer 2>&1 || bao kv put -mount=secret -cas=0 "ecotrack/$1" "@/first-values/$1.json"
}

until_done bao write -field=token auth/kubernetes/login role=platform jwt=@/identity/token
BAO_TOKEN=$(cat /tmp/answer)
export BAO_TOKEN

until_done bao write database/config/ecotrack plugin_name=postgresql-database-plugin allowed_roles="*-service" \
  username=openbao password=@/postgres/password password_authentication=scram-sha-256 \
  connection_url="postgresql://{{username}}:{{password}}@$postgres:5432/ecotrack?sslmode=verify-full&sslrootcert=/certs/ca.crt"

for service in $services; do
  sed "s/SERVICE/$service/" /configuration/service.hcl | bao policy write "$service" -
  login_role "$service" "$service-sa" ecotrack "$TOKEN_LIFE"
  database_role "$service"
  first_values "$service"
done

# The outside world signs its webhooks with copies of its own. Its login to its database is not made here.
sed "/database/d; s/SERVICE/$outside/" /configuration/service.hcl | bao policy write "$outside" -
login_role "$outside" "$outside-sa" external "$TOKEN_LIFE"
first_values "$outside"

bao policy write conformance /configuration/conformance.hcl
login_role conformance conformance ecotrack-conformance 1h
bao policy write conformance-sabotage /configuration/conformance-sabotage.hcl
login_role conformance-sabotage conformance-sabotage ecotrack-conformance 10m
