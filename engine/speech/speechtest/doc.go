// Package speechtest is the conformance suite of speech drivers, with the sounds and the measure it needs: recorded
// prompts whose words are known, generated sound in which nobody speaks, and the word error rate. It is for tests and
// benchmarks only.
package speechtest
