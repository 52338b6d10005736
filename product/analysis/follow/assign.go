package follow

import (
	"math"
	"slices"
)

// assign gives each row the column that makes the sum of gains greatest, -1 where every gain left for it is zero. Very
// crowded pictures take the greatest gain first instead.
func assign(gains [][]float64) []int {
	out := make([]int, len(gains))
	for n := range out {
		out[n] = -1
	}
	if len(gains) == 0 || len(gains[0]) == 0 {
		return out
	}
	if len(gains) > mostAtOnce || len(gains[0]) > mostAtOnce {
		return greedy(gains, out)
	}
	// As many columns of no gain as rows, so that each row may stay alone.
	cost := make([][]float64, len(gains))
	for i, row := range gains {
		cost[i] = make([]float64, len(row)+len(gains))
		for j, g := range row {
			cost[i][j] = -g
			if g <= 0 {
				cost[i][j] = 1 // worse than alone
			}
		}
	}
	for i, j := range cheapest(cost) {
		if j < len(gains[i]) && gains[i][j] > 0 {
			out[i] = j
		}
	}
	return out
}

// cheapest is the Hungarian method with potentials, for at least as many columns as rows.
func cheapest(cost [][]float64) []int {
	n, m := len(cost), len(cost[0])
	u, v := make([]float64, n+1), make([]float64, m+1)
	row, way := make([]int, m+1), make([]int, m+1) // row[j]: of column j, 1-based; 0 is none
	for i := 1; i <= n; i++ {
		row[0] = i
		j0 := 0
		least, used := make([]float64, m+1), make([]bool, m+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		for row[j0] != 0 {
			used[j0] = true
			i0, delta, j1 := row[j0], math.Inf(1), 0
			for j := 1; j <= m; j++ {
				if used[j] {
					continue
				}
				if c := cost[i0-1][j-1] - u[i0] - v[j]; c < least[j] {
					least[j], way[j] = c, j0
				}
				if least[j] < delta {
					delta, j1 = least[j], j
				}
			}
			for j := 0; j <= m; j++ {
				if used[j] {
					u[row[j]], v[j] = u[row[j]]+delta, v[j]-delta
				} else {
					least[j] -= delta
				}
			}
			j0 = j1
		}
		for j0 != 0 {
			j1 := way[j0]
			row[j0], j0 = row[j1], j1
		}
	}
	out := make([]int, n)
	for j := 1; j <= m; j++ {
		if row[j] > 0 {
			out[row[j]-1] = j - 1
		}
	}
	return out
}

func greedy(gains [][]float64, out []int) []int {
	type pair struct{ i, j int }
	var all []pair
	for i, r := range gains {
		for j, g := range r {
			if g > 0 {
				all = append(all, pair{i, j})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int {
		switch x, y := gains[a.i][a.j], gains[b.i][b.j]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	used := map[int]bool{}
	for _, p := range all {
		if out[p.i] < 0 && !used[p.j] {
			out[p.i], used[p.j] = p.j, true
		}
	}
	return out
}
