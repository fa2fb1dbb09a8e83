package stats

import (
	"encoding/json"

	"hawser/engine"
)

func init() {
	engine.AddCommands(engine.Command{Words: "show schema json", Level: engine.LevelUser,
		Usage: "show schema json                        : report schema used for stats", Run: showSchema})
}

type node map[string]any

func enum(values ...string) node { return node{"type": "string", "enum": values} }

func named(props node, required ...string) node {
	return node{"type": "object", "properties": props, "required": required}
}

// schema describes what "show info json" and "show stat json" print (JSON Schema,
// draft 4).
func schema() node {
	ref := func(name string) node { return node{"$ref": "#/definitions/" + name} }
	count := node{"type": "integer", "minimum": 0}
	return node{
		"$schema": "http://json-schema.org/draft-04/schema#",
		"oneOf": []node{
			{"title": "Info", "type": "array", "items": named(node{"field": ref("field"), "processNum": ref("processNum"), "tags": ref("tags"),
				"value": ref("typedValue")}, "field", "processNum", "tags", "value")},
			{"title": "Stat", "type": "array", "items": node{"type": "array", "items": named(node{
				"objType": enum("Frontend", "Backend", "Listener", "Server", "Unknown"), "proxyId": count, "id": count, "field": ref("field"),
				"processNum": ref("processNum"), "tags": ref("tags"), "value": ref("typedValue"),
			}, "objType", "proxyId", "id", "field", "processNum", "tags", "value")}},
			node(named(node{"errorStr": node{"type": "string"}}, "errorStr")),
		},
		"definitions": node{
			"field":      named(node{"pos": count, "name": node{"type": "string"}}, "pos", "name"),
			"processNum": node{"type": "integer", "minimum": 1},
			"tags": named(node{
				"origin": enum("Metric", "Status", "Key", "Config", "Product", "Unknown"),
				"nature": enum("Gauge", "Limit", "Min", "Max", "Rate", "Counter", "Duration", "Age", "Time", "Name", "Output", "Avg", "Entity", "Unknown"),
				"scope":  enum("Cluster", "Process", "Service", "System", "Unknown"),
			}, "origin", "nature", "scope"),
			"typedValue": named(node{"type": enum("s32", "s64", "u32", "u64", "str"),
				"value": node{"oneOf": []node{{"type": "integer"}, {"type": "string"}}}}, "type", "value"),
		},
	}
}

func showSchema(c *engine.CLI, _ []string) error {
	text, err := json.Marshal(schema())
	if err != nil {
		return err
	}
	c.Out = append(append(c.Out, text...), '\n')
	return nil
}
