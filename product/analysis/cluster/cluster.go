// Package cluster groups vectors by likeness under what people have said: faces and voices become persons, and what a
// person joined or told apart stays so. It is average-linkage agglomerative clustering (Sokal and Michener, 1958) over
// unit vectors with must-link and cannot-link constraints (Davidson and Ravi, "Agglomerative Hierarchical Clustering
// with Constraints", PKDD 2005). It knows no assets, stores nothing and asks nobody for consent.
package cluster

import (
	"container/heap"
	"math"
	"slices"
)

// Item is one vector to group.
type Item struct {
	Vector []float32 // unit length; all of one length
	Name   string    // whom a person said it is; items of one name are together, of two names apart
}

// Pair names two items by their place in the list.
type Pair struct{ A, B int }

// Links are what people and physics say. A pair in both lists counts as Cannot: two faces in one picture are two faces.
type Links struct {
	Must   []Pair
	Cannot []Pair
}

// Groups is a partition: the group of each item, numbered from 0 in the order of each group's first item.
type Groups []int

// Count is the number of groups.
func (g Groups) Count() int {
	if len(g) == 0 {
		return 0
	}
	return slices.Max(g) + 1
}

// Group merges the two most alike groups, by the mean cosine of all pairs, as long as it is at least threshold and no
// link forbids it. O(n² (d + log n)) time and O(n²) memory: some
// 3,000 items at most; Assign serves what comes later.
func Group(items []Item, links Links, threshold float64) Groups {
	s := newState(items, links)
	s.offerAll(threshold)
	for s.queue.Len() > 0 {
		c := heap.Pop(&s.queue).(candidate)
		if c.stamp != s.stamp(c.a, c.b) || s.apart(c.a, c.b) {
			continue
		}
		s.merge(c.a, c.b)
		s.offer(c.a, threshold)
	}
	return s.groups()
}

// state is a clustering in progress. A group is known by its first item.
type state struct {
	sums   [][]float64 // of the vectors of a group; nil for a group that was merged away
	sizes  []int
	names  []string
	merged []int // union-find parent
	age    []int // grows with every merge; candidates of an older age are stale
	cannot []map[int]bool
	queue  queue
}

func newState(items []Item, links Links) *state {
	n := len(items)
	s := &state{sums: make([][]float64, n), sizes: make([]int, n), names: make([]string, n), merged: make([]int, n), age: make([]int, n), cannot: make([]map[int]bool, n)}
	first := map[string]int{}
	for i, it := range items {
		sum := make([]float64, len(it.Vector))
		for k, v := range it.Vector {
			sum[k] = float64(v)
		}
		s.sums[i], s.sizes[i], s.names[i], s.merged[i] = sum, 1, it.Name, i
	}
	for _, p := range links.Cannot {
		s.forbid(p.A, p.B)
	}
	for i, it := range items {
		if it.Name == "" {
			continue
		}
		if f, ok := first[it.Name]; ok {
			s.merge(s.root(f), s.root(i))
		} else {
			first[it.Name] = i
		}
	}
	for _, p := range links.Must {
		if a, b := s.root(p.A), s.root(p.B); a != b && !s.apart(a, b) {
			s.merge(a, b)
		}
	}
	return s
}

func (s *state) forbid(a, b int) {
	if a == b {
		return
	}
	for _, p := range [][2]int{{a, b}, {b, a}} {
		if s.cannot[p[0]] == nil {
			s.cannot[p[0]] = map[int]bool{}
		}
		s.cannot[p[0]][p[1]] = true
	}
}

func (s *state) root(i int) int {
	for s.merged[i] != i {
		s.merged[i] = s.merged[s.merged[i]]
		i = s.merged[i]
	}
	return i
}

// apart reports that two groups may not be one.
func (s *state) apart(a, b int) bool {
	return s.cannot[a][b] || (s.names[a] != "" && s.names[b] != "" && s.names[a] != s.names[b])
}

