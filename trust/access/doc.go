// Package access answers one question: who may do what. It keeps tenants, people, sessions and API keys, signs people
// in, and decides every action by Cedar policies that are files in this package, each with an id and a reason. It is
// not for rights in media (licence windows live with the asset) and writes no history of its own: audit does.
//
// Passwords follow OWASP's storage sheet (argon2id, 19 MiB, 2 passes), sessions follow its session sheet (256 random
// bits, stored as SHA-256, HttpOnly and SameSite cookies), policies follow Cedar 4 (forbid beats permit, the deciding
// policy is named).
//
// Check must be called before a write transaction starts: it records a denial in a transaction of its own. Inside one,
// use CheckIn.
package access
