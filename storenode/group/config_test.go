package group

import (
	"errors"
	"log/slog"
	"os"
	"testing"

	"gantry/storenode/configfile"
	"gantry/storenode/configfile/configtest"
)

const path = "/store/config/t.json"

var quiet = slog.New(slog.DiscardHandler)

func openConfigs(t *testing.T, fsys *configtest.FS, config ConfigsConfig) *Configs {
	t.Helper()
	c, err := OpenConfigs(fsys, path, config, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// golden puts a file of the real broker where the table reads it.
func golden(t *testing.T, name string) *configtest.FS {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	fsys := &configtest.FS{}
	fsys.Set(path, string(text))
	return fsys
}

// The file was written by a broker 4.9.7 on which the group g was made by use.
func TestGroupsAreThoseOfTheBroker497(t *testing.T) {
	version, want := openConfigs(t, golden(t, "subscriptionGroup-4.9.7.json"), DefaultConfigsConfig()).Snapshot()
	own := openConfigs(t, &configtest.FS{}, DefaultConfigsConfig())
	if _, err := own.Find([]byte("g")); err != nil {
		t.Fatal(err)
	}
	ownVersion, got := own.Snapshot()
	if version.Counter != 1 || ownVersion.Counter != 1 || len(got) != len(want) {
		t.Errorf("versions %v and %v, %d and %d groups", version, ownVersion, len(want), len(got))
	}
	for name, config := range want {
		if got[name] == nil || *got[name] != *config {
			t.Errorf("%s: got %+v, want %+v", name, got[name], config)
		}
	}
}

func TestGroupsAreMadeByUseOnlyWhereAllowed(t *testing.T) {
	config := DefaultConfigsConfig()
	config.AutoCreateSubscriptionGroup = false
	c := openConfigs(t, &configtest.FS{}, config)
	if _, err := c.Find([]byte("g")); !errors.Is(err, ErrGroupNotExist) || c.Get([]byte("g")) != nil {
		t.Errorf("got %v", err)
	}
	if got, err := c.Find([]byte("CID_RMQ_SYS_x")); err != nil || *got != NewConfig("CID_RMQ_SYS_x") {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := c.Find([]byte("TOOLS_CONSUMER")); err != nil || got == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAGroupIsUpdatedKeptAndTold(t *testing.T) {
	fsys, told := &configtest.FS{}, ""
	config := DefaultConfigsConfig()
	config.OnChange = func(c *Config) { told = c.Name }
	first := openConfigs(t, fsys, config)
	wanted := NewConfig("g")
	wanted.ConsumeEnable, wanted.RetryMaxTimes = false, 3
	if err := first.Update(wanted); err != nil || told != "g" {
		t.Fatal(err, told)
	}
	if err := first.Flush(); err != nil {
		t.Fatal(err)
	}
	second := openConfigs(t, fsys, DefaultConfigsConfig())
	if got := second.Get([]byte("g")); got == nil || *got != wanted {
		t.Errorf("got %+v", got)
	}
	if string(first.JSON()) != string(second.JSON()) {
		t.Errorf("%s\n%s", first.JSON(), second.JSON())
	}
}

func TestTooManyGroupsAreRefused(t *testing.T) {
	c := openConfigs(t, &configtest.FS{}, ConfigsConfig{AutoCreateSubscriptionGroup: true, MaxGroups: 8})
	if _, err := c.Find([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Find([]byte("b")); !errors.Is(err, configfile.ErrTableFull) {
		t.Errorf("got %v", err)
	}
}
