ui = false
cluster_name = "ecotrack"
api_addr = "https://openbao.openbao.svc.cluster.local:8200"
cluster_addr = "https://openbao.openbao.svc.cluster.local:8201"

storage "raft" {
  path = "/data"
  node_id = "openbao-0"
}

listener "tcp" {
  address = "0.0.0.0:8200"
  tls_cert_file = "/certs/tls.crt"
  tls_key_file = "/certs/tls.key"
}

seal "static" {
  current_key_id = "1"
  current_key = "file:///unseal/key"
}

audit "file" "stdout" {
  options {
    file_path = "stdout"
  }
}

# Done once, at the first start. Everything that may change later is configure.sh's.
initialize "engines" {
  request "key-value" {
    operation = "update"
    path = "sys/mounts/secret"
    data = {
      type = "kv"
      options = { version = "2" }
    }
  }
  request "database" {
    operation = "update"
    path = "sys/mounts/database"
    data = { type = "database" }
  }
}

initialize "login" {
  request "kubernetes" {
    operation = "update"
    path = "sys/auth/kubernetes"
    data = { type = "kubernetes" }
  }
  request "reviewer" {
    operation = "update"
    path = "auth/kubernetes/config"
    data = { kubernetes_host = "https://kubernetes.default.svc" }
  }
  request "platform-policy" {
    operation = "update"
    path = "sys/policies/acl/platform"
    data = {
      policy = <<-POLICY
        path "sys/policies/acl/*" { capabilities = ["create", "read", "update"] }
        path "auth/kubernetes/role/*" { capabilities = ["create", "read", "update"] }
        path "database/config/*" { capabilities = ["create", "read", "update"] }
        path "database/roles/*" { capabilities = ["create", "read", "update"] }
        path "secret/data/ecotrack/*" { capabilities = ["create"] }
        path "secret/metadata/ecotrack/*" { capabilities = ["read"] }
      POLICY
    }
  }
  request "platform-role" {
    operation = "update"
    path = "auth/kubernetes/role/platform"
    data = {
      bound_service_account_names = "openbao-configure"
      bound_service_account_namespaces = "openbao"
      audience = "openbao"
      token_policies = "platform"
      token_ttl = "10m"
      token_max_ttl = "10m"
    }
  }
}
