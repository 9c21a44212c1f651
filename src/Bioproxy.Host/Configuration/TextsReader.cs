namespace Bioproxy.Host.Configuration;

/// <summary>Reads an array of strings, none of them empty.</summary>
internal static class TextsReader
{
    /// <returns>The strings, or null after a mistake was reported.</returns>
    public static IReadOnlyList<string>? Read(string key, ConfigurationValue value, string example, ConfigurationReading reading)
    {
        if (value.Kind == ConfigurationValueKind.Array
            && value.Members.All(element => element.Value is { Kind: ConfigurationValueKind.Text, Content.Length: > 0 }))
            return [.. value.Members.Select(element => element.Value.Content)];
        reading.Reject(key, value, $"an array of strings, e.g. {example}");
        return null;
    }
}
