namespace Bioproxy.Host.Configuration;

/// <summary>A value as it was written, and where.</summary>
/// <param name="Kind">Its type.</param>
/// <param name="Content">A text's content, or a number's or a boolean's spelling; empty for the others.</param>
/// <param name="Source">File and line, environment variable or option, ready to be shown.</param>
/// <param name="Members">An object's members in the order of the file, or an array's elements with empty names.</param>
internal sealed record ConfigurationValue(
    ConfigurationValueKind Kind,
    string Content,
    string Source,
    IReadOnlyList<KeyValuePair<string, ConfigurationValue>> Members)
{
    private const int LongestShown = 120;

    public static ConfigurationValue Untyped(string content, string source) => new(ConfigurationValueKind.Untyped, content, source, []);

    /// <summary>The value as an error message shows it: text in quotes, so that <c>"8080"</c> and <c>8080</c> can be told apart.</summary>
    public string Describe() => Kind switch
    {
        ConfigurationValueKind.Null => "null",
        ConfigurationValueKind.Array => "an array",
        ConfigurationValueKind.Object => "an object",
        ConfigurationValueKind.Number or ConfigurationValueKind.Boolean => Shortened(Content),
        _ => $"\"{Shortened(Content)}\"",
    };

    /// <summary>Whether the same is written there; where does not matter.</summary>
    public bool IsSameAs(ConfigurationValue other) => Kind == other.Kind && Content == other.Content
        && Members.Count == other.Members.Count
        && Members.Zip(other.Members).All(static pair => pair.First.Key == pair.Second.Key && pair.First.Value.IsSameAs(pair.Second.Value));

    private static string Shortened(string text) => text.Length <= LongestShown ? text : string.Concat(text.AsSpan(0, LongestShown), "…");
}
