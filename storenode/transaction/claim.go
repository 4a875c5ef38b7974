package transaction

// claim is a transaction that somebody is about to change: no one else does meanwhile. Who wants to waits in line.
type claim struct {
	waiting []func()
}

// tryClaim claims a transaction; it is false where somebody has it. mu is held.
func (s *Service) tryClaim(key string) bool {
	if s.claims[key] != nil {
		return false
	}
	s.claims[key] = &claim{}
	return true
}

// release gives a transaction back, and the turn to who waits for it.
func (s *Service) release(key string) {
	s.mu.Lock()
	waiting := s.claims[key].waiting
	delete(s.claims, key)
	s.mu.Unlock()
	for _, turn := range waiting {
		turn()
	}
}
