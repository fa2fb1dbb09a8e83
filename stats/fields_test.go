package stats

import (
	"strings"
	"testing"
)

func TestFieldsAreWhole(t *testing.T) {
	for _, list := range [][]Field{Fields, ExtraFields, InfoFields} {
		seen := map[string]bool{}
		for _, f := range list {
			if seen[f.Name] || f.Name == "" || f.Kinds == 0 || f.Desc == "" {
				t.Errorf("field %+v", f)
			}
			seen[f.Name] = true
			for _, tags := range []string{f.Tags, f.TagsOf(Backend)} {
				if len(tags) != 4 || !strings.Contains("MSKCP", tags[:1]) || !strings.Contains("AaCDGLMmNORT", tags[1:2]) ||
					!strings.Contains("CPSs", tags[2:3]) || !strings.Contains("VP", tags[3:]) {
					t.Errorf("%s: tags %q", f.Name, tags)
				}
			}
		}
	}
}

// Scripts cut columns by number.
func TestPositionsOfOldColumns(t *testing.T) {
	for i, name := range map[int]string{0: "pxname", 4: "scur", 17: "status", 32: "type", 36: "check_status", 58: "qtime", 73: "addr", 75: "mode", 94: "eint"} {
		if Fields[i].Name != name {
			t.Errorf("column %d is %s, want %s", i, Fields[i].Name, name)
		}
	}
}

func TestMetricsFindTheirFields(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics {
		if seen[m.Name] {
			t.Errorf("%s twice", m.Name)
		}
		seen[m.Name] = true
		if m.Kind == StickTable || m.Kind == Nameserver {
			continue
		}
		list := Fields
		if m.Kind == Process {
			list = InfoFields
		}
		f := Find(list, m.Field)
		if f == nil || f.Kinds&m.Kind == 0 {
			t.Errorf("%s: no field %s of this kind", m.Name, m.Field)
		}
		if m.Help() == "" {
			t.Errorf("%s: no help", m.Name)
		}
	}
}
