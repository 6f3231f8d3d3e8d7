package deletion

import (
	"context"
	"errors"
	"time"

	"github.com/grafana/loki/v3/pkg/compactor/deletion/deletionproto"
	"github.com/grafana/loki/v3/pkg/storage/stores/shipper/indexshipper/storage"
)

// errNoSQLite is the answer to a configuration that asks for it: SQLite, translated to Go, would be most of the build.
var errNoSQLite = errors.New("this Loki is built without SQLite: leave delete_request_store_db_type at boltdb")

// userCacheGen is what the stores hand over of a user's cache.
type userCacheGen struct {
	userID, cacheGen string
}

// deleteRequestsStoreSQLite is never made.
type deleteRequestsStoreSQLite struct{ DeleteRequestsStore }

func newDeleteRequestsStoreSQLite(string, storage.Client, time.Duration) (*deleteRequestsStoreSQLite, error) {
	return nil, errNoSQLite
}

func (*deleteRequestsStoreSQLite) isEmpty(context.Context) (bool, error) {
	return false, errNoSQLite
}

func (*deleteRequestsStoreSQLite) copyData(context.Context, []deletionproto.DeleteRequest, []userCacheGen) error {
	return errNoSQLite
}

func (*deleteRequestsStoreSQLite) fixProcessedShardCount(context.Context) error {
	return errNoSQLite
}

// cleanupSQLiteDB has nothing to remove.
func cleanupSQLiteDB(string, storage.Client) error {
	return nil
}
