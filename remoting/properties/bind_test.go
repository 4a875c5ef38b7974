package properties_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gantry/remoting/properties"
)

type flushDiskType string

func (f *flushDiskType) UnmarshalText(text []byte) error {
	switch t := flushDiskType(text); t {
	case "ASYNC_FLUSH", "SYNC_FLUSH":
		*f = t
		return nil
	}
	return errors.New("neither ASYNC_FLUSH nor SYNC_FLUSH")
}

type paths struct {
	Root string `property:"storePathRootDir,path"`
}

type store struct {
	paths
	FlushDiskType      flushDiskType `property:"flushDiskType"`
	FileReservedHours  int           `property:"fileReservedTime"`
	DiskRatio          float64       `property:"diskMaxUsedSpaceRatio"`
	MaxMessageBytes    int32         `property:"maxMessageSize"`
	FlushIntervalMills int64         `property:"flushIntervalCommitLog"`
	ListenPort         int           `property:"listenPort"`
	NotAProperty       string
}

type node struct {
	BrokerName string `property:"brokerName"`
	Cluster    string `property:"brokerClusterName"`
	BrokerID   int64  `property:"brokerId"`
	AutoCreate bool   `property:"autoCreateTopicEnable"`
	ListenPort int    `property:"listenPort"`
	Namesrv    string `property:"namesrvAddr"`
}

func bind(t testing.TB, text string, o properties.Options, targets ...any) properties.Findings {
	t.Helper()
	entries, err := properties.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o.File = "broker.conf"
	return properties.Bind(entries, o, targets...)
}

func TestFieldsOfSeveralStructsAreSetFromOneFile(t *testing.T) {
	s, n := store{FileReservedHours: 72}, node{BrokerID: -1, AutoCreate: true}
	found := bind(t, `
		storePathRootDir=/data
		flushDiskType=SYNC_FLUSH
		diskMaxUsedSpaceRatio=87.5
		maxMessageSize=65536
		flushIntervalCommitLog=-500
		listenPort=10911
		brokerName=a b
		brokerId=0
		autoCreateTopicEnable=FALSE
		namesrvAddr=h1:9876;h2:9876`, properties.Options{}, &s, &n)
	if len(found) != 0 {
		t.Errorf("found %v", found)
	}
	if want := (store{paths{"/data"}, "SYNC_FLUSH", 72, 87.5, 65536, -500, 10911, ""}); s != want {
		t.Errorf("got %+v", s)
	}
	if want := (node{"a b", "", 0, false, 10911, "h1:9876;h2:9876"}); n != want {
		t.Errorf("got %+v", n)
	}
}

func TestFindingsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		text, want string
		severity   properties.Severity
		kind       properties.Kind
		suggestion string
	}{
		{"flushDiskTyp=ASYNC_FLUSH", "flushDiskTyp: unknown key, ignored; did you mean flushDiskType?", properties.Warning, properties.UnknownKey, "flushDiskType"},
		{"borkerId=1", "borkerId: unknown key, ignored; did you mean brokerId?", properties.Warning, properties.UnknownKey, "brokerId"},
		{"BROKERNAME=a", "BROKERNAME: unknown key, ignored; did you mean brokerName?", properties.Warning, properties.UnknownKey, "brokerName"},
		{"sendThredNum=1", "sendThredNum: unknown key, ignored; did you mean sendThreadNums?", properties.Warning, properties.UnknownKey, "sendThreadNums"},
		{"abortFile=x", "abortFile: unknown key, ignored", properties.Warning, properties.UnknownKey, ""},
		{"brokerId=0 # 0 is the master", `brokerId: "# 0 is the master" is part of the value; write brokerId=0 and put the comment on a line of its own`, properties.Error, properties.BadValue, "0"},
		{"autoCreateTopicEnable=true\t! yes", `autoCreateTopicEnable: "! yes" is part of the value; write autoCreateTopicEnable=true and put the comment on a line of its own`, properties.Error, properties.BadValue, "true"},
		{"flushDiskType=SYNC_FLUSH #", `flushDiskType: "#" is part of the value; write flushDiskType=SYNC_FLUSH and put the comment on a line of its own`, properties.Error, properties.BadValue, "SYNC_FLUSH"},
		{"brokerClusterName=tom # same everywhere", `brokerClusterName: "# same everywhere" is part of the value; a comment needs a line of its own`, properties.Warning, properties.CommentInValue, "tom"},
		{"brokerId=x # y", `brokerId: "x # y" is not a whole number up to 9223372036854775807; write digits only, without a unit`, properties.Error, properties.BadValue, ""},
		{"maxMessageSize=4194304000", `maxMessageSize: "4194304000" is not a whole number up to 2147483647; write digits only, without a unit`, properties.Error, properties.BadValue, ""},
		{"maxMessageSize=4M", `maxMessageSize: "4M" is not a whole number up to 2147483647; write digits only, without a unit`, properties.Error, properties.BadValue, ""},
		{"diskMaxUsedSpaceRatio=75%", `diskMaxUsedSpaceRatio: "75%" is not a number; write one like 0.75`, properties.Error, properties.BadValue, ""},
		{"autoCreateTopicEnable=yes", `autoCreateTopicEnable: "yes" is neither true nor false`, properties.Error, properties.BadValue, ""},
		{"flushDiskType=SYNC", `flushDiskType: "SYNC" is neither ASYNC_FLUSH nor SYNC_FLUSH`, properties.Error, properties.BadValue, ""},
		{"listenPort=10911 ", "listenPort: blanks behind the value are left out", properties.Warning, properties.BlankAtEnd, "10911"},
		{"mapedFileSizeCommitLog=1", "mapedFileSizeCommitLog: ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeCommitLog", properties.Warning, properties.OldSpelling, "mappedFileSizeCommitLog"},
		{"mapedFileSizeConsumeQueue=1", "mapedFileSizeConsumeQueue: ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeConsumeQueue", properties.Warning, properties.OldSpelling, "mappedFileSizeConsumeQueue"},
		{"sendThreadNums=128", "sendThreadNums: has no effect: requests have no threads of their own", properties.Notice, properties.WithoutEffect, ""},
		{"sendThreadNums=128 # many", "sendThreadNums: has no effect: requests have no threads of their own", properties.Notice, properties.WithoutEffect, ""},
		{"sendThreadNums=many", `sendThreadNums: "many" is not a whole number up to 2147483647; write digits only, without a unit; it has no effect: requests have no threads of their own`, properties.Warning, properties.WithoutEffect, ""},
		{"aclEnable=True", "aclEnable: nobody would be checked", properties.Error, properties.WithoutEffect, ""},
		{"storePathRootDir=$NOWHERE/a", `storePathRootDir: $NOWHERE in "$NOWHERE/a" is not set; set it or write the path out`, properties.Error, properties.UnsetVariable, ""},
		{"storePathRootDir=/a/${no.where}/b", `storePathRootDir: ${no.where} in "/a/${no.where}/b" is not set; set it or write the path out`, properties.Error, properties.UnsetVariable, ""},
	} {
		options := properties.Options{Unbound: map[string]properties.Unbound{
			"sendThreadNums": {Type: properties.Int, Harmless: []string{"1"}, Message: "has no effect: requests have no threads of their own"},
			"aclEnable":      {Type: properties.Bool, Harmless: []string{"false"}, Message: "nobody would be checked", Severity: properties.Error},
		}}
		found := bind(t, "\n"+test.text, options, &store{}, &node{})
		if len(found) != 1 {
			t.Errorf("%s: found %v", test.text, found)
			continue
		}
		f := found[0]
		if got := f.Error(); got != "broker.conf:2: "+test.want {
			t.Errorf("%s:\n got %s\nwant broker.conf:2: %s", test.text, got, test.want)
		}
		if f.Severity != test.severity || f.Kind != test.kind || f.Suggestion != test.suggestion {
			t.Errorf("%s: got %+v", test.text, f)
		}
		if stops := found.Err() != nil; stops != (test.severity == properties.Error) {
			t.Errorf("%s: Err is %v", test.text, found.Err())
		}
	}
}

func TestWhatAsksForNothingIsNotReported(t *testing.T) {
	options := properties.Options{Unbound: map[string]properties.Unbound{
		"aclEnable": {Type: properties.Bool, Harmless: []string{"false"}, Message: "nobody would be checked", Severity: properties.Error},
	}}
	if found := bind(t, "aclEnable=False", options, &store{}); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestTheLastOfAKeyCountsAndIsReported(t *testing.T) {
	var s store
	found := bind(t, "fileReservedTime=none\nmaxMessageSize=1\nfileReservedTime=48\nfileReservedTime=24", properties.Options{}, &s)
	if s.FileReservedHours != 24 || found.Err() != nil {
		t.Errorf("got %d, %v", s.FileReservedHours, found)
	}
	want := "[broker.conf:3: fileReservedTime: given twice, first in line 1; the last one counts " +
		"broker.conf:4: fileReservedTime: given twice, first in line 3; the last one counts]"
	if got := fmt.Sprint(found); got != want {
		t.Errorf("got %s", got)
	}
}

func TestBadValueLeavesTheFieldAndEveryOneIsTold(t *testing.T) {
	s := store{FileReservedHours: 72}
	found := bind(t, "maxMessageSize=x\nfileReservedTime=y\nbrokerNane=a", properties.Options{}, &s, &node{})
	if s.FileReservedHours != 72 {
		t.Errorf("got %d", s.FileReservedHours)
	}
	err := found.Err()
	var one *properties.Finding
	if !errors.As(err, &one) || one.Line != 1 || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("got %v", err)
	}
}

