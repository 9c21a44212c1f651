using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>Parts of the JSON schema. Each call makes a new one: a node has one place only.</summary>
internal static class Schemas
{
    public static JsonObject Of(ConfigurationValueKind kind) => Typed(kind switch
    {
        ConfigurationValueKind.Boolean => "boolean",
        ConfigurationValueKind.Number => "number",
        _ => "string",
    });

    public static JsonObject Text() => new() { ["type"] = "string", ["minLength"] = 1 };

    public static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern };

    public static JsonObject Number(double least, double most) =>
        new() { ["type"] = "number", ["minimum"] = least, ["maximum"] = most };

    public static JsonObject Whole(long least, long most) =>
        new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };

    public static JsonObject OneOf(IEnumerable<string> names) =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. names.Select(name => (JsonNode)name)]) };

    public static JsonObject Any(params IEnumerable<JsonObject> schemas) => new() { ["anyOf"] = new JsonArray([.. schemas]) };

    public static JsonObject OrNull(JsonObject schema) => Any(schema, Typed("null"));

    public static JsonObject ArrayOf(JsonObject element) => new() { ["type"] = "array", ["items"] = element };

    /// <summary>An object whose members have any names.</summary>
    public static JsonObject MapOf(JsonObject member) => new() { ["type"] = "object", ["additionalProperties"] = member };

    public static JsonObject ObjectOf(IEnumerable<KeyValuePair<string, JsonObject>> members, params IEnumerable<string> required)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, (JsonNode?)member.Value))),
            ["additionalProperties"] = false,
        };
        if (required.Any())
            schema["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        return schema;
    }

    public static JsonObject AnyObject() => Typed("object");

    private static JsonObject Typed(string type) => new() { ["type"] = type };
}
