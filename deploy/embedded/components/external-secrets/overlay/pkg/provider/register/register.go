// Package register names the providers this platform uses; the others would be most of the build.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/provider/vault"
)
