package nameserver

import (
	"strings"
	"testing"
	"testing/synctest"

	"gantry/remoting/properties"
	"gantry/remoting/protocol"
)

func TestSettingsAreToldAndChangedWhileTheNameServerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{FixedSettings: []properties.Entry{{Key: "listenPort", Value: "9876"}}})
		p := w.connect()
		p.register(broker("C", "a", 0, 1, topic("T", 4, 6)))
		p.must(protocol.PutKVConfig, protocol.PutKVConfigRequest{Namespace: NamespaceOrderTopicConfig, Key: "T", Value: "a:4"}, nil)
		p.wantBody("orderMessageEnable=false\nsupportActingMaster=false\nlistenPort=9876\n", protocol.GetNamesrvConfig, nil, nil)
		ordered := func() bool {
			return strings.Contains(string(p.must(protocol.GetRouteInfoByTopic, routeOf("T"), nil).Body), `"orderTopicConf":"a:4"`)
		}
		if ordered() {
			t.Error("a route is ordered before orderMessageEnable is set")
		}
		p.must(protocol.UpdateNamesrvConfig, nil, []byte("orderMessageEnable=true\n"))
		p.wantBody("orderMessageEnable=true\nsupportActingMaster=false\nlistenPort=9876\n", protocol.GetNamesrvConfig, nil, nil)
		if !ordered() {
			t.Error("a route is not ordered after orderMessageEnable is set")
		}
	})
}

func TestSettingsThatCannotBeChangedAreRefusedAndNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWorld(t, Config{}).connect()
		const changeable = "; nothing was changed, what can be is orderMessageEnable, supportActingMaster"
		for body, want := range map[string]*protocol.Error{
			"kvConfigPath=/tmp/x":                       {Code: protocol.NoPermission, Remark: "Can not update config path"},
			"configStorePath=/tmp/x":                    {Code: protocol.NoPermission, Remark: "Can not update config path"},
			"orderMessageEnable=true\nlistenPort=1":     {Code: protocol.SystemError, Remark: "listenPort: is changed by a restart only" + changeable},
			"orderMessageEnable=true\nordermessage=yes": {Code: protocol.SystemError, Remark: "ordermessage: unknown key, ignored" + changeable},
			"orderMessageEnabel=true":                   {Code: protocol.SystemError, Remark: "orderMessageEnabel: unknown key, ignored; did you mean orderMessageEnable?" + changeable},
			"orderMessageEnable=maybe":                  {Code: protocol.SystemError, Remark: `orderMessageEnable: "maybe" is neither true nor false` + changeable},
		} {
			p.wantError(want.Code, want.Remark, protocol.UpdateNamesrvConfig, nil, []byte(body))
		}
		p.must(protocol.UpdateNamesrvConfig, nil, nil) // as Java's: nothing to change
		p.wantBody("orderMessageEnable=false\nsupportActingMaster=false\n", protocol.GetNamesrvConfig, nil, nil)
	})
}
