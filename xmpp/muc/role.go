package muc

import "slices"

// An Affiliation is what a person is to a room, for longer than a visit (XEP-0045 §5.2). It belongs to a bare address.
type Affiliation string

// The affiliations, the most powerful first.
const (
	Owner   Affiliation = "owner"   // may do everything: configure and destroy the room, make other owners and admins
	Admin   Affiliation = "admin"   // may ban, and make members and moderators
	Member  Affiliation = "member"  // may enter a room for members, and speak in a moderated one
	NoOne   Affiliation = "none"    // nothing in particular
	Outcast Affiliation = "outcast" // is banned
)

// A Role is what an occupant may do during a visit (XEP-0045 §5.1). It belongs to a nickname.
type Role string

// The roles, the most powerful first.
const (
	Moderator   Role = "moderator"   // may kick, and give and take voice
	Participant Role = "participant" // may speak
	Visitor     Role = "visitor"     // may listen
	NoRole      Role = "none"        // is not in the room; to be made so is to be kicked
)

// readAffiliation returns a value of the XEP, or "" where nothing is said; what is none is the least that can be meant.
func readAffiliation(s string) Affiliation {
	return known(Affiliation(s), NoOne, "", Owner, Admin, Member, Outcast)
}

// known returns the one of values that v is, else the other: not v itself, which keeps the stanza that it came with.
func known[T ~string](v, other T, values ...T) T {
	if i := slices.Index(values, v); i >= 0 {
		return values[i]
	}
	return other
}

// readRole does the same for a role.
func readRole(s string) Role {
	return known(Role(s), NoRole, "", Moderator, Participant, Visitor)
}

// A status is a code of XEP-0045 §16.6.2 by which a room says what has happened.
type status int

const (
	anyoneSees       status = 100 // everybody in the room sees real addresses
	affiliationAway  status = 101 // somebody's affiliation has changed who is not there
	configured       status = 104 // the configuration has changed, in what has no code of its own
	ownPresence      status = 110 // the presence is our own
	logged           status = 170
	notLogged        status = 171
	nonAnonymous     status = 172 // real addresses are shown to all from now on
	semiAnonymous    status = 173 // real addresses are shown to moderators from now on
	created          status = 201 // the room did not exist
	nickAssigned     status = 210 // the room has given us another nickname
	banned           status = 301
	renamed          status = 303
	kicked           status = 307
	affiliationLost  status = 321 // out because of a change of affiliation
	membersOnlyNow   status = 322 // out because the room is for members now
	serviceShutsDown status = 332
	technicalFailure status = 333
)
