# Changes and deletes secrets at the source, and ends database logins, to see that the platform follows.
path "secret/data/ecotrack/*" { capabilities = ["create", "read", "update", "delete"] }
path "secret/metadata/ecotrack/*" { capabilities = ["read", "list", "delete"] }
path "secret/delete/ecotrack/*" { capabilities = ["update"] }
path "secret/undelete/ecotrack/*" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "sys/leases/lookup/database/creds/*" { capabilities = ["list", "sudo"] }
path "sys/leases/revoke" { capabilities = ["update"] }
path "sys/leases/revoke-prefix/database/creds/*" { capabilities = ["update", "sudo"] }
path "database/roles/*" { capabilities = ["read"] }
