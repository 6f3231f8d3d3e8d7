// Package deletion, without what keeps delete requests in SQLite.
package deletion
