# SERVICE is replaced by the service's name.
path "secret/data/ecotrack/SERVICE" { capabilities = ["read"] }
path "secret/metadata/ecotrack/SERVICE" { capabilities = ["read"] }
path "database/creds/SERVICE" { capabilities = ["read"] }
