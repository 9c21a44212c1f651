using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>The JSON schema of the configuration, made from the table of keys; config.schema.json is a copy of it.</summary>
internal static class ConfigurationSchema
{
    /// <summary>The member that names the schema in a configuration; editors read it, the proxy ignores it.</summary>
    public const string Member = "$schema";

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it is never embedded in HTML
    };

    public static string Text => Build().ToJsonString(Options) + "\n";

    private static JsonObject Build()
    {
        var properties = new JsonObject { [Member] = new JsonObject { ["type"] = "string" } };
        foreach (var group in ConfigurationKeys.All.GroupBy(static key => key.Name.Split('.')[0]))
        {
            properties[group.Key] = group.First().Name == group.Key
                ? Described(group.Single())
                : SectionOf(group.Key, group);
        }

        return new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "Bioproxy's configuration",
            ["type"] = "object",
            ["properties"] = properties,
            ["additionalProperties"] = false,
            ["allowTrailingCommas"] = true, // for editors: comments and trailing commas are read
            ["allowComments"] = true,
        };
    }

    private static JsonObject SectionOf(string name, IEnumerable<ConfigurationKey> keys)
    {
        var section = Schemas.ObjectOf(keys.Select(key => KeyValuePair.Create(key.Name[(name.Length + 1)..], Described(key))));
        if (ExampleConfiguration.DescriptionOf(name) is { Length: > 0 } description)
            section["description"] = description;
        return section;
    }

    private static JsonObject Described(ConfigurationKey key)
    {
        var schema = key.Schema();
        schema["description"] = ExampleConfiguration.DescriptionOf(key.Name);
        schema["default"] = ExampleConfiguration.DefaultOf(key.Name);
        return schema;
    }
}
