package catalogue

import (
	"fmt"
	"strings"
)

// ModelsTable is the generated part of docs/models.md.
func (b Book) ModelsTable() string {
	var out strings.Builder
	for _, set := range []string{"default", "optional"} {
		fmt.Fprintf(&out, "\n## %s models\n\n| id and version | does | licence | upstream | size, memory | cost on one thread |\n|---|---|---|---|---|---|\n", strings.ToUpper(set[:1])+set[1:])
		for _, m := range b.Models {
			if m.Set != set {
				continue
			}
			upstream := m.Upstream.Project + ", " + m.Upstream.Revision
			if m.Upstream.ThirdPartyCopy {
				upstream += " (third-party copy)"
			}
			memory := "memory not measured"
			if m.MemoryMB > 0 {
				memory = fmt.Sprintf("%d MB", m.MemoryMB)
			}
			fmt.Fprintf(&out, "| `%s` %s | %s: %s | %s | %s | %.1f MB file, %s | %s |\n", m.ID, m.Version, m.Name, m.Does, m.Licence, upstream, float64(m.Bytes)/1e6, memory, m.Cost)
		}
	}
	out.WriteString("\n## Figures\n\nEach names its test; `showreel models report` prints the same. A model without a line has no quality figure of ours: not measured.\n\n" +
		"| model | measure | value | test | date |\n|---|---|---|---|---|\n")
	for _, m := range b.Models {
		for _, q := range m.Quality {
			test := q.Test
			if q.Synthetic {
				test += " (synthetic)"
			}
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", m.ID, q.Measure, q.Value, test, q.Date)
		}
	}
	out.WriteString("\n## Not to be had in any package\n\n| ability | instead |\n|---|---|\n")
	for _, a := range b.Absent {
		fmt.Fprintf(&out, "| %s | %s |\n", a.Ability, a.Instead)
	}
	return out.String()
}
