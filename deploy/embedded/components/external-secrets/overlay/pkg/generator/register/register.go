// Package register names the generators this platform uses.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/generator/password"
	_ "github.com/external-secrets/external-secrets/pkg/generator/vault"
)
