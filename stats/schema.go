package stats

import (
	"encoding/json"

	"hawser/engine"
)

func init() {
	engine.AddCommands(engine.Command{Words: "show schema json", Level: engine.LevelUser,
		Usage: "show schema json                        : report schema used for stats", Run: showSchema})
}

type object map[string]any

func enum(values ...string) object { return object{"type": "string", "enum": values} }

func named(props object, required ...string) object {
	return object{"type": "object", "properties": props, "required": required}
}

// schema describes what "show info json" and "show stat json" print (JSON Schema,
// draft 4).
func schema() object {
	ref := func(name string) object { return object{"$ref": "#/definitions/" + name} }
	count := object{"type": "integer", "minimum": 0}
	return object{
		"$schema": "http://json-schema.org/draft-04/schema#",
		"oneOf": []object{
			{"title": "Info", "type": "array", "items": named(object{"field": ref("field"), "processNum": ref("processNum"), "tags": ref("tags"),
				"value": ref("typedValue")}, "field", "processNum", "tags", "value")},
			{"title": "Stat", "type": "array", "items": object{"type": "array", "items": named(object{
				"objType": enum("Frontend", "Backend", "Listener", "Server", "Unknown"), "proxyId": count, "id": count, "field": ref("field"),
				"processNum": ref("processNum"), "tags": ref("tags"), "value": ref("typedValue"),
			}, "objType", "proxyId", "id", "field", "processNum", "tags", "value")}},
			object(named(object{"errorStr": object{"type": "string"}}, "errorStr")),
		},
		"definitions": object{
			"field":      named(object{"pos": count, "name": object{"type": "string"}}, "pos", "name"),
			"processNum": object{"type": "integer", "minimum": 1},
			"tags": named(object{
				"origin": enum("Metric", "Status", "Key", "Config", "Product", "Unknown"),
				"nature": enum("Gauge", "Limit", "Min", "Max", "Rate", "Counter", "Duration", "Age", "Time", "Name", "Output", "Avg", "Entity", "Unknown"),
				"scope":  enum("Cluster", "Process", "Service", "System", "Unknown"),
			}, "origin", "nature", "scope"),
			"typedValue": named(object{"type": enum("s32", "s64", "u32", "u64", "str"),
				"value": object{"oneOf": []object{{"type": "integer"}, {"type": "string"}}}}, "type", "value"),
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
