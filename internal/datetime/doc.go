// Package datetime reads and writes moments as XMPP has them (XEP-0082), one way for the whole house.
//
//	t, err := datetime.Parse("2002-09-10T23:08:25.5+02:00")
//	fmt.Println(datetime.Format(t)) // 2002-09-10T21:08:25.5Z
//
// It stands on the ground floor because package xmpp needs it, too; programs have package stamp.
package datetime
