// Package laws guards the structure of the repository by tests: who may import whom, how large things may grow, that
// packages say what they are for, that lists in the docs are true. It holds no product code.
package laws
