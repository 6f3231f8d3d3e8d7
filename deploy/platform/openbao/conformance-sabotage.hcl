# Makes logins outlive their leases for a while, to see that somebody notices (negative control `role-left-alive`).
path "database/roles/*" { capabilities = ["read", "update"] }
