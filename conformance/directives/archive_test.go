package directives

import (
	"strings"
)

// member is a file of an archive in the txtar form: "-- name --" and its lines.
type member struct{ name, data string }

func parseArchive(text string) (comment string, files []member) {
	for line := range strings.Lines(text) {
		head := strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(head, "-- "); ok && strings.HasSuffix(name, " --") {
			files = append(files, member{name: strings.TrimSuffix(name, " --")})
			continue
		}
		if len(files) == 0 {
			comment += line
		} else {
			files[len(files)-1].data += line
		}
	}
	return comment, files
}

func formatArchive(comment string, files []member) string {
	var b strings.Builder
	b.WriteString(comment)
	for _, f := range files {
		b.WriteString("-- " + f.name + " --\n" + f.data)
	}
	return b.String()
}
