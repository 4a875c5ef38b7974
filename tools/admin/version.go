package admin

import "fmt"

// Ordinals of MQVersion: from 4.0 on each minor release has ten patches, each
// with a snapshot before it.
const (
	firstRegular = 212 // V4_0_0_SNAPSHOT
	perMinor     = 20
	perMajor     = 10 * perMinor
	higher       = 612 // HIGHER_VERSION
)

// VersionName is what a version's number is called (MQVersion.getVersionDesc);
// versions before 4.0 are numbers here.
func VersionName(ordinal int32) string {
	switch {
	case ordinal >= higher:
		return "HIGHER_VERSION"
	case ordinal < firstRegular:
		return fmt.Sprintf("V3(%d)", ordinal)
	}
	n := ordinal - firstRegular
	name := fmt.Sprintf("V%d_%d_%d", 4+n/perMajor, n%perMajor/perMinor, n%perMinor/2)
	if n%2 == 0 {
		name += "_SNAPSHOT"
	}
	return name
}
