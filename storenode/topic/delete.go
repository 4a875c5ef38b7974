package topic

// Delete takes a topic away, and reports whether there was one; IsSystem comes before. Sends may make it again where
// autoCreateTopicEnable lets them.
func (t *Table) Delete(name string) bool { return t.rows.Delete(name) }
