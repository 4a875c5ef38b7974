package storenode

import (
	"strconv"
	"strings"
	"time"

	"gantry/remoting/properties"
	"gantry/storenode/store"
)

// deleteHours reads deleteWhen: `04` or `04;16`.
func (c Config) deleteHours() ([]int, error) {
	var hours []int
	for word := range strings.SplitSeq(c.DeleteWhen, ";") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		hour, err := strconv.Atoi(word)
		if err != nil || hour < 0 || hour > 23 {
			return nil, properties.Refuse("deleteWhen", c.DeleteWhen, "has no hour of the day (00 to 23) in %q", word)
		}
		hours = append(hours, hour)
	}
	return hours, nil
}

// retention is what decides when files of the commit log go. Validate has seen c.
func (c Config) retention() store.Retention {
	hours, _ := c.deleteHours()
	return store.Retention{
		DeleteWhen: hours, FileReservedTime: time.Duration(c.FileReservedHours) * time.Hour,
		DiskMaxUsedSpaceRatio: c.DiskMaxUsedSpacePercent, DiskSpaceCleanForciblyRatio: c.DiskSpaceCleanPercent,
		DiskSpaceWarningLevelRatio: c.DiskSpaceWarningPercent, DiskFreeBytesMin: c.DiskFreeBytesMin,
		CleanFileForciblyEnable: c.CleanFileForciblyEnable,
	}
}

// setRetention sets what decides when files go. Validate has seen c.
func (c Config) setRetention(s *store.Config) {
	s.Retention = c.retention()
	for to, millis := range map[*time.Duration]int64{
		&s.CleanResourceInterval:            c.CleanResourceMillis,
		&s.DeleteCommitLogFilesInterval:     c.DeleteCommitLogMillis,
		&s.DeleteConsumeQueueFilesInterval:  c.DeleteConsumeQueueMillis,
		&s.RedeleteHangedFileInterval:       c.RedeleteHangedFileMillis,
		&s.DestroyMapedFileIntervalForcibly: c.DestroyFileForciblyMillis,
	} {
		*to = time.Duration(millis) * time.Millisecond
	}
}