func TestVariablesInPathsAreReplaced(t *testing.T) {
	lookup := func(name string) (string, bool) {
		value, ok := map[string]string{"ROCKETMQ_HOME": "/opt/mq", "user.home": "/home/u", "EMPTY": ""}[name]
		return value, ok
	}
	for text, want := range map[string]string{
		"$ROCKETMQ_HOME/store":        "/opt/mq/store",
		"${ROCKETMQ_HOME}store":       "/opt/mqstore",
		"${user.home}/a/${user.home}": "/home/u/a//home/u",
		"/a$/b$$ROCKETMQ_HOME${}${":   "/a$/b$/opt/mq${}${",
		"/plain":                      "/plain",
		"$EMPTY/store":                "",
	} {
		var s store
		found := bind(t, "storePathRootDir="+text, properties.Options{Lookup: lookup}, &s)
		if s.Root != want || (want == "") != (found.Err() != nil) {
			t.Errorf("%s: got %q, %v", text, s.Root, found)
		}
	}
	var n node
	if found := bind(t, "brokerName=$ROCKETMQ_HOME", properties.Options{Lookup: lookup}, &n); n.BrokerName != "$ROCKETMQ_HOME" || len(found) != 0 {
		t.Errorf("what is no path stays: got %q, %v", n.BrokerName, found)
	}
}

func TestSystemLookupKnowsTheEnvironmentAndJavasHome(t *testing.T) {
	t.Setenv("GANTRY_TEST_DIR", "/x")
	t.Setenv("HOME", "/home/u")
	for name, want := range map[string]string{"GANTRY_TEST_DIR": "/x", "user.home": "/home/u"} {
		if got, ok := properties.SystemLookup(name); !ok || got != want {
			t.Errorf("%s: got %q, %t", name, got, ok)
		}
	}
	if _, ok := properties.SystemLookup("GANTRY_TEST_NOT_SET"); ok {
		t.Error("an unset variable has a value")
	}
}

func TestStructsAreWrittenAsTextThatReadsBack(t *testing.T) {
	s := store{paths{"/data"}, "SYNC_FLUSH", 72, 0.75, 65536, 500, 10911, "x"}
	text := properties.Append(nil, properties.Entries(&s, &node{BrokerName: "a", AutoCreate: true, ListenPort: 1}))
	want := "autoCreateTopicEnable=true\nbrokerClusterName=\nbrokerId=0\nbrokerName=a\ndiskMaxUsedSpaceRatio=0.75\n" +
		"fileReservedTime=72\nflushDiskType=SYNC_FLUSH\nflushIntervalCommitLog=500\nlistenPort=10911\nmaxMessageSize=65536\n" +
		"namesrvAddr=\nstorePathRootDir=/data\n"
	if string(text) != want {
		t.Errorf("got %s", text)
	}
	var again store
	bind(t, string(text), properties.Options{}, &again)
	if s.NotAProperty = ""; again != s {
		t.Errorf("got %+v", again)
	}
}

func TestConfigurationsFromTheField(t *testing.T) {
	for file, want := range map[string]string{
		"000-02-broker-b-id1": "12: storePathRootDir: $ROCKETMQ_HOME in \"$ROCKETMQ_HOME/srote/b\" is not set; set it or write the path out",
		"001-02-broker-a-id1": `1: brokerClusterName: "# 集群名称必须相同" is part of the value; a comment needs a line of its own|` +
			`3: brokerId: "# 1代表Slave" is part of the value; write brokerId=1 and put the comment on a line of its own`,
		"003-11-rocketmq-broker-m1-id0": "21: mapedFileSizeCommitLog: ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeCommitLog|" +
			"23: mapedFileSizeConsumeQueue: ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeConsumeQueue|" +
			"57: storePathRootDir: given twice, first in line 37; the last one counts",
		"003-12-rocketmq-broker-m1-id1": "21: mapedFileSizeCommitLog: ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeCommitLog|" +
			"23: mapedFileSizeConsumeQueue: ignored, as since RocketMQ 4.5.2; the key is now mappedFileSizeConsumeQueue|" +
			"51: flushDiskTyp: unknown key, ignored; did you mean flushDiskType?|" +
			"58: storePathRootDir: given twice, first in line 37; the last one counts",
	} {
		text, err := os.ReadFile(fieldConfigs + "/" + file + ".properties")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range bind(t, string(text), properties.Options{}, &store{}, &node{}) {
			if f.Kind != properties.UnknownKey || f.Suggestion != "" {
				got = append(got, strings.TrimPrefix(f.Error(), "broker.conf:"))
			}
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s:\n got %s\nwant %s", file, strings.Join(got, "\n     "), want)
		}
	}
}

// fieldConfigs has what operators type.
const fieldConfigs = "../../testdata/field-configs"

func TestEveryConfigurationFromTheFieldIsRead(t *testing.T) {
	files, err := filepath.Glob(fieldConfigs + "/*.properties")
	if err != nil || len(files) != 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var n node
		bind(t, string(text), properties.Options{}, &store{}, &n)
		if n.BrokerName == "" {
			t.Errorf("%s: no broker name", file)
		}
	}
}
