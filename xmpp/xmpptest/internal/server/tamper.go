package server

// A Step names what the server says in a negotiation; Options.Tamper sees it.
type Step string

// The steps, in the order in which they come.
const (
	StepHeader    Step = "header"    // the stream header that answers the client's
	StepFeatures  Step = "features"  // <stream:features/>, after each header
	StepProceed   Step = "proceed"   // <proceed/> of STARTTLS; what is added to it goes out in clear behind it
	StepChallenge Step = "challenge" // a SASL challenge
	StepSuccess   Step = "success"   // SASL success; with XEP-0388 it brings what else was asked for
	StepContinue  Step = "continue"  // tasks to be done in place of success (XEP-0388)
	StepFailure   Step = "failure"   // SASL failure
	StepRegister  Step = "register"  // the answer to a request of one who has not authenticated (XEP-0077)
	StepBind      Step = "bind"      // the answer to the bind request
	StepEnabled   Step = "enabled"   // the answer to <enable/> of stream management
	StepResumed   Step = "resumed"   // the answer to <resume/>; what is sent again follows
)

// An Exchange is one thing that the server is about to say in a negotiation.
type Exchange struct {
	Step       Step
	XML        string // as it would be sent
	Conn       int    // which connection of the server's life, from 1
	Header     int    // how many stream headers this connection has seen: 1 before TLS, 2 before SASL, 3 before binding (with STARTTLS and without XEP-0388)
	Secure     bool   // TLS is in place
	User       string // who has authenticated, "" before
	Mechanism  string // of SASL steps
	Challenges int    // of SASL steps: how many challenges came before this one
}
