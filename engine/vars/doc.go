// Package vars is the variables of the configuration: the actions set-var,
// set-var-fmt and unset-var, the fetch var, the converters of the same names, the
// global set-var and the runtime commands. Where variables are kept, and how long,
// is engine.Env's business.
package vars
