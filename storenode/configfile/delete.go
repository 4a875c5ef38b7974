package configfile

// Delete takes the row of name away, and reports whether there was one.
func (t *Table[Row]) Delete(name string) bool {
	t.mu.Lock()
	row := t.rows[name]
	if row != nil {
		delete(t.rows, name)
		t.version = t.version.next()
	}
	t.mu.Unlock()
	if row != nil {
		t.changed(row)
	}
	return row != nil
}
