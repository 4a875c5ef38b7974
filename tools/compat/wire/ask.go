package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"
)

// AskVersion is the version that questions carry, which no release has. The server takes it for a new 4.9.
const AskVersion = 411

// AskTimeout bounds one question, the connection included.
const AskTimeout = 5 * time.Second

// Ask opens a connection to address, sends one request and returns its reply. A reply whose code is not 0 is no error.
func Ask(ctx context.Context, address string, code int, fields map[string]string, body []byte) (*Frame, error) {
	dialer := net.Dialer{Timeout: AskTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(AskTimeout)); err != nil {
		return nil, fmt.Errorf("set a deadline on %s: %w", address, err)
	}
	request, err := Append(nil, Header{Code: code, Language: "JAVA", Version: AskVersion, Opaque: 1, ExtFields: fields}, body)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(request); err != nil {
		return nil, fmt.Errorf("send code %d to %s: %w", code, address, err)
	}
	in := bufio.NewReader(conn)
	for {
		frame, err := Read(in)
		if err != nil {
			return nil, fmt.Errorf("read the reply to code %d from %s: %w", code, address, err)
		}
		if frame.IsResponse() && frame.Opaque == 1 {
			return frame, nil
		}
	}
}

// Route is the part of a topic's route that the checks use.
type Route struct {
	Brokers []struct {
		Name      string            `json:"brokerName"`
		Cluster   string            `json:"cluster"`
		Addresses map[string]string `json:"brokerAddrs"`
	} `json:"brokerDatas"`
	Queues []struct {
		Broker      string `json:"brokerName"`
		Perm        int    `json:"perm"`
		ReadQueues  int    `json:"readQueueNums"`
		WriteQueues int    `json:"writeQueueNums"`
	} `json:"queueDatas"`
}

// Master is the address of the first broker's master, or "" without one.
func (r *Route) Master() string {
	if len(r.Brokers) == 0 {
		return ""
	}
	return r.Brokers[0].Addresses["0"]
}

// AskRoute asks a name server where a topic lies; of a list separated by semicolons the first that answers. found is false
// when it has no route.
func AskRoute(ctx context.Context, namesrv, topic string) (route Route, found bool, err error) {
	for one := range strings.SplitSeq(namesrv, ";") {
		if route, found, err = askRoute(ctx, one, topic); err == nil {
			break
		}
	}
	return route, found, err
}

func askRoute(ctx context.Context, namesrv, topic string) (route Route, found bool, err error) {
	const getRoute, topicNotExist = 105, 17
	reply, err := Ask(ctx, namesrv, getRoute, map[string]string{"topic": topic, "acceptStandardJsonOnly": "true"}, nil)
	if err != nil {
		return Route{}, false, err
	}
	switch reply.Code {
	case 0:
	case topicNotExist:
		return Route{}, false, nil
	default:
		return Route{}, false, fmt.Errorf("ask %s for the route of %s: code %d %s", namesrv, topic, reply.Code, reply.Remark)
	}
	if err := json.Unmarshal(reply.Body, &route); err != nil {
		return Route{}, false, fmt.Errorf("route of %s from %s: %w", topic, namesrv, err)
	}
	return route, true, nil
}
