package server

import "time"

// An alarm is something that the server does later. Close takes all of them back. Server.mu protects it.
type alarm struct{ timer *time.Timer }

// after has f called with s.mu held once d has passed, unless it's called off or the server is closed before. s.mu is held.
func (s *Server) after(d time.Duration, f func()) *alarm {
	if s.closed {
		return nil
	}
	a := new(alarm)
	s.alarms[a] = struct{}{}
	s.wg.Add(1)
	a.timer = time.AfterFunc(d, func() {
		defer s.wg.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.alarms[a]; ok {
			delete(s.alarms, a)
			f()
		}
	})
	return a
}

// callOff takes an alarm back; nil is none. s.mu is held.
func (s *Server) callOff(a *alarm) {
	if a == nil {
		return
	}
	delete(s.alarms, a)
	if a.timer.Stop() {
		s.wg.Done()
	}
}

// callOffAll takes all alarms back. s.mu is held.
func (s *Server) callOffAll() {
	for a := range s.alarms {
		s.callOff(a)
	}
}