// merge puts group b into group a.
func (s *state) merge(a, b int) {
	if a == b {
		return
	}
	for k, v := range s.sums[b] {
		s.sums[a][k] += v
	}
	s.sizes[a] += s.sizes[b]
	s.names[a] = max(s.names[a], s.names[b]) // one of them is empty, or they are equal
	s.sums[b], s.merged[b] = nil, a
	s.age[a]++
	s.age[b]++
	for other := range s.cannot[b] {
		delete(s.cannot[other], b)
		s.forbid(a, other)
	}
	s.cannot[b] = nil
}

// likeness is the mean cosine over all pairs of two groups: the dot product of their sums by their sizes.
func (s *state) likeness(a, b int) float64 {
	dot, x, y := 0.0, s.sums[a], s.sums[b]
	for k := range x {
		dot += x[k] * y[k]
	}
	return dot / float64(s.sizes[a]*s.sizes[b])
}

// offerAll queues every pair once.
func (s *state) offerAll(threshold float64) {
	for a := range s.sums {
		for b := a + 1; b < len(s.sums); b++ {
			if s.sums[a] == nil || s.sums[b] == nil || s.apart(a, b) {
				continue
			}
			if l := s.likeness(a, b); l >= threshold {
				s.queue = append(s.queue, candidate{a: a, b: b, likeness: l, stamp: s.stamp(a, b)})
			}
		}
	}
	heap.Init(&s.queue)
}

// offer queues the pairs of group a with every other that may be merged.
func (s *state) offer(a int, threshold float64) {
	for b := range s.sums {
		if b == a || s.sums[b] == nil || s.apart(a, b) {
			continue
		}
		if l := s.likeness(a, b); l >= threshold {
			heap.Push(&s.queue, candidate{a: min(a, b), b: max(a, b), likeness: l, stamp: s.stamp(a, b)})
		}
	}
}

func (s *state) stamp(a, b int) [2]int { return [2]int{s.age[min(a, b)], s.age[max(a, b)]} }

func (s *state) groups() Groups {
	out, number := make(Groups, len(s.sums)), map[int]int{}
	for i := range out {
		r := s.root(i)
		if _, ok := number[r]; !ok {
			number[r] = len(number)
		}
		out[i] = number[r]
	}
	return out
}

// candidate is a pair of groups that could be merged.
type candidate struct {
	a, b     int
	likeness float64
	stamp    [2]int
}

// queue is a heap, most alike first; equal pairs by place, so that the result never depends on chance.
type queue []candidate

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].likeness != q[j].likeness {
		return q[i].likeness > q[j].likeness
	}
	if q[i].a != q[j].a {
		return q[i].a < q[j].a
	}
	return q[i].b < q[j].b
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(candidate)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// Assign gives each vector the nearest of the known groups' mean vectors, or -1 where none is at least threshold alike
// or the best two are less than margin apart: an honest "I do not know".
func Assign(vectors [][]float32, means [][]float32, threshold, margin float64) []int {
	out := make([]int, len(vectors))
	for i, v := range vectors {
		best, second, at := -2.0, -2.0, -1
		for j, m := range means {
			if c := cosine(v, m); c > best {
				best, second, at = c, best, j
			} else if c > second {
				second = c
			}
		}
		if best < threshold || best-second < margin {
			at = -1
		}
		out[i] = at
	}
	return out
}

// Mean is the unit vector in the middle of the vectors, or nil of none.
func Mean(vectors ...[]float32) []float32 {
	if len(vectors) == 0 {
		return nil
	}
	sum := make([]float64, len(vectors[0]))
	for _, v := range vectors {
		for k := range sum {
			sum[k] += float64(v[k])
		}
	}
	norm := 0.0
	for _, x := range sum {
		norm += x * x
	}
	out := make([]float32, len(sum))
	if norm > 0 {
		for k, x := range sum {
			out[k] = float32(x / math.Sqrt(norm))
		}
	}
	return out
}

// cosine of two unit vectors.
func cosine(a, b []float32) float64 {
	dot := 0.0
	for k := range a {
		dot += float64(a[k]) * float64(b[k])
	}
	return dot
}
