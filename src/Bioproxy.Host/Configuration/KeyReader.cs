namespace Bioproxy.Host.Configuration;

/// <summary>Reads a key of <c>api_keys</c> or <c>admin_key</c>: its hash, or the variable that holds it. A key itself does not belong into
/// a file. What is wrong is reported without what was written: it may be a key.</summary>
internal static class KeyReader
{
    /// <summary>Shorter ones can be guessed.</summary>
    public const int ShortestKey = 16;

    public const string Accepted =
        "\"sha256:…\" (bioproxy key new NAME prints a key and its hash), or \"env:NAME\" for a variable that holds the key";

    public const string Pattern = "^(sha256:[0-9A-Fa-f]{64}|env:.+)$";

    private const string EnvironmentPrefix = "env:";

    /// <summary>The hash, and the key itself where it is known.</summary>
    /// <returns>Null after a mistake was reported.</returns>
    public static (KeyHash Hash, string? Key)? Read(string key, ConfigurationValue value, ConfigurationReading reading)
    {
        if (!value.Kind.Fits(ConfigurationValueKind.Text))
            return Reject(key, value, value.Describe(), reading);
        if (KeyHash.TryParse(value.Content) is { } hash)
            return (hash, null);
        if (value.Content.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            return FromEnvironment(key, value, value.Content[EnvironmentPrefix.Length..], reading);

        // A variable of the environment may hold the key itself.
        return value.Kind == ConfigurationValueKind.Untyped
            ? OfText(key, value, value.Content, reading)
            : Reject(key, value, "neither a hash nor the name of a variable", reading);
    }

    private static (KeyHash Hash, string? Key)? FromEnvironment(
        string key, ConfigurationValue value, string variable, ConfigurationReading reading) =>
        reading.Environment(variable) is { Length: > 0 } text
            ? OfText(key, value, text, reading)
            : Reject(key, value, $"\"{EnvironmentPrefix}{variable}\", and that variable is not set", reading);

    private static (KeyHash Hash, string? Key)? OfText(string key, ConfigurationValue value, string text, ConfigurationReading reading)
    {
        text = text.Trim();
        if (KeyHash.TryParse(text) is { } hash)
            return (hash, null);
        return text.Length >= ShortestKey
            ? (KeyHash.OfKey(text), text)
            : Reject(key, value, "a key that is too short", reading, $"a key of at least {ShortestKey} characters in that variable");
    }

    private static (KeyHash Hash, string? Key)? Reject(
        string key, ConfigurationValue value, string found, ConfigurationReading reading, string accepted = Accepted)
    {
        reading.Reject(new ConfigurationError(key, value.Source, found, accepted));
        return null;
    }
}
