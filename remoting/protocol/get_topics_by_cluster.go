package protocol

import "gantry/remoting"

// GetTopicsByClusterRequest asks for the topics of a cluster (code 224); the answer's body is
// a TopicList.
type GetTopicsByClusterRequest struct {
	Cluster string
}

// Decode reads the fields; its error is a *remoting.FieldError.
func (h *GetTopicsByClusterRequest) Decode(f remoting.Fields) error {
	r := f.Reader()
	*h = GetTopicsByClusterRequest{
		Cluster: r.String("cluster"),
	}
	return r.Err()
}

// Encode writes the fields.
func (h GetTopicsByClusterRequest) Encode(w *remoting.FieldWriter) {
	w.String("cluster", h.Cluster)
}
